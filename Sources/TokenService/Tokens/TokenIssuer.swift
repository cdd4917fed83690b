import InviteStore
import JWTLite
package import OpenSSLKit
import Platform
import StrictJSON

/// Writes and signs the two kinds of token.
///
/// One issuer stands for one signing key; it holds no other state and may be used from any thread.
package struct TokenIssuer: Sendable {
    private let signer: TokenSigner
    private let seal: TokenSeal
    private let issuer: String

    package init(key: SigningKey, issuer: String, seal: TokenSeal) {
        signer = TokenSigner(key: key)
        self.issuer = issuer
        self.seal = seal
    }

    /// The `kid` of every token it signs.
    package var keyID: String { signer.keyID }

    /// Signs an invite token.
    package func invite(_ claims: InviteClaims) throws -> String {
        var writer = JSONWriter(capacity: 384)
        writer.beginObject()
        writer.member("iss", issuer)
        writer.member("aud", TokenKind.invite.audience(claims.tenant.workspace))
        writer.member("sub", Pseudonymizer.text(claims.participant))
        writer.member("jti", TypeID.text(.invite, claims.invite))
        writer.member("env", claims.tenant.environment.rawValue)
        writer.member("campaign_id", claims.campaign)
        Self.write(issuedAt: claims.issuedAt, expiresAt: claims.expiresAt, rev: claims.rev, to: &writer)
        if let email = claims.email { writer.member("email", email) }
        writer.endObject()
        return try signer.sign(type: TokenKind.invite.type, payload: writer.bytes)
    }

    /// Signs a participant token.
    package func participant(_ claims: ParticipantClaims) throws -> String {
        var writer = JSONWriter(capacity: 640)
        writer.beginObject()
        writer.member("iss", issuer)
        writer.member("aud", TokenKind.participant.audience(claims.tenant.workspace))
        writer.member("sub", Pseudonymizer.text(claims.participant))
        writer.member("jti", TypeID.text(.participantToken, claims.token))
        writer.member("env", claims.tenant.environment.rawValue)
        writer.member("campaign_id", claims.campaign)
        writer.member("sid", TypeID.text(.session, claims.session))
        Self.write(issuedAt: claims.issuedAt, expiresAt: claims.expiresAt, rev: claims.rev, to: &writer)
        writer.member("seal", try seal.seal(claims.seal, tokenID: claims.token))
        if let origin = claims.origin { writer.member("origin", origin) }
        if let email = claims.email { writer.member("email", email) }
        if let boundKey = claims.boundKey {
            writer.name("cnf")
            writer.beginObject()
            writer.member("jkt", boundKey)
            writer.endObject()
        }
        writer.endObject()
        return try signer.sign(type: TokenKind.participant.type, payload: writer.bytes)
    }

    private static func write(issuedAt: UnixTime, expiresAt: UnixTime, rev: Int64, to writer: inout JSONWriter) {
        writer.member("iat", issuedAt.seconds)
        writer.member("nbf", issuedAt.seconds)
        writer.member("exp", expiresAt.seconds)
        writer.member("rev", rev)
    }
}
