/// The search for bytes that a JSON string cannot hold as they are, eight at a time.
///
/// Each test sets the high bit of a byte that it is true of. A borrow may set it for the next byte too: a set bit means
/// "look closer", a clear one is certain.
enum PlainBytes {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// Whether any byte is below 0x20, a quotation mark or a backslash.
    static func needEscapes(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index + 8 <= bytes.count {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if special(word) & highBits != 0 { break }
            index += 8
        }
        while index < bytes.count {
            if unsafe isSpecial(bytes[index]) { return true }
            index += 1
        }
        return false
    }

    /// The index, from `start` on, of the first byte that is not an ASCII character standing for itself.
    static func endOfASCII(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index + 8 <= bytes.count {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if (special(word) | word) & highBits != 0 { break }
            index += 8
        }
        while index < bytes.count, unsafe bytes[index] < 0x80 && !isSpecial(bytes[index]) { index += 1 }
        return index
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func special(_ word: UInt64) -> UInt64 {
        let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let controls = (word &- ones &* 0x20) & ~word
        return controls | ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
    }
}
