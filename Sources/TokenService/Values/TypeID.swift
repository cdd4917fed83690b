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

    /// The prefix as a literal, so that writing it makes no `String`.
    var prefix: StaticString {
        switch self {
        case .workspace: "ws"
        case .apiKey: "key"
        case .invite: "inv"
        case .session: "ses"
        case .participantToken: "ptk"
        case .policy: "pol"
        case .cutOff: "cut"
        case .signingKey: "sgk"
        case .webhook: "whk"
        case .event: "evt"
        case .request: "req"
        case .member: "mem"
        }
    }
}

/// The text form of ids: the kind, `_`, and 26 characters of base32 (TypeID 0.3).
///
/// The alphabet is Crockford's in lower case without `i l o u`; 26 characters carry 130 bits, so the first is at most
/// `7`. One id has one spelling: upper case, look-alikes and other lengths are refused.
package enum TypeID {
    private static let digitCount = 26

    /// The text form of an id.
    package static func text(_ kind: IdentifierKind, _ id: RecordID) -> String {
        let length = count(kind)
        return unsafe String(unsafeUninitializedCapacity: length) { buffer in
            unsafe buffer.initialize(repeating: 0)
            var span = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: buffer[..<length]))
            write(kind, id, to: &span)
            return length
        }
    }

    /// The number of characters of the text form.
    package static func count(_ kind: IdentifierKind) -> Int { kind.prefix.utf8CodeUnitCount + 1 + digitCount }

    /// Writes the text form, of ``count(_:)`` characters, from `start` on; room that is missing is a programmer's error.
    package static func write(
        _ kind: IdentifierKind,
        _ id: RecordID,
        to text: inout MutableSpan<UInt8>,
        at start: Int = 0
    ) {
        var index = start
        kind.prefix.withUTF8Buffer { prefix in
            for unsafe byte in unsafe prefix {
                text[index] = byte
                index += 1
            }
        }
        text[index] = UInt8(ascii: "_")
        alphabet.withUTF8Buffer { alphabet in
            var low = id.low
            var high = id.high
            for place in stride(from: index + digitCount, to: index, by: -1) {
                text[place] = unsafe alphabet[Int(low & 31)]
                low = low >> 5 | high << 59
                high >>= 5
            }
        }
    }

    private static let alphabet: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"

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
