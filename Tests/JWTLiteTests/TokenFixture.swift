import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import Testing

/// A key, its signer and verifier, and ways to make tokens that are good but for one thing.
struct TokenFixture {
    static let issuer = "https://tokens.example"
    static let audience = "ws_01/participant"
    static let type = "participant+jwt"
    static let now = UnixTime(seconds: 1_800_000_000)

    let key: SigningKey
    let signer: TokenSigner
    let verifier: TokenVerifier

    init(_ algorithm: SignatureAlgorithm = .es256) throws {
        key = try SigningKey.generate(algorithm)
        signer = TokenSigner(key: key)
        verifier = TokenVerifier(keys: [key.verifyingKey], issuer: Self.issuer)
    }

    /// The members of a good payload, name to JSON text, in order.
    static let claims: [(name: String, json: String)] = [
        ("iss", "\"\(issuer)\""), ("aud", "\"\(audience)\""), ("sub", "\"sub_abc\""), ("jti", "\"ptk_1\""),
        ("iat", "1799999900"), ("nbf", "1799999900"), ("exp", "1800000800"), ("env", "\"live\""),
    ]

    /// A good payload with one member set to other JSON text, or left out for nil.
    static func payload(_ name: String? = nil, _ json: String? = nil) -> String {
        var members = claims.map { ($0.name, $0.name == name ? json : $0.json) }
        if let name, !claims.contains(where: { $0.name == name }) { members.append((name, json)) }
        return "{" + members.compactMap { name, json in json.map { "\"\(name)\":\($0)" } }.joined(separator: ",") + "}"
    }

    /// The header that is issued.
    var header: String { #"{"alg":"\#(key.algorithm.rawValue)","kid":"\#(signer.keyID)","typ":"\#(Self.type)"}"# }

    /// A good token.
    func token() throws -> String { try signer.sign(type: Self.type, payload: Array(Self.payload().utf8)) }

    /// A token with these texts, signed properly.
    func token(header: String, payload: String = Self.payload()) throws -> String {
        try token(encodedHeader: Base64URL.encodeToString(Array(header.utf8)), payload: payload)
    }

    /// A token whose header is given as it stands in the text, signed properly.
    func token(encodedHeader: String, payload: String = Self.payload()) throws -> String {
        try token(encodedHeader: encodedHeader, encodedPayload: Base64URL.encodeToString(Array(payload.utf8)))
    }

    /// A token whose parts are given as they stand in the text, signed properly.
    func token(encodedHeader: String, encodedPayload: String) throws -> String {
        let input = encodedHeader + "." + encodedPayload
        return input + "." + Base64URL.encodeToString(try key.sign(Array(input.utf8)))
    }

    /// The fault that the verifier finds; nil where it finds none.
    func fault(
        _ token: String,
        type: String = Self.type,
        audience: String? = Self.audience,
        now: UnixTime = Self.now
    ) -> TokenError? {
        do throws(TokenError) {
            _ = try verifier.verify(token, type: type, audience: audience, now: now)
            return nil
        } catch {
            return error
        }
    }
}
