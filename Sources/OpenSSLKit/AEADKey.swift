import COpenSSL
package import Platform

/// A key for AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce per message.
///
/// Random nonces bound the use of one key to 2^32 messages (SP 800-38D section 8.3); rotate the key before that.
package final class AEADKey: Sendable {
    private static let nonceBytes = 12
    private static let tagBytes = 16
    /// Longest message in either direction; far above anything that is sealed here.
    private static let messageBytesMax = 1 << 24

    private static let cipher: ContextHandle = {
        guard let handle = unsafe ContextHandle(EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)) else {
            preconditionFailure("OpenSSL offers no AES-256-GCM")
        }
        return handle
    }()

    private let sealing: ContextPool
    private let opening: ContextPool

    /// Takes a key of exactly 32 bytes.
    ///
    /// Throws `OpenSSLError` for any other length, or where a context cannot be made.
    package init(_ key: SecretBytes) throws {
        guard key.count == 32 else {
            throw OpenSSLError(operation: "AEADKey", reason: "the key must have 32 bytes, not \(key.count)")
        }
        sealing = Self.contexts(key, encrypting: true)
        opening = Self.contexts(key, encrypting: false)
        // Made once here, so that a key that cannot work is found out now.
        ERR_clear_error()
        guard unsafe sealing.withContext({ _ in true }) == true, unsafe opening.withContext({ _ in true }) == true
        else {
            throw OpenSSLError.capture("EVP_CipherInit_ex2")
        }
    }

    /// Encrypts and authenticates a message of at most 16 MiB: nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes).
    ///
    /// `authenticating` is bound to the result but not part of it: ``open(_:authenticating:)`` needs the same bytes.
    package func seal(_ plaintext: [UInt8], authenticating: [UInt8], random: any RandomSource) -> [UInt8] {
        precondition(
            plaintext.count <= Self.messageBytesMax && authenticating.count <= Self.messageBytesMax,
            "a message to seal has at most 16 MiB"
        )
        let count = Self.nonceBytes + plaintext.count + Self.tagBytes
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            unsafe buffer.initialize(repeating: 0)
            let sealed = UnsafeMutableRawBufferPointer(buffer)
            unsafe random.fill(UnsafeMutableRawBufferPointer(rebasing: sealed[..<Self.nonceBytes]))
            let isDone = unsafe sealing.withContext { context in
                unsafe Self.seal(plaintext, authenticating, into: buffer, context)
            }
            // The lengths are right and the key is set: only memory can be wanting.
            precondition(isDone == true, "AES-256-GCM failed: out of memory")
            initializedCount = count
        }
    }

    /// Gives back the message that ``seal(_:authenticating:random:)`` took; nil for anything that was tampered with.
    package func open(_ sealed: [UInt8], authenticating: [UInt8]) -> [UInt8]? {
        guard sealed.count >= Self.nonceBytes + Self.tagBytes, sealed.count <= Self.messageBytesMax,
            authenticating.count <= Self.messageBytesMax
        else { return nil }
        let count = sealed.count - Self.nonceBytes - Self.tagBytes
        var isAuthentic = false
        let plaintext = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            unsafe buffer.initialize(repeating: 0)
            isAuthentic =
                unsafe opening.withContext { context in
                    unsafe Self.open(sealed, authenticating, into: buffer, context)
                } ?? false
            if !isAuthentic { unsafe OPENSSL_cleanse(buffer.baseAddress, buffer.count) }
            initializedCount = count
        }
        return isAuthentic ? plaintext : nil
    }

    private static func contexts(_ key: SecretBytes, encrypting: Bool) -> ContextPool {
        ContextPool(
            make: {
                guard let context = unsafe EVP_CIPHER_CTX_new() else { return nil }
                let isKeyed = unsafe key.withBytes { bytes in
                    unsafe EVP_CipherInit_ex2(
                        context,
                        cipher.pointer,
                        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        nil,
                        encrypting ? 1 : 0,
                        nil
                    ) == 1
                }
                if isKeyed { return unsafe ContextHandle(context) }
                unsafe EVP_CIPHER_CTX_free(context)
                return nil
            },
            free: { unsafe EVP_CIPHER_CTX_free($0.pointer) }
        )
    }

    /// Fills `output`, which starts with the nonce, with ciphertext and tag.
    private static func seal(
        _ plaintext: [UInt8],
        _ authenticating: [UInt8],
        into output: UnsafeMutableBufferPointer<UInt8>,
        _ context: OpaquePointer
    ) -> Bool {
        guard let start = output.baseAddress else { return false }
        var written: CInt = 0
        guard
            unsafe EVP_EncryptInit_ex(context, nil, nil, nil, start) == 1,
            unsafe authenticating.isEmpty
                || EVP_EncryptUpdate(context, nil, &written, authenticating, CInt(authenticating.count)) == 1
        else { return false }
        var position = unsafe start + nonceBytes
        if !plaintext.isEmpty {
            guard unsafe EVP_EncryptUpdate(context, position, &written, plaintext, CInt(plaintext.count)) == 1 else {
                return false
            }
            unsafe position += Int(written)
        }
        return unsafe EVP_EncryptFinal_ex(context, position, &written) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CInt(tagBytes), start + (output.count - tagBytes))
                == 1
    }

    /// Fills `output` with the plaintext and says whether the tag is right.
    private static func open(
        _ sealed: [UInt8],
        _ authenticating: [UInt8],
        into output: UnsafeMutableBufferPointer<UInt8>,
        _ context: OpaquePointer
    ) -> Bool {
        var tag = [UInt8](sealed.suffix(tagBytes))
        let isAuthentic = unsafe sealed.withUnsafeBufferPointer { input in
            guard let start = input.baseAddress else { return false }
            var written: CInt = 0
            guard
                unsafe EVP_DecryptInit_ex(context, nil, nil, nil, start) == 1,
                unsafe authenticating.isEmpty
                    || EVP_DecryptUpdate(context, nil, &written, authenticating, CInt(authenticating.count)) == 1,
                unsafe output.isEmpty
                    || EVP_DecryptUpdate(
                        context,
                        output.baseAddress,
                        &written,
                        start + nonceBytes,
                        CInt(output.count)
                    ) == 1,
                unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CInt(tagBytes), &tag) == 1
            else { return false }
            // Gives no bytes in this mode; it wants a place all the same.
            var rest: UInt8 = 0
            return unsafe EVP_DecryptFinal_ex(context, &rest, &written) == 1
        }
        if !isAuthentic { ERR_clear_error() }
        return isAuthentic
    }
}
