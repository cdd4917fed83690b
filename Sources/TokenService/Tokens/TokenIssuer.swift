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

    /// Signs an invite token; ASCII.
    package func invite(_ claims: InviteClaims) throws -> [UInt8] {
        var writer = JSONWriter(capacity: 384)
        writer.beginObject()
        writer.member("iss", issuer)
        Self.write(audience: .invite, claims.tenant.workspace, to: &writer)
        writer.member("sub", subject: claims.participant)
        writer.member("jti", .invite, claims.invite)
        writer.member("env", claims.tenant.environment.rawValue)
        writer.member("campaign_id", claims.campaign)
        Self.write(issuedAt: claims.issuedAt, expiresAt: claims.expiresAt, rev: claims.rev, to: &writer)
        if let email = claims.email { writer.member("email", email) }
        writer.endObject()
        return try signer.signASCII(type: TokenKind.invite.type, payload: writer.bytes)
    }

    /// Signs a participant token; ASCII.
    package func participant(_ claims: ParticipantClaims) throws -> [UInt8] {
        var writer = JSONWriter(capacity: 640)
        writer.beginObject()
        writer.member("iss", issuer)
        Self.write(audience: .participant, claims.tenant.workspace, to: &writer)
        writer.member("sub", subject: claims.participant)
        writer.member("jti", .participantToken, claims.token)
        writer.member("env", claims.tenant.environment.rawValue)
        writer.member("campaign_id", claims.campaign)
        writer.member("sid", .session, claims.session)
        Self.write(issuedAt: claims.issuedAt, expiresAt: claims.expiresAt, rev: claims.rev, to: &writer)
        writer.member("seal", try seal.seal(claims.seal, tokenID: claims.token, withEmail: claims.email == nil))
        if let origin = claims.origin { writer.member("origin", origin) }
        if let email = claims.email { writer.member("email", email) }
        if let boundKey = claims.boundKey {
            writer.name("cnf")
            writer.beginObject()
            writer.member("jkt", boundKey)
            writer.endObject()
        }
        writer.endObject()
        return try signer.signASCII(type: TokenKind.participant.type, payload: writer.bytes)
    }

    /// `ws_…/invite` or `ws_…/participant`, as ``TokenKind/audience(_:)`` has it.
    private static func write(audience kind: TokenKind, _ workspace: RecordID, to writer: inout JSONWriter) {
        let idCount = TypeID.count(.workspace)
        let suffix: StaticString = kind == .invite ? "/invite" : "/participant"
        writer.member("aud", plain: idCount + suffix.utf8CodeUnitCount) { text in
            TypeID.write(.workspace, workspace, to: &text)
            suffix.withUTF8Buffer { suffix in
                for index in suffix.indices { text[idCount + index] = unsafe suffix[index] }
            }
        }
    }

    private static func write(issuedAt: UnixTime, expiresAt: UnixTime, rev: Int64, to writer: inout JSONWriter) {
        writer.member("iat", issuedAt.seconds)
        writer.member("nbf", issuedAt.seconds)
        writer.member("exp", expiresAt.seconds)
        writer.member("rev", rev)
    }
}
