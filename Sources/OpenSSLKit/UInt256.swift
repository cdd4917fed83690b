/// A number of 256 bits, with just enough arithmetic to check the halves of a signature.
///
/// Not constant-time: signatures are public.
struct UInt256: Equatable, Comparable {
    /// The most significant word first.
    private(set) var words: (UInt64, UInt64, UInt64, UInt64)

    init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
        words = (first, second, third, fourth)
    }

    /// Reads 32 bytes, the most significant first.
    init?(bigEndian bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        words = unsafe (
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        )
    }

    /// Reads 32 bytes, the least significant first.
    init?(littleEndian bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        words = unsafe (
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)),
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        )
    }

    static let zero = UInt256(0, 0, 0, 0)

    static func == (left: UInt256, right: UInt256) -> Bool { left.words == right.words }

    static func < (left: UInt256, right: UInt256) -> Bool {
        if left.words.0 != right.words.0 { return left.words.0 < right.words.0 }
        if left.words.1 != right.words.1 { return left.words.1 < right.words.1 }
        if left.words.2 != right.words.2 { return left.words.2 < right.words.2 }
        return left.words.3 < right.words.3
    }

    /// The difference modulo 2^256.
    static func &- (left: UInt256, right: UInt256) -> UInt256 {
        var borrow: UInt64 = 0
        func subtract(_ left: UInt64, _ right: UInt64) -> UInt64 {
            let (first, firstOverflow) = left.subtractingReportingOverflow(right)
            let (second, secondOverflow) = first.subtractingReportingOverflow(borrow)
            borrow = firstOverflow || secondOverflow ? 1 : 0
            return second
        }
        let fourth = subtract(left.words.3, right.words.3)
        let third = subtract(left.words.2, right.words.2)
        let second = subtract(left.words.1, right.words.1)
        return UInt256(subtract(left.words.0, right.words.0), second, third, fourth)
    }

    /// Writes 32 bytes, the most significant first, into a buffer of at least that many.
    func write(bigEndianTo buffer: UnsafeMutableRawBufferPointer) {
        unsafe buffer.storeBytes(of: words.0.bigEndian, toByteOffset: 0, as: UInt64.self)
        unsafe buffer.storeBytes(of: words.1.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe buffer.storeBytes(of: words.2.bigEndian, toByteOffset: 16, as: UInt64.self)
        unsafe buffer.storeBytes(of: words.3.bigEndian, toByteOffset: 24, as: UInt64.self)
    }
}
