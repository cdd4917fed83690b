/// The bytes that the inside of a checked JSON string stands for, one at a time, without an allocation.
///
/// The parser has already refused every malformed escape; on bytes that it has not seen, the sequence ends early.
struct UnescapedBytes: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var index: Int
    private let end: Int
    /// UTF-8 bytes of an escape that are still to be given, the next one in the low eight bits.
    private var pending: UInt32 = 0
    private var pendingCount = 0

    init(_ bytes: [UInt8], from start: Int, to end: Int) {
        self.bytes = bytes
        index = start
        self.end = Swift.min(end, bytes.count)
    }

    mutating func next() -> UInt8? {
        if pendingCount > 0 {
            pendingCount -= 1
            defer { pending >>= 8 }
            return UInt8(truncatingIfNeeded: pending)
        }
        guard index < end else { return nil }
        let byte = bytes[index]
        index += 1
        guard byte == UInt8(ascii: "\\"), index < end else { return byte }
        let escape = bytes[index]
        index += 1
        switch escape {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): return nextOfUnicodeEscape()
        default: return escape
        }
    }

    private mutating func nextOfUnicodeEscape() -> UInt8? {
        guard var scalar = readUnit() else { return nil }
        if case 0xD800..<0xDC00 = scalar {
            index += 2
            guard let low = readUnit() else { return nil }
            scalar = 0x10000 &+ ((scalar &- 0xD800) << 10) &+ (low &- 0xDC00)
        }
        let tail: (UInt32) -> UInt32 = { shift in 0x80 | ((scalar >> shift) & 0x3F) }
        switch scalar {
        case 0..<0x80:
            return UInt8(truncatingIfNeeded: scalar)
        case 0x80..<0x800:
            (pending, pendingCount) = (tail(0), 1)
            return UInt8(truncatingIfNeeded: 0xC0 | (scalar >> 6))
        case 0x800..<0x10000:
            (pending, pendingCount) = (tail(6) | tail(0) << 8, 2)
            return UInt8(truncatingIfNeeded: 0xE0 | (scalar >> 12))
        default:
            (pending, pendingCount) = (tail(12) | tail(6) << 8 | tail(0) << 16, 3)
            return UInt8(truncatingIfNeeded: 0xF0 | (scalar >> 18))
        }
    }

    private mutating func readUnit() -> UInt32? {
        guard index + 4 <= end else { return nil }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Self.hexadecimalDigit(bytes[index]) else { return nil }
            unit = unit << 4 | digit
            index += 1
        }
        return unit
    }

    /// The value of `0`–`9`, `a`–`f` or `A`–`F`.
    static func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte) - 0x57
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte) - 0x37
        default: nil
        }
    }
}
