import COpenSSL

/// The contexts of one key for one direction, initialised once and used for many signatures.
///
/// Setting up a context costs 2 to 9 µs, a sizeable part of an ES256 operation.
enum SignatureContexts {
    /// `EVP_PKEY_CTX`s that check ES256 signatures.
    static func ecdsa(_ key: KeyHandle) -> ContextPool {
        ContextPool(make: { makeECDSA(key) }, free: { unsafe EVP_PKEY_CTX_free($0.pointer) })
    }

    /// `EVP_MD_CTX`s that make or check EdDSA signatures.
    static func edDSA(_ key: KeyHandle, signing: Bool) -> ContextPool {
        ContextPool(make: { makeEdDSA(key, signing: signing) }, free: { unsafe EVP_MD_CTX_free($0.pointer) })
    }

    /// Makes a lent EdDSA context fit for the next message; needed after the first one only.
    static func renewEdDSA(_ context: OpaquePointer, _ key: KeyHandle, signing: Bool) -> Bool {
        if OpenSSLEnvironment.edDSAContextsAreReusable { return true }
        return unsafe EVP_MD_CTX_reset(context) == 1 && initializeEdDSA(context, key, signing: signing)
    }

    private static func makeECDSA(_ key: KeyHandle) -> ContextHandle? {
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil) else { return nil }
        if unsafe EVP_PKEY_verify_init(context) == 1 { return unsafe ContextHandle(context) }
        unsafe EVP_PKEY_CTX_free(context)
        return nil
    }

    private static func makeEdDSA(_ key: KeyHandle, signing: Bool) -> ContextHandle? {
        guard let context = unsafe EVP_MD_CTX_new() else { return nil }
        if unsafe initializeEdDSA(context, key, signing: signing) { return unsafe ContextHandle(context) }
        unsafe EVP_MD_CTX_free(context)
        return nil
    }

    private static func initializeEdDSA(_ context: OpaquePointer, _ key: KeyHandle, signing: Bool) -> Bool {
        unsafe signing
            ? EVP_DigestSignInit(context, nil, nil, nil, key.pointer) == 1
            : EVP_DigestVerifyInit(context, nil, nil, nil, key.pointer) == 1
    }
}
