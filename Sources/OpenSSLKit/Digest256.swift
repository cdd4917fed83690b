/// Thirty-two bytes of a digest or an authentication code, held without an allocation.
package struct Digest256: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// All bits clear: a place for a digest still to be computed.
    package static var zero: Digest256 { Digest256() }

    private init() { words = (0, 0, 0, 0) }

    /// Takes exactly 32 bytes; nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        words = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes { unsafe $0.copyBytes(from: bytes) }
    }

    /// The 32 bytes in order.
    package var bytes: [UInt8] { unsafe withUnsafeBytes { unsafe [UInt8]($0) } }

    /// The first 16 bytes as two big-endian numbers, without an allocation.
    package var leadingWords: (UInt64, UInt64) { (words.0.bigEndian, words.1.bigEndian) }

    /// The 32 bytes as 64 lower-case hexadecimal digits.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0x0F)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Lends the 32 bytes in order.
    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe Swift.withUnsafeBytes(of: words) { try unsafe body($0) }
    }

    /// Lends the 32 bytes for writing.
    mutating func withUnsafeMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe Swift.withUnsafeMutableBytes(of: &words) { try unsafe body($0) }
    }

    /// Compares in a time that does not depend on where the first difference is.
    package func constantTimeEquals(_ other: Digest256) -> Bool {
        (words.0 ^ other.words.0) | (words.1 ^ other.words.1) | (words.2 ^ other.words.2) | (words.3 ^ other.words.3)
            == 0
    }

    package static func == (left: Digest256, right: Digest256) -> Bool { left.constantTimeEquals(right) }

    /// Feeds one word only: the bits of a digest are spread evenly already.
    package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
