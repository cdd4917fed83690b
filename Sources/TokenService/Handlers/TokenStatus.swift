import HTTPServer
import InviteStore
import Platform
import StrictJSON

/// What is known of a presented token, for the backend that asks.
struct TokenStatus: Sendable {
    /// `valid`, or one of the 401, 409 and 410 codes.
    var code: String
    var kind: TokenKind
    var tokenID: String
    var tenant: Tenant
    var campaign: String
    var participant: KeyedDigest16
    var email: String?
    var session: RecordID?
    var invite: RecordID?
    var issuedAt: UnixTime
    var expiresAt: UnixTime
    /// The thumbprint of the key that the token is bound to.
    var boundKey: String?

    var isValid: Bool { code == "valid" }
}

extension TokenStatus {
    /// Writes `cnf` where the token is bound to a key (RFC 9449 section 6.2): who takes the token must see the proof.
    func writeConfirmation(to writer: inout JSONWriter) {
        guard let boundKey else { return }
        writer.name("cnf")
        writer.beginObject()
        writer.member("jkt", boundKey)
        writer.endObject()
    }
}

extension Services {
    /// Looks into a token of the caller's tenant; nil where it is none.
    func status(of token: String, tenant: Tenant, now: UnixTime) async throws -> TokenStatus? {
        guard !revocations.isStale else { throw Problem.unavailable("the revocation view is stale") }
        if let (claims, isExpired) = try? keyring.reader.participant(token, now: now) {
            return claims.tenant == tenant ? status(of: claims, isExpired: isExpired) : nil
        }
        guard let (claims, isExpired) = try? keyring.reader.invite(token, now: now), claims.tenant == tenant,
            let invite = try await store.invite(claims.invite, of: tenant)
        else { return nil }
        return try status(of: claims, isExpired: isExpired, invite)
    }

    private func status(of claims: ParticipantClaims, isExpired: Bool) -> TokenStatus {
        let code: ProblemCode? =
            switch revocations.refusal(of: claims) {
            case .sessionEnded: .sessionEnded
            case .some: .tokenRevoked
            case nil: isExpired ? .tokenExpired : nil
            }
        return TokenStatus(
            code: code?.rawValue ?? "valid",
            kind: .participant,
            tokenID: TypeID.text(.participantToken, claims.token),
            tenant: claims.tenant,
            campaign: claims.campaign,
            participant: claims.participant,
            email: claims.seal.email,
            session: claims.session,
            invite: claims.seal.invite,
            issuedAt: claims.issuedAt,
            expiresAt: claims.expiresAt,
            boundKey: claims.boundKey
        )
    }

    private func status(of claims: InviteClaims, isExpired: Bool, _ invite: InviteRecord) throws -> TokenStatus {
        let isCut = invite.revokedAt != nil || revocations.isCut(claims, apiKey: invite.apiKey)
        let code: ProblemCode? =
            if isCut {
                .inviteRevoked
            } else if invite.uses >= invite.maxUses {
                .inviteUsed
            } else {
                isExpired ? .inviteExpired : nil
            }
        return TokenStatus(
            code: code?.rawValue ?? "valid",
            kind: .invite,
            tokenID: TypeID.text(.invite, claims.invite),
            tenant: claims.tenant,
            campaign: claims.campaign,
            participant: claims.participant,
            email: try details(of: invite).email,
            session: nil,
            invite: claims.invite,
            issuedAt: claims.issuedAt,
            expiresAt: claims.expiresAt
        )
    }
}
