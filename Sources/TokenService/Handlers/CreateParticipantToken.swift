import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// `POST /v1/participant-tokens`: a session without an invite, for a backend.
    func createParticipantToken(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        guard let key = principal.mintingKey else {
            throw Problem(.forbidden, "Sessions descend from an API key, and this workspace has no active admin key.")
        }
        return try await idempotently(call, principal) { result in
            try await replayParticipantToken(result, call, principal)
        } effect: { ticket in
            var body = try BodyReader(call.request)
            let campaign = try Self.campaign(&body)
            let email = try Self.email(&body)
            var asked = IssuanceRequest(.session)
            asked.expiresIn = try body.integer("expires_in", in: 1...Int64.max)
            asked.keyOrigins = principal.keyOrigins
            try body.finish()
            let policies = try await policies.policies(of: principal.tenant)
            let policy = policies.resolve(campaign: campaign.text, apiKey: key, now: call.now)
            if let violation = policy.enforced.violation(of: asked) { throw refusal(violation) }
            let lifetime = policy.enforced.lifetime(of: asked)
            let session = try newSession(campaign, email, principal.tenant, key, asked, lifetime, policy.enforced, call)
            let tokenID = identifiers.next(at: call.now)
            let record = RecordedToken(session: session.id, token: tokenID, lifetimeSeconds: lifetime)
            let command = CreateSession(
                session: session,
                claim: ticket?.claim(result: record.bytes, now: call.now),
                audit: sessionAudit(session, asked, policy, call, principal),
                now: call.now
            )
            switch try await store.createSession(command) {
            case .done(.created(let rev)):
                var stored = session
                stored.rev = rev
                metrics.issued(.participant, count: 1)
                usage.minted(1, principal.tenant, apiKey: key, now: call.now)
                return .done(try answer(stored, record, policy.enforced, call))
            case .done(.keyNotActive): throw Problem.unauthorized("the key was ended while the request ran")
            case .replay(let result): return .replay(result: result)
            case .mismatch: return .mismatch
            }
        }
    }

    private func newSession(
        _ campaign: CampaignID,
        _ email: EmailAddress,
        _ tenant: Tenant,
        _ apiKey: RecordID,
        _ asked: IssuanceRequest,
        _ lifetimeSeconds: Int64,
        _ policy: EffectivePolicy,
        _ call: Call
    ) throws -> SessionRecord {
        let id = identifiers.next(at: call.now)
        let createdAt = UnixTime(seconds: call.now.seconds)
        let renewUntil = createdAt.adding(seconds: policy.renewSeconds.value)
        return SessionRecord(
            id: id,
            tenant: tenant,
            invite: nil,
            apiKey: apiKey,
            campaign: campaign.text,
            participant: try pseudonyms.pseudonym(of: email, in: tenant),
            sealed: try sealer.seal(SealedDetails(email: email.text), of: tenant, record: id),
            allowedOrigins: policy.originList(asked) ?? [],
            createdAt: createdAt,
            renewUntil: renewUntil,
            tokensUntil: SessionRecord.tokenEnd(
                issuedAt: createdAt,
                lifetimeSeconds: lifetimeSeconds,
                renewUntil: renewUntil
            )
        )
    }

    private func sessionAudit(
        _ session: SessionRecord,
        _ asked: IssuanceRequest,
        _ policy: PolicyResolution,
        _ call: Call,
        _ principal: Principal
    ) -> [AuditDraft] {
        let target = TypeID.text(.session, session.id)
        let created = audit.draft(
            "session.created",
            call,
            tenant: session.tenant,
            actor: principal.actor,
            target: target
        ) { detail in
            detail.member("campaign_id", session.campaign)
            detail.member("subject", subject: session.participant)
            asked.record(to: &detail)
        }
        guard let violation = policy.shadowViolation(of: asked) else { return [created] }
        let shadow = shadowDraft(
            violation,
            call,
            session.tenant,
            actor: principal.actor,
            target: target,
            campaign: session.campaign,
            apiKey: session.apiKey
        )
        return [created, shadow]
    }

    private func answer(
        _ session: SessionRecord,
        _ record: RecordedToken,
        _ policy: EffectivePolicy,
        _ call: Call
    ) throws -> HTTPResponse {
        let issued = try issuance.participantToken(
            session,
            lifetimeSeconds: record.lifetimeSeconds,
            includesEmail: policy.emailInToken.value,
            id: record.token,
            issuedAt: session.createdAt
        )
        return Responses.json(201, isSecret: true, capacity: 1536) { writer in
            Self.write(issued, now: call.now, to: &writer)
        }
    }

    private func replayParticipantToken(
        _ result: [UInt8],
        _ call: Call,
        _ principal: Principal
    ) async throws -> HTTPResponse {
        guard let record = RecordedToken(result),
            let session = try await store.session(record.session, of: principal.tenant)
        else { throw Problem.notFound("the recorded session was swept") }
        let policies = try await policies.policies(of: principal.tenant)
        let policy = policies.resolve(campaign: session.campaign, apiKey: session.apiKey, now: call.now)
        return try answer(session, record, policy.enforced, call)
    }
}

/// What a retry needs to sign the same claims: session id, token id, lifetime.
private struct RecordedToken {
    let session: RecordID
    let token: RecordID
    let lifetimeSeconds: Int64

    init(session: RecordID, token: RecordID, lifetimeSeconds: Int64) {
        self.session = session
        self.token = token
        self.lifetimeSeconds = lifetimeSeconds
    }

    init?(_ bytes: [UInt8]) {
        guard bytes.count == 40, let session = RecordID(bytes: bytes[0..<16]),
            let token = RecordID(bytes: bytes[16..<32])
        else { return nil }
        let seconds = bytes[32..<40].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.init(session: session, token: token, lifetimeSeconds: Int64(clamping: seconds))
    }

    var bytes: [UInt8] {
        session.bytes + token.bytes + RecordID(high: UInt64(clamping: lifetimeSeconds), low: 0).bytes.prefix(8)
    }
}
