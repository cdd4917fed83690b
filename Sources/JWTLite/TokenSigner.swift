package import OpenSSLKit

/// Makes tokens (JWS compact, RFC 7515 section 7.1) with one key.
package struct TokenSigner: Sendable {
    /// The types whose headers are made ahead, since nearly every token has one of them.
    package static let usualTypes = ["invite+jwt", "participant+jwt"]

    package let key: SigningKey
    /// The key's RFC 7638 thumbprint, the `kid` of its tokens.
    package let keyID: String

    private let usualHeaders: [(type: String, header: [UInt8])]

    package init(key: SigningKey) {
        self.key = key
        let keyID = key.verifyingKey.thumbprint
        self.keyID = keyID
        let algorithm = key.algorithm.rawValue
        usualHeaders = Self.usualTypes.map {
            ($0, JOSEHeader.encoded(algorithm: algorithm, keyID: keyID, type: $0))
        }
    }

    /// The public half, as it is published.
    package var jwk: JWK { JWK(key: key.verifyingKey, keyID: keyID) }

    /// Signs a payload that is JSON already.
    ///
    /// The header is `{"alg":…,"kid":…,"typ":…}`, in this order. Length and claims are the caller's affair.
    package func sign(type: String, payload: [UInt8]) throws(OpenSSLError) -> String {
        String(decoding: try signASCII(type: type, payload: payload), as: UTF8.self)
    }

    /// The same token as ASCII bytes.
    package func signASCII(type: String, payload: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        let header = encodedHeader(type)
        var token: [UInt8] = []
        token.reserveCapacity(header.count + Base64URL.encodedCount(payload.count) + 88)
        token.append(contentsOf: header)
        token.append(UInt8(ascii: "."))
        Base64URL.append(encoding: payload, to: &token)
        let signature = try key.sign(token)
        token.append(UInt8(ascii: "."))
        Base64URL.append(encoding: signature, to: &token)
        return token
    }

    private func encodedHeader(_ type: String) -> [UInt8] {
        for usual in usualHeaders where usual.type == type { return usual.header }
        return JOSEHeader.encoded(algorithm: key.algorithm.rawValue, keyID: keyID, type: type)
    }
}
