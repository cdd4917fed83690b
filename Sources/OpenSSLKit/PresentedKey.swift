import COpenSSL

/// A public key that arrived with what it signed, and is used for that alone.
///
/// Nothing is set up for it: a P-256 point is put into a key that stands ready with its contexts, which costs 1 µs where a
/// key and contexts of its own cost 45 µs beside the verification's 78.
package struct PresentedKey: Sendable {
    package let algorithm: SignatureAlgorithm
    /// The x coordinate of P-256, 32 bytes, big-endian, or the encoded point of Ed25519 (RFC 8032 section 5.1.2).
    package let x: [UInt8]
    /// The y coordinate of P-256, 32 bytes, big-endian; nil for Ed25519.
    package let y: [UInt8]?

    /// What became of a verification.
    package enum Verdict: Equatable, Sendable {
        case valid
        case badSignature
        /// The coordinates name no point of the curve (SP 800-56A section 5.6.2.3).
        case invalidKey
    }

    /// A P-256 key from its coordinates, nil unless each has 32 bytes; whether they are a point shows at the verification.
    package init?(p256X x: [UInt8], y: [UInt8]) {
        guard x.count == 32, y.count == 32 else { return nil }
        (algorithm, self.x, self.y) = (.es256, x, y)
    }

    /// An Ed25519 key from its 32-byte encoding, nil where ``VerifyingKey/init(ed25519X:)`` would refuse it.
    package init?(ed25519X x: [UInt8]) {
        guard x.count == 32, Ed25519Encoding.isAcceptableKey(x) else { return nil }
        (algorithm, self.x, y) = (.edDSA, x, nil)
    }

    /// Checks a signature as ``VerifyingKey`` does, over lent bytes.
    ///
    /// `acceptsHighS` lets an ES256 signature have any s below n, for signers who do not choose the lower one. A failing
    /// library is a bad signature.
    package func verify(
        _ signature: [UInt8],
        of message: UnsafeRawBufferPointer,
        acceptsHighS: Bool = false
    ) -> Verdict {
        guard let y else {
            let isValid = unsafe (try? VerifyingKey(ed25519X: x))?.isValid(signature, for: message) ?? false
            return isValid ? .valid : .badSignature
        }
        guard
            let signature = unsafe signature.withUnsafeBytes({ bytes in
                unsafe ECDSASignature(fixedWidth: bytes, acceptsHighS: acceptsHighS)
            })
        else { return .badSignature }
        // SEC 1 section 2.3.3: 04 ‖ x ‖ y.
        let point = [0x04] + x + y
        let digest = unsafe SHA256Digest.digest(message)
        let verdict = unsafe Self.contexts.withContext { context in
            guard let key = unsafe EVP_PKEY_CTX_get0_pkey(context),
                unsafe EVP_PKEY_set1_encoded_public_key(key, point, point.count) == 1
            else { return Verdict.invalidKey }
            return unsafe Self.verify(signature, digest, context) ? .valid : .badSignature
        }
        // A failed check leaves an entry that the next user of this thread would take for its own.
        if verdict != .valid { ERR_clear_error() }
        return verdict ?? .badSignature
    }

    private static func verify(_ signature: ECDSASignature, _ digest: Digest256, _ context: OpaquePointer) -> Bool {
        unsafe withUnsafeTemporaryAllocation(byteCount: ECDSASignature.derBytesMax, alignment: 1) { der in
            let length = unsafe signature.writeDER(to: der)
            return unsafe digest.withUnsafeBytes { digest in
                unsafe EVP_PKEY_verify(
                    context,
                    der.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    length,
                    digest.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    digest.count
                ) == 1
            }
        }
    }

    // MARK: Contexts

    /// Contexts whose key is theirs alone, so that its point may change while nobody else looks at it.
    private static let contexts = ContextPool(make: makeContext, free: { unsafe EVP_PKEY_CTX_free($0.pointer) })

    private static func makeContext() -> ContextHandle? {
        // The context keeps the key, which is let go of here. Any point will do: it is replaced before every use.
        guard let key = try? PublicKeyImport.p256(x: generatorX, y: generatorY),
            let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil)
        else { return nil }
        if unsafe EVP_PKEY_verify_init(context) == 1 { return unsafe ContextHandle(context) }
        unsafe EVP_PKEY_CTX_free(context)
        return nil
    }

    /// The base point of P-256 (SP 800-186 section 3.2.1.3).
    private static let generatorX: [UInt8] = [
        0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2,
        0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96,
    ]
    private static let generatorY: [UInt8] = [
        0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16,
        0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5,
    ]
}
