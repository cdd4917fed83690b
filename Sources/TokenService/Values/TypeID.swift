package import InviteStore

/// The type prefixes of public ids.
package enum IdentifierKind: String, Sendable {
    case workspace = "ws"
    case apiKey = "key"
    case invite = "inv"
    case session = "ses"
    case participantToken = "ptk"
    case policy = "pol"
    case cutOff = "cut"
    case signingKey = "sgk"
    case webhook = "whk"
    case event = "evt"
    case request = "req"
    case member = "mem"
}

/// The text form of ids: the kind, `_`, and 26 characters of base32 (TypeID 0.3).
///
/// The alphabet is Crockford's in lower case without `i l o u`; 26 characters carry 130 bits, so the first is at most
/// `7`. One id has one spelling: upper case, look-alikes and other lengths are refused.
package enum TypeID {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    private static let digitCount = 26

    /// The text form of an id.
    package static func text(_ kind: IdentifierKind, _ id: RecordID) -> String {
        let prefix = kind.rawValue.utf8
        return unsafe String(unsafeUninitializedCapacity: prefix.count + 1 + digitCount) { buffer in
            var index = 0
            for byte in prefix {
                unsafe buffer[index] = byte
                index += 1
            }
            unsafe buffer[index] = UInt8(ascii: "_")
            index += 1
            for digit in 0..<digitCount {
                let shift = UInt64(5 * (digitCount - 1 - digit))
                unsafe buffer[index] = alphabet[Int(fiveBits(id, shift))]
                index += 1
            }
            return index
        }
    }

    /// Reads an id of one kind; nil for anything but its one spelling.
    package static func parse(_ kind: IdentifierKind, _ text: some StringProtocol) -> RecordID? {
        let utf8 = text.utf8
        let prefix = kind.rawValue.utf8
        guard utf8.count == prefix.count + 1 + digitCount, utf8.starts(with: prefix) else { return nil }
        var rest = utf8.dropFirst(prefix.count)
        guard rest.removeFirst() == UInt8(ascii: "_") else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (position, byte) in rest.enumerated() {
            guard let value = value(of: byte), position > 0 || value < 8 else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | UInt64(value)
        }
        return RecordID(high: high, low: low)
    }

    private static func fiveBits(_ id: RecordID, _ shift: UInt64) -> UInt64 {
        if shift >= 64 { return (id.high >> (shift - 64)) & 31 }
        if shift == 0 { return id.low & 31 }
        return ((id.low >> shift) | (id.high << (64 - shift))) & 31
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "h"): return byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "j")...UInt8(ascii: "k"): return byte - UInt8(ascii: "j") + 18
        case UInt8(ascii: "m")...UInt8(ascii: "n"): return byte - UInt8(ascii: "m") + 20
        case UInt8(ascii: "p")...UInt8(ascii: "t"): return byte - UInt8(ascii: "p") + 22
        case UInt8(ascii: "v")...UInt8(ascii: "z"): return byte - UInt8(ascii: "v") + 27
        default: return nil
        }
    }
}
