import COpenSSL

/// A private key that signs with exactly one algorithm.
package final class SigningKey: Sendable {
    package let algorithm: SignatureAlgorithm
    /// The public half.
    package let verifyingKey: VerifyingKey

    private let key: KeyHandle
    let maker: Maker

    /// What makes the signatures of each algorithm.
    enum Maker {
        case es256(SignatureMaker)
        case edDSA(ContextPool)
    }

    /// Makes a fresh key from OpenSSL's generator, which the kernel seeds.
    package static func generate(_ algorithm: SignatureAlgorithm) throws(OpenSSLError) -> SigningKey {
        ERR_clear_error()
        let name = algorithm == .es256 ? "EC" : "ED25519"
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, name, nil) else {
            throw OpenSSLError.capture("EVP_PKEY_CTX_new_from_name")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_keygen_init(context) == 1 else { throw OpenSSLError.capture("EVP_PKEY_keygen_init") }
        if algorithm == .es256, unsafe EVP_PKEY_CTX_set_group_name(context, "prime256v1") != 1 {
            throw OpenSSLError.capture("EVP_PKEY_CTX_set_group_name")
        }
        var pointer: OpaquePointer?
        guard unsafe EVP_PKEY_generate(context, &pointer) == 1, let key = unsafe KeyHandle(owning: pointer) else {
            throw OpenSSLError.capture("EVP_PKEY_generate")
        }
        return try SigningKey(key: key)
    }

    /// Reads an unencrypted PKCS #8 structure (RFC 5958) in DER that holds a P-256 or an Ed25519 key.
    ///
    /// Throws for any other kind of key, for trailing bytes, and where the private half does not belong to the public.
    package convenience init(pkcs8DER: SecretBytes) throws(OpenSSLError) {
        ERR_clear_error()
        let pointer = unsafe pkcs8DER.withBytes { bytes -> OpaquePointer? in
            var position = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let end = unsafe position?.advanced(by: bytes.count)
            guard let info = unsafe d2i_PKCS8_PRIV_KEY_INFO(nil, &position, bytes.count) else { return nil }
            defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
            return unsafe position == end ? unsafe EVP_PKCS82PKEY(info) : nil
        }
        guard let key = unsafe KeyHandle(owning: pointer) else { throw OpenSSLError.capture("EVP_PKCS82PKEY") }
        try self.init(key: key)
    }

    private init(key: KeyHandle) throws(OpenSSLError) {
        guard let algorithm = key.algorithm else {
            throw OpenSSLError(operation: "SigningKey", reason: "neither a P-256 nor an Ed25519 key")
        }
        self.key = key
        self.algorithm = algorithm
        maker = try Self.maker(key, algorithm)
        verifyingKey = try VerifyingKey(key: key, algorithm: algorithm, isOwn: true)
        try proveConsistency()
    }

    private static func maker(_ key: KeyHandle, _ algorithm: SignatureAlgorithm) throws(OpenSSLError) -> Maker {
        switch algorithm {
        case .es256:
            guard let maker = SignatureMaker(key) else { throw OpenSSLError.capture("SignatureMaker") }
            return .es256(maker)
        case .edDSA: return .edDSA(SignatureContexts.edDSA(key, signing: true))
        }
    }

    /// The key as an unencrypted PKCS #8 structure in DER (RFC 5958, RFC 5915, RFC 8410).
    package func pkcs8DER() throws(OpenSSLError) -> SecretBytes {
        ERR_clear_error()
        guard let info = unsafe EVP_PKEY2PKCS8(key.pointer) else { throw OpenSSLError.capture("EVP_PKEY2PKCS8") }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
        let length = unsafe Int(i2d_PKCS8_PRIV_KEY_INFO(info, nil))
        guard length > 0 else { throw OpenSSLError.capture("i2d_PKCS8_PRIV_KEY_INFO") }
        return unsafe SecretBytes(count: length) { buffer in
            var position = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe i2d_PKCS8_PRIV_KEY_INFO(info, &position)
        }
    }

    /// Signs a message: 64 bytes, r ‖ s with s ≤ n/2 for ES256 (RFC 7518 section 3.4), R ‖ S for EdDSA (RFC 8032).
    package func sign(_ message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        ERR_clear_error()
        let signature = unsafe message.withUnsafeBytes { message in
            switch maker {
            case .es256(let maker): unsafe maker.signature(of: SHA256Digest.digest(message))?.fixedWidth
            case .edDSA(let contexts): unsafe signEdDSA(message, contexts)
            }
        }
        guard let signature else {
            throw OpenSSLError.capture(algorithm == .es256 ? "SignatureMaker" : "EVP_DigestSign")
        }
        return signature
    }

    private func signEdDSA(_ message: UnsafeRawBufferPointer, _ contexts: ContextPool) -> [UInt8]? {
        var signature = [UInt8](repeating: 0, count: 64)
        var length = signature.count
        let isSigned = unsafe contexts.withContext { context in
            unsafe SignatureContexts.renewEdDSA(context, key, signing: true)
                && EVP_DigestSign(
                    context,
                    &signature,
                    &length,
                    message.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    message.count
                ) == 1
        }
        return isSigned == true && length == 64 ? signature : nil
    }

    /// Refuses a key whose halves do not fit: its tokens would be refused everywhere, or worse, leak the private half.
    private func proveConsistency() throws(OpenSSLError) {
        let message = Array("pairwise consistency".utf8)
        // By the public half alone: the check of own signatures would find any private half consistent with itself.
        let publicHalf = try VerifyingKey(key: key, algorithm: algorithm)
        guard publicHalf.isValid(try sign(message), for: message) else {
            throw OpenSSLError(operation: "SigningKey", reason: "the private half does not belong to the public half")
        }
    }
}
