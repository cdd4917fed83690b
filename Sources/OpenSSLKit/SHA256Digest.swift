import COpenSSL

/// SHA-256 (FIPS 180-4).
package enum SHA256Digest {
    /// The implementation, looked up once: a look-up per digest would cost as much as the digest.
    static let algorithm: ContextHandle = {
        guard let handle = unsafe ContextHandle(EVP_MD_fetch(nil, "SHA256", nil)) else {
            preconditionFailure("OpenSSL offers no SHA-256")
        }
        return handle
    }()

    /// Contexts for any number of digests one after another; not initialised when lent.
    static let contexts = ContextPool(
        make: { unsafe ContextHandle(EVP_MD_CTX_new()) },
        free: { unsafe EVP_MD_CTX_free($0.pointer) }
    )

    /// The digest of a byte string.
    package static func digest(_ bytes: [UInt8]) -> Digest256 {
        unsafe bytes.withUnsafeBytes { unsafe digest($0) }
    }

    /// The digest of lent bytes.
    package static func digest(_ bytes: UnsafeRawBufferPointer) -> Digest256 {
        var digest = Digest256.zero
        let isDone = unsafe contexts.withContext { context in
            unsafe EVP_DigestInit_ex2(context, algorithm.pointer, nil) == 1
                && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
                && finish(context, into: &digest)
        }
        // Hashing memory fails only where there is no memory left, and no answer is worth giving then.
        precondition(isDone == true, "SHA-256 failed: out of memory")
        return digest
    }

    /// Ends the digest that runs in `context`.
    static func finish(_ context: OpaquePointer, into digest: inout Digest256) -> Bool {
        unsafe digest.withUnsafeMutableBytes { buffer in
            unsafe EVP_DigestFinal_ex(context, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), nil) == 1
        }
    }
}
