/// Base64url without padding (RFC 4648 section 5, RFC 7515 section 2): one text for each byte string and no other.
package enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The six bits of each byte of the alphabet; 0xFF for all other bytes.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    /// The length of the text for a number of bytes.
    package static func encodedCount(_ bytesCount: Int) -> Int {
        bytesCount / 3 * 4 + (bytesCount % 3 == 0 ? 0 : bytesCount % 3 + 1)
    }

    /// The text of a byte string, as ASCII.
    package static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        append(encoding: bytes, to: &text)
        return text
    }

    /// The text of a byte string.
    package static func encodeToString(_ bytes: [UInt8]) -> String { String(decoding: encode(bytes), as: UTF8.self) }

    /// Appends the text of a byte string, as ASCII.
    package static func append(encoding bytes: [UInt8], to text: inout [UInt8]) {
        let alphabet = alphabet
        text.reserveCapacity(text.count + encodedCount(bytes.count))
        var index = 0
        while index + 2 < bytes.count {
            let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
            text.append(alphabet[Int(group >> 18)])
            text.append(alphabet[Int(group >> 12 & 0x3F)])
            text.append(alphabet[Int(group >> 6 & 0x3F)])
            text.append(alphabet[Int(group & 0x3F)])
            index += 3
        }
        if index < bytes.count {
            let second = index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0
            let group = UInt32(bytes[index]) << 16 | second << 8
            text.append(alphabet[Int(group >> 18)])
            text.append(alphabet[Int(group >> 12 & 0x3F)])
            if index + 1 < bytes.count { text.append(alphabet[Int(group >> 6 & 0x3F)]) }
        }
    }

    /// The bytes of a canonical text.
    ///
    /// Nil for padding, white space, any other alphabet, an impossible length, and a last character with bits set that
    /// stand for nothing (RFC 4648 section 3.5): `decode` undoes `encode` and accepts nothing else.
    package static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let remainder = text.count % 4
        guard remainder != 1 else { return nil }
        let values = values
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 2)
        var index = text.startIndex
        // Any byte outside the alphabet sets the high bits, which are looked at once, at the end.
        var seen: UInt8 = 0
        while index + 3 < text.endIndex {
            let (first, second) = (values[Int(text[index])], values[Int(text[index + 1])])
            let (third, fourth) = (values[Int(text[index + 2])], values[Int(text[index + 3])])
            seen |= first | second | third | fourth
            bytes.append(first << 2 | second >> 4)
            bytes.append(second << 4 | third >> 2)
            bytes.append(third << 6 | fourth)
            index += 4
        }
        if remainder > 1 {
            let (first, second) = (values[Int(text[index])], values[Int(text[index + 1])])
            seen |= first | second
            bytes.append(first << 2 | second >> 4)
            if remainder == 2 {
                guard second & 0x0F == 0 else { return nil }
            } else {
                let third = values[Int(text[index + 2])]
                seen |= third
                bytes.append(second << 4 | third >> 2)
                guard third & 0x03 == 0 else { return nil }
            }
        }
        return seen < 0x40 ? bytes : nil
    }

    /// The bytes of a canonical text; see ``decode(_:)-(ArraySlice<UInt8>)``.
    package static func decode(_ text: [UInt8]) -> [UInt8]? { decode(text[...]) }

    /// The bytes of a canonical text; see ``decode(_:)-(ArraySlice<UInt8>)``.
    package static func decode(_ text: String) -> [UInt8]? { decode(Array(text.utf8)[...]) }
}
