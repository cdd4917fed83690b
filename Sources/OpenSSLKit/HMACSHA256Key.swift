import COpenSSL

/// A key for HMAC-SHA-256 (RFC 2104, FIPS 198-1).
///
/// The two keyed states are computed once and copied per message, which is three times as fast as a fresh HMAC.
@safe
package final class HMACSHA256Key: @unchecked Sendable {
    // Safe because: both contexts are written in the initialiser only; afterwards they are the source of copies, which
    // only reads them.
    private let inner: OpaquePointer
    private let outer: OpaquePointer

    /// Block size of SHA-256 in bytes.
    private static let blockBytes = 64

    /// Takes a key of any length; one above 64 bytes is hashed first, as RFC 2104 section 2 says.
    ///
    /// Throws `OpenSSLError` where a context cannot be made.
    package init(_ key: SecretBytes) throws {
        let block = Self.block(for: key)
        guard let inner = unsafe Self.keyed(block, padding: 0x36) else { throw OpenSSLError.capture("EVP_DigestInit") }
        guard let outer = unsafe Self.keyed(block, padding: 0x5C) else {
            unsafe EVP_MD_CTX_free(inner)
            throw OpenSSLError.capture("EVP_DigestInit")
        }
        unsafe self.inner = inner
        unsafe self.outer = outer
    }

    deinit {
        unsafe EVP_MD_CTX_free(inner)
        unsafe EVP_MD_CTX_free(outer)
    }

    /// The authentication code of a byte string.
    package func authenticate(_ bytes: [UInt8]) -> Digest256 {
        unsafe bytes.withUnsafeBytes { unsafe authenticate($0) }
    }

    /// The authentication code of lent bytes.
    package func authenticate(_ bytes: UnsafeRawBufferPointer) -> Digest256 {
        var digest = Digest256.zero
        let isDone = unsafe SHA256Digest.contexts.withContext { context in
            let isInnerDone =
                unsafe EVP_MD_CTX_copy_ex(context, inner) == 1
                && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
                && SHA256Digest.finish(context, into: &digest)
            let isOuterDone =
                unsafe isInnerDone && EVP_MD_CTX_copy_ex(context, outer) == 1
                && digest.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) } == 1
                && SHA256Digest.finish(context, into: &digest)
            // The keyed state must not lie about in a context that others will use.
            return unsafe EVP_MD_CTX_reset(context) == 1 && isOuterDone
        }
        precondition(isDone == true, "HMAC-SHA-256 failed: out of memory")
        return digest
    }

    /// The key padded with zeros to one block.
    private static func block(for key: SecretBytes) -> SecretBytes {
        unsafe SecretBytes(count: blockBytes) { block in
            unsafe key.withBytes { bytes in
                if bytes.count <= blockBytes {
                    unsafe block.copyMemory(from: bytes)
                } else {
                    unsafe SHA256Digest.digest(bytes).withUnsafeBytes { unsafe block.copyMemory(from: $0) }
                }
            }
        }
    }

    /// A context that has taken in the key's block with every byte changed by `padding`.
    private static func keyed(_ block: SecretBytes, padding: UInt8) -> OpaquePointer? {
        ERR_clear_error()
        guard let context = unsafe EVP_MD_CTX_new() else { return nil }
        let padded = unsafe SecretBytes(count: blockBytes) { buffer in
            unsafe buffer.copyBytes(from: block.copy.map { $0 ^ padding })
        }
        let isKeyed = unsafe padded.withBytes { bytes in
            unsafe EVP_DigestInit_ex2(context, SHA256Digest.algorithm.pointer, nil) == 1
                && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
        }
        if isKeyed { return unsafe context }
        unsafe EVP_MD_CTX_free(context)
        return nil
    }
}
