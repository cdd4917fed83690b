import COpenSSL

/// The one owner of an `EVP_PKEY`.
@safe
final class KeyHandle: @unchecked Sendable {
    // Safe because: the key never changes after it is made; OpenSSL counts references to it atomically and allows
    // operations on one key from several threads, each with its own context.
    let pointer: OpaquePointer

    /// Takes over a key; nil for nil.
    init?(owning pointer: OpaquePointer?) {
        guard let pointer = unsafe pointer else { return nil }
        unsafe self.pointer = pointer
    }

    deinit { unsafe EVP_PKEY_free(pointer) }

    /// The algorithm that the key's kind is bound to; nil for every kind that is not served here.
    var algorithm: SignatureAlgorithm? {
        if unsafe EVP_PKEY_is_a(pointer, "ED25519") == 1 { return .edDSA }
        guard unsafe EVP_PKEY_is_a(pointer, "EC") == 1 else { return nil }
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard unsafe EVP_PKEY_get_group_name(pointer, &name, name.count, &length) == 1 else { return nil }
        let group = name.prefix(max(0, length)).map { UInt8(bitPattern: $0) }
        return group.elementsEqual("prime256v1".utf8) || group.elementsEqual("P-256".utf8) ? .es256 : nil
    }

    /// The public point: x and y of 32 bytes each for P-256, the 32-byte encoding alone for Ed25519.
    func publicPoint(_ algorithm: SignatureAlgorithm) throws(OpenSSLError) -> (x: [UInt8], y: [UInt8]?) {
        ERR_clear_error()
        switch algorithm {
        case .es256:
            return (
                x: try coordinate(OSSL_PKEY_PARAM_EC_PUB_X), y: try coordinate(OSSL_PKEY_PARAM_EC_PUB_Y)
            )
        case .edDSA:
            var x = [UInt8](repeating: 0, count: 32)
            var length = x.count
            guard unsafe EVP_PKEY_get_raw_public_key(pointer, &x, &length) == 1, length == x.count else {
                throw OpenSSLError.capture("EVP_PKEY_get_raw_public_key")
            }
            return (x: x, y: nil)
        }
    }

    private func coordinate(_ parameter: String) throws(OpenSSLError) -> [UInt8] {
        var number: OpaquePointer?
        defer { unsafe BN_free(number) }
        guard unsafe EVP_PKEY_get_bn_param(pointer, parameter, &number) == 1 else {
            throw OpenSSLError.capture("EVP_PKEY_get_bn_param")
        }
        var bytes = [UInt8](repeating: 0, count: 32)
        guard unsafe BN_bn2binpad(number, &bytes, CInt(bytes.count)) == bytes.count else {
            throw OpenSSLError.capture("BN_bn2binpad")
        }
        return bytes
    }
}
