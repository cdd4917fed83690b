import COpenSSL
package import Platform

/// A byte string that must not leak: overwritten when released, compared in constant time, never printed.
///
/// Only this copy is wiped: whoever made it from an array still holds that array.
@safe
package final class SecretBytes: @unchecked Sendable, CustomStringConvertible, CustomReflectable {
    // Safe because: the bytes are written in the initialiser only, and freed when nobody holds the object any more.
    private let buffer: UnsafeMutableRawBufferPointer

    /// Copies the bytes.
    package convenience init(_ bytes: [UInt8]) {
        unsafe self.init(count: bytes.count) { unsafe $0.copyBytes(from: bytes) }
    }

    /// `count` fresh random bytes.
    package convenience init(random count: Int, from source: any RandomSource) {
        unsafe self.init(count: count) { unsafe source.fill($0) }
    }

    /// Lends `count` zero bytes to `fill` to write the secret into.
    init(count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        unsafe buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe fill(buffer)
    }

    deinit {
        unsafe OPENSSL_cleanse(buffer.baseAddress, buffer.count)
        unsafe buffer.deallocate()
    }

    /// The number of bytes.
    package var count: Int { unsafe buffer.count }

    /// Lends the bytes; they must not be kept.
    package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe body(UnsafeRawBufferPointer(buffer))
    }

    /// An ordinary array of the same bytes, which is not wiped.
    package var copy: [UInt8] { unsafe [UInt8](buffer) }

    /// Compares in a time that depends on the counts alone.
    package func constantTimeEquals(_ other: SecretBytes) -> Bool {
        guard count == other.count else { return false }
        return unsafe CRYPTO_memcmp(buffer.baseAddress, other.buffer.baseAddress, count) == 0
    }

    package var description: String { "<redacted>" }

    /// Keeps `dump` and string interpolation of enclosing values from reaching the bytes.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Compares two byte strings in a time that depends on their counts alone.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
}
