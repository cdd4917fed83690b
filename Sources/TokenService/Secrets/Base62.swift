package import Platform

/// Base62 text over `0-9A-Za-z`.
package enum Base62 {
    package static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// True where the byte is one of the 62.
    package static func contains(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            return true
        default: return false
        }
    }

    /// `count` characters, each drawn evenly: bytes of 248 and more are thrown away, so that no character is likelier.
    package static func random(_ count: Int, from source: any RandomSource) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(count)
        while text.count < count {
            for byte in source.bytes(64) where byte < 248 && text.count < count {
                text.append(alphabet[Int(byte % 62)])
            }
        }
        return text
    }

    /// Whether a text of any length is ``encode(_:digits:)`` of a number with as many digits.
    package static func isEncoding(_ text: ArraySlice<UInt8>, of value: UInt32) -> Bool {
        var rest = value
        for byte in text.reversed() {
            guard byte == alphabet[Int(rest % 62)] else { return false }
            rest /= 62
        }
        return true
    }

    /// A number as `digits` characters, big-endian, zero-padded; higher digits that do not fit are cut.
    package static func encode(_ value: UInt32, digits: Int) -> [UInt8] {
        var text = [UInt8](repeating: alphabet[0], count: digits)
        var rest = value
        for index in stride(from: digits - 1, through: 0, by: -1) {
            text[index] = alphabet[Int(rest % 62)]
            rest /= 62
        }
        return text
    }
}
