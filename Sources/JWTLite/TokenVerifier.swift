package import OpenSSLKit
package import Platform
import StrictJSON

/// A public key and the `kid` under which tokens name it.
package struct IdentifiedKey: Sendable {
    package let keyID: String
    package let key: VerifyingKey

    package init(keyID: String, key: VerifyingKey) {
        self.keyID = keyID
        self.key = key
    }

    /// Takes the key's thumbprint for its `kid`.
    package init(key: VerifyingKey) { self.init(keyID: key.thumbprint, key: key) }
}

/// Checks tokens of one issuer against a fixed set of keys, as strictly as RFC 8725 advises.
///
/// The header of a token chooses among the keys given here and decides nothing else: the algorithm is the key's.
package struct TokenVerifier: Sendable {
    /// A header that is issued here, in base64url, with what it says.
    private struct UsualHeader {
        let text: [UInt8]
        let type: String
        let key: IdentifiedKey
    }

    /// With more keys than this, headers are parsed rather than compared one by one.
    private static let comparedKeysMax = 8

    package let issuer: String
    package let limits: TokenLimits

    private let issuerUTF8: [UInt8]
    private let keys: [String: IdentifiedKey]
    private let usualHeaders: [UsualHeader]

    /// A verifier for these keys; where two have the same `kid`, the first one counts.
    package init(keys: [IdentifiedKey], issuer: String, limits: TokenLimits = TokenLimits()) {
        self.issuer = issuer
        self.limits = limits
        issuerUTF8 = Array(issuer.utf8)
        self.keys = Dictionary(keys.map { ($0.keyID, $0) }) { first, _ in first }
        usualHeaders = keys.prefix(Self.comparedKeysMax).flatMap { key in
            TokenSigner.usualTypes.map { type in
                let algorithm = key.key.algorithm.rawValue
                let text = JOSEHeader.encoded(algorithm: algorithm, keyID: key.keyID, type: type)
                return UsualHeader(text: text + [UInt8(ascii: ".")], type: type, key: key)
            }
        }
    }

    /// A verifier for keys that are named by their thumbprints.
    package init(keys: [VerifyingKey], issuer: String, limits: TokenLimits = TokenLimits()) {
        self.init(keys: keys.map { IdentifiedKey(key: $0) }, issuer: issuer, limits: limits)
    }

    /// Checks everything about a token.
    ///
    /// In this order: length, three parts, header (exactly `alg`, `kid`, `typ`), key, algorithm, `typ`, signature,
    /// payload, claims `iss`, `aud`, `sub`, `jti`, `exp`, `nbf`, `iat`, then the times. Without `audience` the claim
    /// must be a string all the same, and the caller must check what comes back.
    package func verify(
        _ token: String,
        type: String,
        audience: String?,
        now: UnixTime
    ) throws(TokenError) -> VerifiedToken {
        let verified = try verifyIgnoringExpiry(token, type: type, audience: audience, now: now)
        guard !verified.isExpired(now) else { throw .expired }
        return verified
    }

    /// Checks everything but whether the token has expired, for renewal and for telling "over" from "never was".
    package func verifyIgnoringExpiry(
        _ token: String,
        type: String,
        audience: String?,
        now: UnixTime
    ) throws(TokenError) -> VerifiedToken {
        guard token.utf8.count <= limits.charactersMax else { throw .malformed }
        let parts = try CompactToken(Array(token.utf8))
        let key = try acceptHeader(parts, type: type)
        guard let signature = Base64URL.decode(parts.signature) else { throw .malformed }
        guard parts.isSigned(by: key.key, signature) else { throw .badSignature }
        guard let payload = Base64URL.decode(parts.payload) else { throw .malformed }
        guard let document = try? JSONDocument(parsing: payload, limits: TokenLimits.payload),
            document.root.kind == .object
        else { throw .payloadRefused }
        let claims = RegisteredClaims(document.root)
        try IssuerClaim(claims.issuer).require(issuerUTF8)
        let claimedAudience = try AudienceClaim(claims.audience)
        if let audience { try claimedAudience.require(audience) }
        let subject = try SubjectClaim(claims.subject)
        let tokenID = try TokenIDClaim(claims.tokenID)
        let expiration = try ExpirationClaim(claims.expiration)
        let notBefore = try NotBeforeClaim(claims.notBefore)
        let issuedAt = try IssuedAtClaim(claims.issuedAt)
        try notBefore.require(reachedAt: now, leewaySeconds: limits.leewaySeconds)
        try issuedAt.require(reachedAt: now, leewaySeconds: limits.leewaySeconds)
        try expiration.require(after: issuedAt, lifetimeSecondsMax: limits.lifetimeSecondsMax)
        return VerifiedToken(
            keyID: key.keyID,
            type: type,
            issuer: issuer,
            audience: claimedAudience.audience,
            subject: subject.subject,
            tokenID: tokenID.tokenID,
            issuedAt: UnixTime(seconds: issuedAt.seconds),
            notBefore: UnixTime(seconds: notBefore.seconds),
            expiresAt: UnixTime(seconds: expiration.seconds),
            payload: document
        )
    }

    /// The key that the header names, where the header is one that may be.
    private func acceptHeader(_ parts: borrowing CompactToken, type: String) throws(TokenError) -> IdentifiedKey {
        // Tokens issued here have one of a few headers: comparing bytes spares decoding and parsing.
        for usual in usualHeaders where usual.type == type && parts.starts(with: usual.text) { return usual.key }
        guard let bytes = Base64URL.decode(parts.header) else { throw .malformed }
        guard let header = JOSEHeader(parsing: bytes), let keyID = header.keyID, let claimedType = header.type else {
            throw .headerRefused
        }
        guard let key = keys[keyID] else { throw .unknownKey }
        guard header.algorithm.stringEquals(utf8: Array(key.key.algorithm.rawValue.utf8)) else { throw .headerRefused }
        guard claimedType.hasSameUTF8(as: type) else { throw .wrongType }
        return key
    }
}
