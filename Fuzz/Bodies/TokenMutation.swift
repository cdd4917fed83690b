import JWTLite
import OpenSSLKit
import TestSupport
import TokenService

/// One way to spoil a token.
///
/// Those whose name ends in `Signed` are signed properly by the deployment's own key, so that only the text can be the
/// cause of the refusal.
enum TokenMutation: String, CaseIterable, Sendable {
    case flipBits, truncate, insert, delete, caseChange, swapParts, dropPart, repeatPart, splice, otherSpelling
    case idleBits, headerEdited, headerMadeOtherSigned, typeChangedSigned, noSignature, hmacOfPublicKey, foreignKey
    case claimEdited, claimSpoiltSigned, claimMissingSigned, claimTwiceSigned, signatureTwin, signatureShape
    case signatureOfAnother, nested, noise, payloadCutSigned, sealOfAnotherSigned

    /// Cheap mutations of the text come more often: there are more of them.
    static let weighted: [TokenMutation] =
        allCases + [
            flipBits, flipBits, flipBits, flipBits, insert, delete, truncate, splice, otherSpelling, caseChange,
        ]

    func apply(_ good: TokenBench.Good, _ bench: TokenBench, _ random: inout SplitMix) throws -> [UInt8] {
        switch self {
        case .flipBits, .truncate, .insert, .delete, .caseChange, .otherSpelling, .idleBits, .noise:
            return TextMutation.apply(self, good.text, &random)
        case .swapParts, .dropPart, .repeatPart, .splice, .noSignature, .nested, .signatureOfAnother:
            return PartMutation.apply(self, good, bench, &random)
        case .headerEdited, .headerMadeOtherSigned, .typeChangedSigned, .hmacOfPublicKey, .foreignKey:
            return try HeaderMutation.apply(self, good, bench, &random)
        case .claimEdited, .claimSpoiltSigned, .claimMissingSigned, .claimTwiceSigned, .payloadCutSigned,
            .sealOfAnotherSigned:
            return try ClaimMutation.apply(self, good, bench, &random)
        case .signatureTwin, .signatureShape:
            return SignatureMutation.apply(self, good, &random)
        }
    }
}

