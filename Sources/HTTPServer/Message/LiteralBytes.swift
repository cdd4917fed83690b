/// The bytes of a literal, without a copy.
///
/// Safe because: a `StaticString` lives as long as the process and never changes; the subscript checks its bounds.
@safe
struct LiteralBytes {
    let count: Int
    private let base: UnsafePointer<UInt8>?

    init(_ literal: StaticString) {
        // A literal of one scalar may be stored as the scalar itself, without an address.
        let hasPointer = literal.hasPointerRepresentation
        count = hasPointer ? literal.utf8CodeUnitCount : 0
        unsafe base = hasPointer ? literal.utf8Start : nil
    }

    @inline(__always)
    subscript(index: Int) -> UInt8 {
        guard index >= 0, index < count, let base = unsafe base else { return 0 }
        return unsafe base[index]
    }

    /// Appends all bytes to an array.
    func append(to bytes: inout [UInt8]) {
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: base, count: count))
    }

    /// Whether the bytes of `text` from `start` on begin with this literal, without regard to ASCII case.
    @inline(__always)
    func matches(_ text: borrowing Span<UInt8>, at start: Int) -> Bool {
        guard start >= 0, text.count - start >= count else { return false }
        for offset in 0..<count where ASCII.lowercase(text[start + offset]) != ASCII.lowercase(self[offset]) {
            return false
        }
        return true
    }

    /// Whether the bytes of `text` from `start` on begin with exactly this literal.
    @inline(__always)
    func isEqual(_ text: borrowing Span<UInt8>, at start: Int) -> Bool {
        guard start >= 0, text.count - start >= count else { return false }
        for offset in 0..<count where text[start + offset] != self[offset] { return false }
        return true
    }
}
