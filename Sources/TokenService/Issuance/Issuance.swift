package import InviteStore
package import Platform
import StrictJSON

/// Where tokens come from: the only place that knows the order of steps.
///
/// Each verb validates nothing about the caller (that is done before) and answers only after the store has synced:
///
/// 1. seal the address, make the ids;
/// 2. one store transaction: state, audit, idempotency, and the number of the last cut-off (`rev`);
/// 3. sign with that `rev`.
///
/// A process that dies between 2 and 3 leaves a stored invite whose token nobody saw; the same `Idempotency-Key`
/// gets it.
package final class Issuance: Sendable {
    package let store: any InviteStore
    package let keyrings: LiveKeyring
    package let identifiers: IdentifierGenerator
    package let sealer: RecordSealer
    package let pseudonyms: Pseudonymizer
    package let audit: AuditTrail
    /// The `iss` of every token.
    package let issuerURL: String

    package init(
        store: any InviteStore,
        keyrings: LiveKeyring,
        identifiers: IdentifierGenerator,
        sealer: RecordSealer,
        pseudonyms: Pseudonymizer,
        audit: AuditTrail,
        issuerURL: String
    ) {
        self.store = store
        self.keyrings = keyrings
        self.identifiers = identifiers
        self.sealer = sealer
        self.pseudonyms = pseudonyms
        self.audit = audit
        self.issuerURL = issuerURL
    }

    package var keyring: SigningKeyring { keyrings.current }
}

// MARK: - Invites

/// One invite as a backend asks for it, checked.
package struct InviteRequest: Equatable, Sendable {
    package var campaign: CampaignID
    package var email: EmailAddress
    package var lifetimeSeconds: Int64
    package var maxUses: Int
    package var allowedOrigins: [String]
    /// Canonical JSON object; empty where there is none.
    package var metadata: [UInt8]
    /// What was asked for, as policies judge it; recorded, so that it can be judged again.
    package var asked: IssuanceRequest
    /// What a policy in shadow says against it.
    package var shadowViolation: PolicyViolation?
    /// Whether its token carries the address in clear.
    package var includesEmail: Bool
}

extension Issuance {
    /// The row of a new invite, everything but its `rev`.
    package func record(
        _ request: InviteRequest,
        _ tenant: Tenant,
        apiKey: RecordID,
        now: UnixTime
    ) throws -> InviteRecord {
        let id = identifiers.next(at: now)
        let details = SealedDetails(email: request.email.text, metadata: request.metadata)
        let issuedAt = UnixTime(seconds: now.seconds)
        return InviteRecord(
            id: id,
            tenant: tenant,
            apiKey: apiKey,
            campaign: request.campaign.text,
            participant: try pseudonyms.pseudonym(of: request.email, in: tenant),
            addressIndex: pseudonyms.addressIndex(of: request.email, in: tenant),
            sealed: try sealer.seal(details, of: tenant, record: id),
            allowedOrigins: request.allowedOrigins,
            maxUses: request.maxUses,
            createdAt: issuedAt,
            expiresAt: issuedAt.adding(seconds: request.lifetimeSeconds)
        )
    }

    /// What stores invites together with their audit events.
    ///
    /// `asked` has what each of them was asked for as, in the same order; `extra` is stored with their events.
    package func command(
        _ invites: [InviteRecord],
        asked: [IssuanceRequest],
        _ call: Call,
        _ principal: Principal,
        claim: IdempotencyClaim?,
        extra: [AuditDraft]
    ) -> CreateInvites {
        var drafts = zip(invites, asked).map { invite, asked in
            audit.draft(
                "invite.created",
                call,
                tenant: invite.tenant,
                actor: principal.actor,
                target: TypeID.text(.invite, invite.id)
            ) { detail in
                detail.member("campaign_id", invite.campaign)
                detail.member("subject", subject: invite.participant)
                detail.member("expires_at", time: invite.expiresAt)
                asked.record(to: &detail)
            }
        }
        if !extra.isEmpty { drafts += extra }
        return CreateInvites(invites: invites, claim: claim, audit: drafts, now: call.now)
    }

    /// The `rev` that the tokens of what was stored must carry.
    package static func rev(_ outcome: CreateOutcome) throws -> Int64 {
        switch outcome {
        case .created(let rev): return rev
        case .keyNotActive: throw Problem.unauthorized("the key was ended while the request ran")
        }
    }

    /// The token of a stored invite: the same claims however often it is signed.
    package func token(of invite: InviteRecord, rev: Int64, email: String, includesEmail: Bool) throws -> [UInt8] {
        try keyring.issuer.invite(
            InviteClaims(
                invite: invite.id,
                tenant: invite.tenant,
                campaign: invite.campaign,
                participant: invite.participant,
                issuedAt: invite.createdAt,
                expiresAt: invite.expiresAt,
                rev: rev,
                email: includesEmail ? email : nil
            )
        )
    }
}

// MARK: - Sessions

/// A participant token that was just signed.
package struct IssuedParticipantToken: Sendable {
    /// ASCII.
    package let token: [UInt8]
    package let id: RecordID
    package let issuedAt: UnixTime
    package let expiresAt: UnixTime
    package let session: SessionRecord
    package let email: String

    /// Whole seconds that the token has left at `now`.
    package func expiresIn(at now: UnixTime) -> Int64 { max(0, expiresAt.seconds - now.seconds) }
}

extension Issuance {
    /// Signs a participant token for a session, never past the session's `renew_until`, and never past what the store knows
    /// its tokens to live for: an ended session is remembered no longer.
    ///
    /// `id` and `issuedAt` are given only to sign the same claims again.
    package func participantToken(
        _ session: SessionRecord,
        lifetimeSeconds: Int64,
        includesEmail: Bool,
        id: RecordID? = nil,
        issuedAt: UnixTime
    ) throws -> IssuedParticipantToken {
        guard let details = session.details(sealer) else {
            throw Problem.internalError("session \(TypeID.text(.session, session.id)) does not open")
        }
        let tokenID = id ?? identifiers.next(at: issuedAt)
        let issued = UnixTime(seconds: issuedAt.seconds)
        let end = SessionRecord.tokenEnd(
            issuedAt: issuedAt,
            lifetimeSeconds: lifetimeSeconds,
            renewUntil: session.renewUntil
        )
        let expiresAt = min(end, session.tokensUntil)
        let token = try keyring.issuer.participant(
            ParticipantClaims(
                token: tokenID,
                tenant: session.tenant,
                session: session.id,
                campaign: session.campaign,
                participant: session.participant,
                issuedAt: issued,
                expiresAt: expiresAt,
                rev: session.rev,
                seal: TokenSealContent(
                    email: details.email,
                    renewUntil: session.renewUntil,
                    invite: session.invite,
                    apiKey: session.apiKey,
                    originMarks: Self.originMarks(session)
                ),
                origin: session.origin,
                email: includesEmail ? details.email : nil,
                boundKey: session.boundKey
            )
        )
        return IssuedParticipantToken(
            token: token,
            id: tokenID,
            issuedAt: issued,
            expiresAt: expiresAt,
            session: session,
            email: details.email
        )
    }

    /// Where a token may be used from: of a list, the one that it is bound to is all that counts.
    private static func originMarks(_ session: SessionRecord) -> [UInt64] {
        guard let origin = session.origin, session.allowedOrigins.contains(origin) else {
            return session.allowedOrigins.map(TokenSealContent.mark)
        }
        return [TokenSealContent.mark(of: origin)]
    }
}
