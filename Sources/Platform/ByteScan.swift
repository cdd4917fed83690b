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
    /// Looks at 32 bytes at a time.
    package static func firstControl(in bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        first(in: bytes, range, orAbove: 0x100)
    }

    /// The index of the first byte in a part of `bytes` that is no visible ASCII character or space, or nil.
    package static func firstOther(in bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        first(in: bytes, range, orAbove: 0x80)
    }

    @inline(__always)
    private static func first(in bytes: borrowing Span<UInt8>, _ range: Range<Int>, orAbove limit: UInt16) -> Int? {
        let unwanted = Block(repeating: limit > 0xFF ? 0 : 0x8080_8080_8080_8080)
        var index = range.lowerBound
        unsafe bytes.extracting(range).withUnsafeBytes { buffer in
            let start = index
            while range.upperBound - index >= 32 {
                let block = unsafe buffer.loadUnaligned(fromByteOffset: index - start, as: Block.self)
                let marks = controlMarks(block) | (block & unwanted)
                if marks[0] | marks[1] | marks[2] | marks[3] != 0 { return }
                index += 32
            }
        }
        while index < range.upperBound {
            let byte = bytes[index]
            if byte < 0x20 || byte == 0x7F || UInt16(byte) >= limit { return index }
            index += 1
        }
        return nil
    }

    /// Bytes that are looked at together: four words, which the processor has wide registers for.
    private typealias Block = SIMD4<UInt64>

    /// Has the high bit set of some byte where one of the bytes is a control byte, and is 0 where none is.
    ///
    /// Subtracting sets the high bit of a byte that is less than the subtrahend and of none that is not, but for a
    /// borrow from such a byte below it; bytes with the high bit set from the start are left out.
    @inline(__always)
    private static func controlMarks(_ block: Block) -> Block {
        let below = (block &- Block(repeating: 0x2020_2020_2020_2020)) & ~block
        let flipped = block ^ Block(repeating: 0x7F7F_7F7F_7F7F_7F7F)
        let delete = (flipped &- Block(repeating: 0x0101_0101_0101_0101)) & ~flipped
        return (below | delete) & Block(repeating: 0x8080_8080_8080_8080)
    }
}