/// Changes of the text, blind to its meaning.
enum TextMutation {
    private static let odd = Array("=+/ \t\r\n.%\"\\\0~,;{}".utf8) + [0x7F, 0x80, 0xC3, 0xFF]
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func apply(_ mutation: TokenMutation, _ text: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var text = text
        let place = random.below(text.count)
        switch mutation {
        case .flipBits:
            for _ in 0...random.below(6) { text[random.below(text.count)] ^= 1 << UInt8(random.below(8)) }
        case .truncate:
            if random.below(2) == 0 { text.removeLast(1 + place) } else { text.removeFirst(1 + place) }
        case .insert:
            let bytes = random.below(3) == 0 ? odd : alphabet
            for _ in 0...random.below(4) { text.insert(random.pick(bytes), at: random.below(text.count + 1)) }
        case .delete:
            for _ in 0...random.below(4) { text.remove(at: random.below(text.count)) }
        case .caseChange:
            for _ in 0...random.below(3) {
                let index = random.below(text.count)
                if text[index] | 0x20 >= 0x61, text[index] | 0x20 <= 0x7A { text[index] ^= 0x20 }
            }
        case .otherSpelling: text = otherSpelling(text, &random)
        case .idleBits:
            // 64 bytes are 86 characters, of which the last has four idle bits.
            let last = alphabet.firstIndex(of: text[text.count - 1]) ?? 0
            text[text.count - 1] = alphabet[last & ~15 | (last + 1 + random.below(15)) & 15]
        default:
            text = (0..<(1 + random.below(2100))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
        return text
    }

    /// Other ways to write the same base64, and white space that a lenient reader passes over.
    private static func otherSpelling(_ text: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        let dots = text.indices.filter { text[$0] == 0x2E } + [text.count]
        switch random.below(6) {
        case 0:
            var changed = text
            changed.insert(contentsOf: [UInt8](repeating: 0x3D, count: 1 + random.below(3)), at: random.pick(dots))
            return changed
        case 1:
            let swapped = text.map { $0 == 0x2D ? 0x2B : $0 == 0x5F ? 0x2F : $0 }
            return swapped == text ? text + [0x3D] : swapped
        case 2:
            var changed = text
            changed.insert(random.pick([0x20, 0x09, 0x0A, 0x0D, 0]), at: random.pick(dots + [0]))
            return changed
        case 3: return text.flatMap { $0 == 0x2E ? Array("%2E".utf8) : [$0] }
        case 4: return Array("Bearer ".utf8) + text
        default: return [0xEF, 0xBB, 0xBF] + text
        }
    }
}

/// Parts in another order or number, or of other tokens.
enum PartMutation {
    static func apply(
        _ mutation: TokenMutation,
        _ good: TokenBench.Good,
        _ bench: TokenBench,
        _ random: inout SplitMix
    ) -> [UInt8] {
        var parts = good.text.split(separator: 0x2E).map(Array.init)
        let other = random.pick(bench.good)
        let others = other.text.split(separator: 0x2E).map(Array.init)
        switch mutation {
        case .swapParts: parts.swapAt(random.below(3), random.below(3))
        case .dropPart: parts[random.below(3)] = []
        case .repeatPart:
            let part = parts[random.below(3)]
            for _ in 0...random.below(3) { parts.insert(part, at: random.below(parts.count + 1)) }
        case .splice:
            let place = random.below(3)
            parts[place] = others[place]
        case .noSignature: parts[2] = random.below(2) == 0 ? [] : Base64URL.encode([UInt8](repeating: 0, count: 64))
        case .nested: parts[1] = Base64URL.encode(other.text)
        default: parts[2] = others[2]
        }
        let text = Array(parts.joined(separator: [0x2E]))
        // A splice of two copies of one token may be a good token.
        return bench.good.contains { $0.text == text } ? good.text : text
    }
}

/// Twins and misshapes of signatures.
enum SignatureMutation {
    /// The order of P-256 (FIPS 186-5) and of edwards25519 (RFC 8032 section 5.1, little-endian).
    private static let orderP256: [UInt8] =
        [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8) + [
            0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
        ]
    private static let orderEd25519: [UInt8] =
        [
            0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14,
        ] + [UInt8](repeating: 0, count: 15) + [0x10]

    static func apply(_ mutation: TokenMutation, _ good: TokenBench.Good, _ random: inout SplitMix) -> [UInt8] {
        let first = Array(good.signature.prefix(32))
        let second = Array(good.signature.suffix(32))
        let signature: [UInt8]
        if mutation == .signatureTwin {
            signature =
                good.key.algorithm == .es256
                ? first + difference(orderP256, second)
                : first + sum(second, orderEd25519, times: 1 + random.below(14))
        } else {
            let zeros = [UInt8](repeating: 0, count: 32)
            let shapes: [[UInt8]] = [
                zeros + zeros, first + zeros, zeros + second, orderP256 + second, first + orderP256, second + first,
                orderP256 + orderP256, good.signature + [0], Array(good.signature.dropLast()), [0] + good.signature,
                [0x30, 0x44, 0x02, 0x20] + first + [0x02, 0x20] + second, good.signature + good.signature, first,
                [UInt8](repeating: 0xFF, count: 64), orderEd25519 + orderEd25519, [1] + zeros.dropLast() + zeros,
            ]
            signature = random.pick(shapes)
        }
        let input = good.text.prefix(through: good.text.lastIndex(of: 0x2E) ?? 0)
        return input + Base64URL.encode(signature)
    }

    /// left − right, big-endian.
    private static func difference(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var result = left
        var borrow = 0
        for index in left.indices.reversed() {
            let digit = Int(left[index]) - Int(right[index]) - borrow
            borrow = digit < 0 ? 1 : 0
            result[index] = UInt8(truncatingIfNeeded: digit)
        }
        return result
    }

    /// left + times × right, little-endian, without what does not fit.
    private static func sum(_ left: [UInt8], _ right: [UInt8], times: Int) -> [UInt8] {
        var result = left
        var carry = 0
        for index in left.indices {
            let digit = Int(left[index]) + times * Int(right[index]) + carry
            result[index] = UInt8(truncatingIfNeeded: digit)
            carry = digit >> 8
        }
        return result
    }
}
