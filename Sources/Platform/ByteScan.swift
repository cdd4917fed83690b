import Glibc

/// Searching bytes at the speed of the C library.
package enum ByteScan {
    /// The index of the first `byte` in `bytes[start...]`, or nil.
    package static func firstIndex(of byte: UInt8, in bytes: borrowing Span<UInt8>, from start: Int) -> Int? {
        guard start >= 0, start < bytes.count else { return nil }
        return unsafe bytes.withUnsafeBufferPointer { buffer -> Int? in
            guard let base = buffer.baseAddress,
                let found = unsafe memchr(base + start, CInt(byte), buffer.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }

    /// The index of the first control byte (below 0x20, or 0x7F) in a part of `bytes`, or nil.
    ///
    /// Looks at eight bytes at a time.
    package static func firstControl(in bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        first(in: bytes, range, orAbove: 0x100)
    }

    /// The index of the first byte in a part of `bytes` that is no visible ASCII character or space, or nil.
    package static func firstOther(in bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        first(in: bytes, range, orAbove: 0x80)
    }

    @inline(__always)
    private static func first(in bytes: borrowing Span<UInt8>, _ range: Range<Int>, orAbove limit: UInt16) -> Int? {
        let unwanted: UInt64 = limit > 0xFF ? 0 : 0x8080_8080_8080_8080
        var index = range.lowerBound
        unsafe bytes.extracting(range).withUnsafeBytes { buffer in
            let start = index
            while range.upperBound - index >= 8 {
                let word = unsafe buffer.loadUnaligned(fromByteOffset: index - start, as: UInt64.self)
                if mayHoldControl(word) || word & unwanted != 0 { return }
                index += 8
            }
        }
        while index < range.upperBound {
            let byte = bytes[index]
            if byte < 0x20 || byte == 0x7F || UInt16(byte) >= limit { return index }
            index += 1
        }
        return nil
    }

    /// Whether one of eight bytes is a control byte.
    ///
    /// Subtracting sets the high bit of a byte that is less than the subtrahend and of none that is not, but for a
    /// borrow from such a byte below it; bytes with the high bit set from the start are left out.
    @inline(__always)
    private static func mayHoldControl(_ word: UInt64) -> Bool {
        let highBits: UInt64 = 0x8080_8080_8080_8080
        let below = (word &- 0x2020_2020_2020_2020) & ~word
        let flipped = word ^ 0x7F7F_7F7F_7F7F_7F7F
        let delete = (flipped &- 0x0101_0101_0101_0101) & ~flipped
        return (below | delete) & highBits != 0
    }
}
