import JWTLite
import OpenSSLKit
import TestSupport
import TokenService

/// Headers that lie: edited, signed by the own key, by a foreign one, or by a secret that everybody knows.
enum HeaderMutation {
    private static let algorithms = [
        "none", "None", "nOnE", "", "HS256", "HS384", "HS512", "RS256", "PS256", "ES384", "ES512", "ES256K", "Ed25519",
        "es256", "eddsa", "ES256 ", "dir", "ECDH-ES", "A128KW",
    ]
    private static let extras = [
        #""jwk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, #""jku":"https://evil.example/k""#, #""x5u":"a""#,
        #""x5c":["MIIB"]"#, #""x5t":"AA""#, #""crit":["b64"]"#, #""b64":false"#, #""zip":"DEF""#, #""cty":"JWT""#,
        #""enc":"A256GCM""#, #""p2c":2147483648"#, #""epk":{}"#, #""nonce":"1""#, #""":"""#, #""ALG":"none""#,
        #""alg":"none""#, #""\u0061lg":"none""#, #""kid":"x""#, #""typ":"JWT""#, #""iss":"x""#,
    ]
    private static let keyIDs = [
        "", "0", "../../dev/null", "' OR 1=1 --", "$(id)", "https://evil.example/key", "*", "kid", "\\u0000",
    ]
    private static let types = [
        "JWT", "jwt", "at+jwt", "Invite+JWT", "Participant+jwt", "application/invite+jwt", "invite", "", "dpop+jwt",
        "invite+jwt ", " participant+jwt", "participant+jwt;v=1",
    ]

    static func apply(
        _ mutation: TokenMutation,
        _ good: TokenBench.Good,
        _ bench: TokenBench,
        _ random: inout SplitMix
    ) throws -> [UInt8] {
        let algorithm = good.key.algorithm.rawValue
        let keyID = good.key.verifyingKey.thumbprint
        let type = good.kind.type
        switch mutation {
        case .headerEdited:
            return unsigned(lie(algorithm, keyID, type, &random), good)
        case .headerMadeOtherSigned:
            return try TokenBench.signed(lie(algorithm, keyID, type, &random), good.payload, by: good.key)
        case .typeChangedSigned:
            let others = types + [(good.kind == .invite ? TokenKind.participant : .invite).type]
            return try TokenBench.signed(text(algorithm, keyID, random.pick(others)), good.payload, by: good.key)
        case .hmacOfPublicKey:
            let secrets = [
                JWKSet(keys: [TokenSigner(key: good.key).jwk]).serialized(), good.key.verifyingKey.x,
                [0x04] + good.key.verifyingKey.x + (good.key.verifyingKey.y ?? []), [0], Array(keyID.utf8),
            ]
            let header = text(random.pick(["HS256", algorithm]), keyID, type)
            let input = Base64URL.encode(header) + [0x2E] + Base64URL.encode(good.payload)
            let mac = try HMACSHA256Key(SecretBytes(random.pick(secrets))).authenticate(input).bytes
            return input + [0x2E] + Base64URL.encode(random.below(2) == 0 ? mac : mac + mac)
        default:
            let foreign = random.pick(bench.foreignKeys)
            let named = random.below(2) == 0 ? keyID : foreign.verifyingKey.thumbprint
            var header = text(random.below(2) == 0 ? algorithm : foreign.algorithm.rawValue, named, type)
            if random.below(2) == 0 {
                let key = String(decoding: JWKSet(keys: [TokenSigner(key: foreign).jwk]).serialized(), as: UTF8.self)
                header = header.dropLast() + Array(#","jwk":\#(key.dropFirst(9).dropLast(2))}"#.utf8)
            }
            return try TokenBench.signed(header, good.payload, by: foreign)
        }
    }

    private static func text(_ algorithm: String, _ keyID: String, _ type: String) -> [UInt8] {
        Array(#"{"alg":"\#(algorithm)","kid":"\#(keyID)","typ":"\#(type)"}"#.utf8)
    }

    /// A header that no reader may take, whoever signed it.
    private static func lie(
        _ algorithm: String,
        _ keyID: String,
        _ type: String,
        _ random: inout SplitMix
    ) -> [UInt8] {
        switch random.below(5) {
        case 0: return text(random.pick(algorithms), keyID, type)
        case 1: return text(algorithm, random.pick(keyIDs), type)
        case 2: return text(algorithm, keyID, random.pick(types))
        case 3: return text(algorithm, keyID, type).dropLast() + Array(",\(random.pick(extras))}".utf8)
        default:
            let good = text(algorithm, keyID, type)
            let spoilt: [[UInt8]] = [
                Array(#"{"kid":"\#(keyID)","typ":"\#(type)"}"#.utf8),
                Array(#"{"alg":"\#(algorithm)","typ":"\#(type)"}"#.utf8),
                Array(#"{"alg":"\#(algorithm)","kid":"\#(keyID)"}"#.utf8), [0xEF, 0xBB, 0xBF] + good, good + good,
                good.dropLast() + Array(",}".utf8), [0x5B] + good + [0x5D], good + [0], Array("{}".utf8), [],
                Array(#"{"alg":["\#(algorithm)"],"kid":"\#(keyID)","typ":"\#(type)"}"#.utf8),
                Array(#"{"alg":null,"kid":"\#(keyID)","typ":"\#(type)"}"#.utf8),
            ]
            return random.pick(spoilt)
        }
    }

    private static func unsigned(_ header: [UInt8], _ good: TokenBench.Good) -> [UInt8] {
        let dot = good.text.firstIndex(of: 0x2E) ?? 0
        return Base64URL.encode(header) + good.text[dot...]
    }
}
