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
        unsafe bytes.withUnsafeBufferPointer { unsafe append(encoding: $0, to: &text) }
    }

    /// Appends the text of some bytes, as ASCII.
    package static func append(encoding bytes: UnsafeBufferPointer<UInt8>, to text: inout [UInt8]) {
        let start = text.count
        text.append(contentsOf: repeatElement(0, count: encodedCount(bytes.count)))
        unsafe text.withUnsafeMutableBufferPointer { text in
            unsafe encode(bytes, into: UnsafeMutableBufferPointer(rebasing: text[start...]))
        }
    }

    /// Writes the 22 characters of sixteen bytes, given as two big-endian words, from `start` on.
    package static func write(high: UInt64, low: UInt64, to text: inout MutableSpan<UInt8>, at start: Int) {
        // 128 bits and four zero bits are 22 groups of six.
        var rest = UInt128(high) << 64 | UInt128(low)
        text[start + 21] = alphabet[Int(UInt8(truncatingIfNeeded: rest) & 0x03) << 4]
        rest >>= 2
        for place in stride(from: start + 20, through: start, by: -1) {
            text[place] = alphabet[Int(UInt8(truncatingIfNeeded: rest) & 0x3F)]
            rest >>= 6
        }
    }

    /// The bytes of a canonical text.
    ///
    /// Nil for padding, white space, any other alphabet, an impossible length, and a last character with bits set that
    /// stand for nothing (RFC 4648 section 3.5): `decode` undoes `encode` and accepts nothing else.
    package static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var isCanonical = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3 + 2) { bytes, count in
            unsafe text.withUnsafeBufferPointer { text in
                (count, isCanonical) = unsafe decode(text, into: bytes)
            }
        }
        return isCanonical ? bytes : nil
    }

    /// The bytes of a canonical text; see ``decode(_:)-(ArraySlice<UInt8>)``.
    package static func decode(_ text: [UInt8]) -> [UInt8]? { decode(text[...]) }

    /// The bytes of a canonical text; see ``decode(_:)-(ArraySlice<UInt8>)``.
    package static func decode(_ text: String) -> [UInt8]? { decode(Array(text.utf8)[...]) }

    // MARK: Bytes

    /// Fills `text`, which has ``encodedCount(_:)`` places.
    private static func encode(_ bytes: UnsafeBufferPointer<UInt8>, into text: UnsafeMutableBufferPointer<UInt8>) {
        unsafe alphabet.withUnsafeBufferPointer { alphabet in
            var read = 0
            var write = 0
            while read + 2 < bytes.count {
                let group = unsafe UInt32(bytes[read]) << 16 | UInt32(bytes[read + 1]) << 8 | UInt32(bytes[read + 2])
                unsafe text[write] = alphabet[Int(group >> 18)]
                unsafe text[write + 1] = alphabet[Int(group >> 12 & 0x3F)]
                unsafe text[write + 2] = alphabet[Int(group >> 6 & 0x3F)]
                unsafe text[write + 3] = alphabet[Int(group & 0x3F)]
                read += 3
                write += 4
            }
            guard read < bytes.count else { return }
            let hasSecond = read + 1 < bytes.count
            let group = unsafe UInt32(bytes[read]) << 16 | (hasSecond ? UInt32(bytes[read + 1]) << 8 : 0)
            unsafe text[write] = alphabet[Int(group >> 18)]
            unsafe text[write + 1] = alphabet[Int(group >> 12 & 0x3F)]
            if hasSecond { unsafe text[write + 2] = alphabet[Int(group >> 6 & 0x3F)] }
        }
    }

    /// Fills `bytes`, which has room for three bytes to each four characters, and says how many and whether all is well.
    private static func decode(
        _ text: UnsafeBufferPointer<UInt8>,
        into bytes: UnsafeMutableBufferPointer<UInt8>
    ) -> (count: Int, isCanonical: Bool) {
        unsafe values.withUnsafeBufferPointer { values in
            var read = 0
            var write = 0
            // Any byte outside the alphabet sets the high bits, which are looked at once, at the end.
            var seen: UInt8 = 0
            while read + 3 < text.count {
                let (first, second) = unsafe (values[Int(text[read])], values[Int(text[read + 1])])
                let (third, fourth) = unsafe (values[Int(text[read + 2])], values[Int(text[read + 3])])
                seen |= first | second | third | fourth
                unsafe bytes[write] = first << 2 | second >> 4
                unsafe bytes[write + 1] = second << 4 | third >> 2
                unsafe bytes[write + 2] = third << 6 | fourth
                read += 4
                write += 3
            }
            // Bits of the last character that stand for nothing.
            var idleBits: UInt8 = 0
            if text.count - read > 1 {
                let (first, second) = unsafe (values[Int(text[read])], values[Int(text[read + 1])])
                seen |= first | second
                unsafe bytes[write] = first << 2 | second >> 4
                write += 1
                idleBits = second & 0x0F
                if text.count - read == 3 {
                    let third = unsafe values[Int(text[read + 2])]
                    seen |= third
                    unsafe bytes[write] = second << 4 | third >> 2
                    write += 1
                    idleBits = third & 0x03
                }
            }
            return (write, seen < 0x40 && idleBits == 0)
        }
    }
}
