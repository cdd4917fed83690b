package import OpenSSLKit
import StrictJSON

/// Makes proofs as a client does (RFC 9449 section 4.2): for the demonstration, whose thief has a key of his own.
package struct DPoPProofSigner: Sendable {
    private let key: SigningKey

    package init(key: SigningKey) { self.key = key }

    /// The `jkt` of the key.
    package var thumbprint: String { key.verifyingKey.thumbprint }

    /// Signs a proof; ASCII.
    package func proof(
        id: String,
        method: String,
        target: String,
        issuedAtSeconds: Int64,
        tokenHash: [UInt8]? = nil,
        nonce: String? = nil
    ) throws(OpenSSLError) -> [UInt8] {
        var header = JSONWriter()
        header.beginObject()
        header.member("typ", "dpop+jwt")
        header.member("alg", key.algorithm.rawValue)
        header.name("jwk")
        header.beginObject()
        header.member("kty", key.algorithm.keyType)
        header.member("crv", key.algorithm.curve)
        header.member("x", Base64URL.encodeToString(key.verifyingKey.x))
        if let y = key.verifyingKey.y { header.member("y", Base64URL.encodeToString(y)) }
        header.endObject()
        header.endObject()
        var payload = JSONWriter()
        payload.beginObject()
        payload.member("jti", id)
        payload.member("htm", method)
        payload.member("htu", target)
        payload.member("iat", issuedAtSeconds)
        if let tokenHash { payload.member("ath", String(decoding: tokenHash, as: UTF8.self)) }
        if let nonce { payload.member("nonce", nonce) }
        payload.endObject()
        return try sign(header: header.bytes, payload: payload.bytes)
    }

    /// Signs header and payload as they are, whatever they say; for tests.
    package func sign(header: [UInt8], payload: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        var text = Base64URL.encode(header)
        text.append(UInt8(ascii: "."))
        Base64URL.append(encoding: payload, to: &text)
        let signature = try key.sign(text)
        text.append(UInt8(ascii: "."))
        Base64URL.append(encoding: signature, to: &text)
        return text
    }
}
