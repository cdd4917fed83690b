import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import TokenService

/// Payloads that say what no payload of ours says.
enum ClaimMutation {
    /// JSON texts that are wrong for every claim of their kind.
    private static let badTexts = [
        "null", "true", "0", "[]", "{}", "\"\"", "\"x\"", #"["https://tokens.example"]"#, "1e9", "-1", "\"\\u0000\"",
        #""https://tokens.example/""#, #""HTTPS://tokens.example""#, #""https://tokens.example\u0000""#,
    ]
    private static let badTimes = [
        "null", "\"1800000000\"", "1800000000.0", "18e8", "-1", "9223372036854775808", "true", "[1800000000]",
        "1800000000000", "1e400", "99999999999999999999", "{}",
    ]

    static func apply(
        _ mutation: TokenMutation,
        _ good: TokenBench.Good,
        _ bench: TokenBench,
        _ random: inout SplitMix
    ) throws -> [UInt8] {
        guard let root = try? JSONDocument(parsing: good.payload).root else { return good.text }
        var members = root.members.map { member in
            (member.name, member.value.kind == .string ? quoted(member.value.text) : member.value.text)
        }
        let required = ["iss", "aud", "sub", "jti", "env", "campaign_id", "iat", "nbf", "exp", "rev"]
        let name = random.pick(good.kind == .participant ? required + ["sid", "seal"] : required)
        guard let place = members.firstIndex(where: { $0.0 == name }) else { return good.text }
        switch mutation {
        case .claimEdited:
            members[place].1 = random.below(2) == 0 ? spoilt(name, &random) : plausible(name, &random)
            return unsigned(text(members), good)
        case .claimSpoiltSigned: members[place].1 = spoilt(name, &random)
        case .claimMissingSigned: members.remove(at: place)
        case .claimTwiceSigned:
            let spelling = random.below(2) == 0 ? name : "\\u00" + hexadecimal(name) + name.dropFirst()
            members.insert((spelling, members[place].1), at: random.below(members.count + 1))
        case .payloadCutSigned:
            let whole = text(members)
            let cut = Array(whole.prefix(1 + random.below(whole.count - 1)))
            return try TokenBench.signed(good.header, random.below(4) == 0 ? whole + cut : cut, by: good.key)
        default:
            // Another token's seal does not open, since it is bound to that token's id.
            guard let seal = members.firstIndex(where: { $0.0 == "seal" }) else {
                members[place].1 = spoilt(name, &random)
                break
            }
            if random.below(2) == 0 {
                guard let own = members.firstIndex(where: { $0.0 == "jti" }) else { return good.text }
                var id = members[own].1
                // The last digit of an id: changed within the alphabet of ids.
                let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
                id[id.count - 2] = random.pick(digits.filter { [last = id[id.count - 2]] in $0 != last })
                members[own].1 = id
            } else {
                let index = 1 + random.below(members[seal].1.count - 2)
                let byte = members[seal].1[index]
                members[seal].1[index] = random.pick(Array("ABCDEFGHabcdefgh0123-_".utf8).filter { $0 != byte })
            }
        }
        return try TokenBench.signed(good.header, text(members), by: good.key)
    }

    /// A value that the claim may never have.
    private static func spoilt(_ name: String, _ random: inout SplitMix) -> [UInt8] {
        let now = TokenBench.now.seconds
        switch name {
        case "iat", "nbf":
            let late = now + 31 + Int64(random.below(1_000_000))
            return Array((random.below(3) == 0 ? "\(late)" : random.pick(badTimes)).utf8)
        case "exp":
            let over = random.below(2) == 0 ? now - Int64(random.below(1_000_000)) : now + 31 * 86_400 + 1
            return Array((random.below(3) == 0 ? "\(over)" : random.pick(badTimes)).utf8)
        case "rev":
            return Array(random.pick(["null", "\"5\"", "5.0", "5e0", "true", "[5]", "9223372036854775808"]).utf8)
        case "campaign_id": return Array(random.pick(["null", "1", "true", "[]", "{}"]).utf8)
        case "env":
            return Array(random.pick(["null", "\"prod\"", "\"LIVE\"", "\"Test\"", "\"\"", "1", "[\"test\"]"]).utf8)
        default: return Array(random.pick(badTexts).utf8)
        }
    }

    /// A value that a token of somebody else may have; worth nothing without a signature.
    private static func plausible(_ name: String, _ random: inout SplitMix) -> [UInt8] {
        switch name {
        case "exp": Array("\(TokenBench.now.seconds + 1000 + Int64(random.below(100_000)))".utf8)
        case "iat", "nbf": Array("\(TokenBench.now.seconds - 1 - Int64(random.below(800)))".utf8)
        case "rev": Array("\(6 + random.below(1000))".utf8)
        case "env": Array("\"live\"".utf8)
        default: Array("\"camp_\(random.next())\"".utf8)
        }
    }

    private static func text(_ members: [(String, [UInt8])]) -> [UInt8] {
        let pairs = members.map { Array("\"\($0.0)\":".utf8) + $0.1 }
        return [0x7B] + Array(pairs.joined(separator: [0x2C])) + [0x7D]
    }

    private static func quoted(_ text: [UInt8]) -> [UInt8] { [0x22] + text + [0x22] }

    private static func hexadecimal(_ name: String) -> String { String(name.utf8.first ?? 0, radix: 16) }

    private static func unsigned(_ payload: [UInt8], _ good: TokenBench.Good) -> [UInt8] {
        let parts = good.text.split(separator: 0x2E)
        return Array([Array(parts[0]), Base64URL.encode(payload), Array(parts[2])].joined(separator: [0x2E]))
    }
}
