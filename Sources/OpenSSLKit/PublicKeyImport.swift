import COpenSSL

/// Makes public keys out of their numbers.
enum PublicKeyImport {
    /// A P-256 key from two coordinates of 32 bytes; throws unless they name a point of the curve.
    static func p256(x: [UInt8], y: [UInt8]) throws(OpenSSLError) -> KeyHandle {
        ERR_clear_error()
        // SEC 1 section 2.3.3: 04 ‖ x ‖ y. OpenSSL refuses coordinates that are not below p or not on the curve.
        var point: [UInt8] = [0x04] + x + y
        var group = Array("prime256v1".utf8CString)
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else {
            throw OpenSSLError.capture("EVP_PKEY_CTX_new_from_name")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        let isMade = unsafe group.withUnsafeMutableBufferPointer { group in
            unsafe point.withUnsafeMutableBytes { point in
                var parameters = unsafe [
                    OSSL_PARAM_construct_utf8_string(copenssl_group_parameter(), group.baseAddress, 0),
                    OSSL_PARAM_construct_octet_string(copenssl_public_key_parameter(), point.baseAddress, point.count),
                    OSSL_PARAM_construct_end(),
                ]
                return unsafe EVP_PKEY_fromdata_init(context) == 1
                    && EVP_PKEY_fromdata(context, &key, copenssl_public_key_selection(), &parameters) == 1
            }
        }
        guard isMade, let handle = unsafe KeyHandle(owning: key) else {
            throw OpenSSLError.capture("EVP_PKEY_fromdata")
        }
        guard let checker = unsafe EVP_PKEY_CTX_new_from_pkey(nil, handle.pointer, nil) else {
            throw OpenSSLError.capture("EVP_PKEY_CTX_new_from_pkey")
        }
        defer { unsafe EVP_PKEY_CTX_free(checker) }
        // Partial validation (SP 800-56A section 5.6.2.3.4) is full validation here: the cofactor of P-256 is 1, so that
        // every point on the curve has order n. The multiplication by n would cost as much as checking a signature.
        guard unsafe EVP_PKEY_public_check_quick(checker) == 1 else {
            throw OpenSSLError.capture("EVP_PKEY_public_check_quick")
        }
        return handle
    }
}
