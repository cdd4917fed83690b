import COpenSSL

/// A public key that checks signatures of exactly one algorithm.
package final class VerifyingKey: Sendable {
    package let algorithm: SignatureAlgorithm
    /// The x coordinate of P-256, 32 bytes, big-endian, or the encoded point of Ed25519 (RFC 8032 section 5.1.2).
    package let x: [UInt8]
    /// The y coordinate of P-256, 32 bytes, big-endian; nil for Ed25519.
    package let y: [UInt8]?

    private let key: KeyHandle
    private let contexts: ContextPool
    /// The quicker check of a key whose private half is at hand.
    private let ownCheck: OwnSignatureCheck?

    /// A P-256 key from its coordinates, 32 bytes each, big-endian.
    ///
    /// Throws where a length is wrong, a coordinate is not below p, or the point is not on the curve (SP 800-56A
    /// section 5.6.2.3).
    package convenience init(p256X x: [UInt8], y: [UInt8]) throws(OpenSSLError) {
        guard x.count == 32, y.count == 32 else {
            throw OpenSSLError(operation: "VerifyingKey", reason: "a P-256 coordinate must have 32 bytes")
        }
        try self.init(key: try PublicKeyImport.p256(x: x, y: y), algorithm: .es256)
    }

    /// An Ed25519 key from its 32-byte encoding (RFC 8032 section 5.1.5).
    ///
    /// Throws where the length is wrong, the encoding is not canonical, or the point has a small order: such a "key"
    /// accepts signatures that nobody made. That the encoding names a point at all shows at the first verification,
    /// which then fails.
    package convenience init(ed25519X x: [UInt8]) throws(OpenSSLError) {
        guard x.count == 32 else {
            throw OpenSSLError(operation: "VerifyingKey", reason: "an Ed25519 key must have 32 bytes")
        }
        guard Ed25519Encoding.isAcceptableKey(x) else {
            throw OpenSSLError(operation: "VerifyingKey", reason: "not an acceptable Ed25519 point")
        }
        ERR_clear_error()
        guard let key = unsafe KeyHandle(owning: EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, x, x.count)) else {
            throw OpenSSLError.capture("EVP_PKEY_new_raw_public_key")
        }
        try self.init(key: key, algorithm: .edDSA)
    }

    /// - Parameter isOwn: whether `key` holds the private half too, and is known to be one pair.
    init(key: KeyHandle, algorithm: SignatureAlgorithm, isOwn: Bool = false) throws(OpenSSLError) {
        self.key = key
        ownCheck = isOwn && algorithm == .es256 ? OwnSignatureCheck(key) : nil
        self.algorithm = algorithm
        (x, y) = try key.publicPoint(algorithm)
        contexts =
            switch algorithm {
            case .es256: SignatureContexts.ecdsa(key)
            case .edDSA: SignatureContexts.edDSA(key, signing: false)
            }
    }

    /// Whether a signature of exactly 64 bytes was made over a message by the owner of this key.
    ///
    /// ES256: r ‖ s (RFC 7518 section 3.4) with 0 < r < n and 0 < s ≤ n/2. EdDSA: RFC 8032 section 5.1.7 with S < L.
    /// Everything else is false, a failing library included.
    package func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        unsafe message.withUnsafeBytes { unsafe isValid(signature, for: $0) }
    }

    /// The same over lent bytes.
    ///
    /// `acceptsHighS` lets an ES256 signature have any s below n, for signers who do not choose the lower one.
    package func isValid(
        _ signature: [UInt8],
        for message: UnsafeRawBufferPointer,
        acceptsHighS: Bool = false
    ) -> Bool {
        unsafe signature.withUnsafeBytes { unsafe isValid($0, for: message, acceptsHighS: acceptsHighS) }
    }

    /// The same with both lent.
    package func isValid(
        _ signature: UnsafeRawBufferPointer,
        for message: UnsafeRawBufferPointer,
        acceptsHighS: Bool = false
    ) -> Bool {
        guard signature.count == 64 else { return false }
        let isValid =
            switch algorithm {
            case .es256: unsafe isValidECDSA(signature, message, acceptsHighS: acceptsHighS)
            case .edDSA: unsafe isValidEdDSA(signature, message)
            }
        // A failed check leaves an entry that the next user of this thread would take for its own.
        if !isValid { ERR_clear_error() }
        return isValid
    }

    private func isValidECDSA(
        _ signature: UnsafeRawBufferPointer,
        _ message: UnsafeRawBufferPointer,
        acceptsHighS: Bool
    ) -> Bool {
        guard let signature = unsafe ECDSASignature(fixedWidth: signature, acceptsHighS: acceptsHighS) else {
            return false
        }
        let digest = unsafe SHA256Digest.digest(message)
        if let isValid = ownCheck?.isValid(signature, digest: digest) { return isValid }
        return unsafe withUnsafeTemporaryAllocation(byteCount: ECDSASignature.derBytesMax, alignment: 1) { der in
            let length = unsafe signature.writeDER(to: der)
            return unsafe contexts.withContext { context in
                unsafe digest.withUnsafeBytes { digest in
                    unsafe EVP_PKEY_verify(
                        context,
                        der.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        length,
                        digest.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        digest.count
                    ) == 1
                }
            } ?? false
        }
    }

    private func isValidEdDSA(_ signature: UnsafeRawBufferPointer, _ message: UnsafeRawBufferPointer) -> Bool {
        guard unsafe Ed25519Encoding.hasCanonicalScalar(signature) else { return false }
        return unsafe contexts.withContext { context in
            unsafe SignatureContexts.renewEdDSA(context, key, signing: false)
                && EVP_DigestVerify(
                    context,
                    signature.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    signature.count,
                    message.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    message.count
                ) == 1
        } ?? false
    }
}
