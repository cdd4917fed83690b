import COpenSSL

/// A public key that arrived with what it signed, and is used for that alone.
///
/// No key object is made of it: for P-256 that would cost half as much again as the verification.
package struct PresentedKey: Sendable {
    package let algorithm: SignatureAlgorithm
    /// The x coordinate of P-256, 32 bytes, big-endian, or the encoded point of Ed25519 (RFC 8032 section 5.1.2).
    package let x: [UInt8]
    /// The y coordinate of P-256, 32 bytes, big-endian; nil for Ed25519.
    package let y: [UInt8]?
    /// 04 ‖ x ‖ y for P-256 (SEC 1 section 2.3.3).
    private let point: [UInt8]

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
        point = [0x04] + x + y
    }

    /// An Ed25519 key from its 32-byte encoding, nil where ``VerifyingKey/init(ed25519X:)`` would refuse it.
    package init?(ed25519X x: [UInt8]) {
        guard x.count == 32, Ed25519Encoding.isAcceptableKey(x) else { return nil }
        (algorithm, self.x, y, point) = (.edDSA, x, nil, [])
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
        if algorithm == .edDSA {
            let isValid = unsafe (try? VerifyingKey(ed25519X: x))?.isValid(signature, for: message) ?? false
            return isValid ? .valid : .badSignature
        }
        guard
            let signature = unsafe signature.withUnsafeBytes({ bytes in
                unsafe ECDSASignature(fixedWidth: bytes, acceptsHighS: acceptsHighS)
            })
        else { return .badSignature }
        let digest = unsafe SHA256Digest.digest(message)
        let verdict = PresentedSignatureCheck.verdict(of: point, signature, digest: digest)
        // A failed check leaves an entry that the next user of this thread would take for its own.
        if verdict != .valid { ERR_clear_error() }
        return verdict ?? .badSignature
    }
}
