package import OpenSSLKit
import StrictJSON

extension VerifyingKey {
    /// The JWK thumbprint: base64url of SHA-256 over the required members in order (RFC 7638, RFC 8037 appendix A.3).
    package var thumbprint: String { Thumbprint.text(algorithm, x: x, y: y) }
}

extension PresentedKey {
    /// The JWK thumbprint, as ``VerifyingKey/thumbprint``.
    package var thumbprint: String { Thumbprint.text(algorithm, x: x, y: y) }
}

private enum Thumbprint {
    static func text(_ algorithm: SignatureAlgorithm, x: [UInt8], y: [UInt8]?) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("crv", algorithm.curve)
        writer.member("kty", algorithm.keyType)
        writer.member("x", Base64URL.encodeToString(x))
        if let y { writer.member("y", Base64URL.encodeToString(y)) }
        writer.endObject()
        return Base64URL.encodeToString(SHA256Digest.digest(writer.bytes).bytes)
    }
}

extension SignatureAlgorithm {
    /// The `kty` of a key for this algorithm (RFC 7518 section 6.1, RFC 8037 section 2).
    var keyType: String {
        switch self {
        case .es256: "EC"
        case .edDSA: "OKP"
        }
    }

    /// The `crv` of a key for this algorithm (RFC 7518 section 6.2.1.1, RFC 8037 section 2).
    var curve: String {
        switch self {
        case .es256: "P-256"
        case .edDSA: "Ed25519"
        }
    }
}
