import InviteStore
package import JWTLite
package import Platform
import StrictJSON

/// Why a presented token was refused.
package enum TokenRefusal: Error, Equatable, Sendable {
    /// Signature, type, audience or content is wrong; the reason is for the log alone.
    case invalid(String)
    case expired
    case revoked
    case sessionEnded
}

/// Verifies presented tokens and turns them into typed claims.
///
/// Looks at nothing but the token, the keys and `now`.
package struct TokenReader: Sendable {
    private let verifier: TokenVerifier
    private let seal: TokenSeal

    package init(verifier: TokenVerifier, seal: TokenSeal) {
        self.verifier = verifier
        self.seal = seal
    }

    /// Claims of a good invite token.
    ///
    /// An expired one is returned too (`isExpired`), so that the caller can say `invite_expired` rather than deny a
    /// token that was good.
    package func invite(
        _ token: String,
        now: UnixTime
    ) throws(TokenRefusal) -> (claims: InviteClaims, isExpired: Bool) {
        let verified = try verify(token, .invite, now)
        let common = try Self.common(verified, .invite)
        guard let invite = TypeID.parse(.invite, verified.tokenID) else { throw .invalid("jti is no invite id") }
        let claims = InviteClaims(
            invite: invite,
            tenant: common.tenant,
            campaign: common.campaign,
            participant: common.participant,
            issuedAt: verified.issuedAt,
            expiresAt: verified.expiresAt,
            rev: common.rev,
            email: verified.payload.root["email"]?.string
        )
        return (claims, now >= verified.expiresAt)
    }

    /// Claims of a good participant token; an expired one is returned too.
    package func participant(
        _ token: String,
        now: UnixTime
    ) throws(TokenRefusal) -> (claims: ParticipantClaims, isExpired: Bool) {
        let verified = try verify(token, .participant, now)
        let common = try Self.common(verified, .participant)
        let root = verified.payload.root
        guard let id = TypeID.parse(.participantToken, verified.tokenID) else {
            throw .invalid("jti is no participant token id")
        }
        guard let session = root["sid"]?.string.flatMap({ TypeID.parse(.session, $0) }) else {
            throw .invalid("sid is missing")
        }
        guard var content = root["seal"]?.string.flatMap({ seal.open($0, tokenID: id) }) else {
            throw .invalid("seal does not open")
        }
        let email = root["email"]?.string
        if content.email.isEmpty, let email { content.email = email }
        let claims = ParticipantClaims(
            token: id,
            tenant: common.tenant,
            session: session,
            campaign: common.campaign,
            participant: common.participant,
            issuedAt: verified.issuedAt,
            expiresAt: verified.expiresAt,
            rev: common.rev,
            seal: content,
            origin: root["origin"]?.string,
            email: email,
            boundKey: root["cnf"]?["jkt"]?.string
        )
        return (claims, now >= verified.expiresAt)
    }

    private func verify(_ token: String, _ kind: TokenKind, _ now: UnixTime) throws(TokenRefusal) -> VerifiedToken {
        do {
            return try verifier.verifyIgnoringExpiry(token, type: kind.type, audience: nil, now: now)
        } catch {
            throw .invalid("\(error)")
        }
    }

    private static func common(
        _ verified: VerifiedToken,
        _ kind: TokenKind
    ) throws(TokenRefusal) -> (tenant: Tenant, campaign: String, participant: KeyedDigest16, rev: Int64) {
        guard let workspace = kind.workspace(ofAudience: verified.audience) else { throw .invalid("aud is not ours") }
        let root = verified.payload.root
        guard let environment = root["env"]?.string.flatMap(DeploymentEnvironment.init(rawValue:)) else {
            throw .invalid("env is missing")
        }
        guard let campaign = root["campaign_id"]?.string else { throw .invalid("campaign_id is missing") }
        guard let participant = Pseudonymizer.parse(verified.subject) else { throw .invalid("sub is no pseudonym") }
        guard let rev = root["rev"]?.integer else { throw .invalid("rev is missing") }
        return (Tenant(workspace: workspace, environment: environment), campaign, participant, rev)
    }
}
