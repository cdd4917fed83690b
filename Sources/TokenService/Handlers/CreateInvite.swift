import HTTPServer
import InviteStore
import StrictJSON

extension Services {
    /// `POST /v1/invites`: one invite and its token, which is in this answer only.
    func createInvite(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await idempotently(call, principal) { result in
            try await replayInvite(result, call, principal)
        } effect: { ticket in
            let policies = try await policies.policies(of: principal.tenant)
            let request = try inviteRequest(BodyReader(call.request), principal, policies, call)
            let invite = try record(request, principal, call)
            let claim = ticket?.claim(result: invite.id.bytes, now: call.now)
            let shadow = shadowDrafts(of: [(invite, request)], call, principal)
            switch try await issuance.mint(
                [invite],
                asked: [request.asked],
                call,
                principal,
                claim: claim,
                extra: shadow
            ) {
            case .done(let stored):
                metrics.issued(.invite, count: stored.count)
                let details = SealedDetails(email: request.email.text, metadata: request.metadata)
                return .done(try created(stored[0], details, includesEmail: request.includesEmail, call))
            case .replay(let result): return .replay(result: result)
            case .mismatch: return .mismatch
            }
        }
    }

    /// The row for a checked request, in the caller's tenant and family.
    func record(_ request: InviteRequest, _ principal: Principal, _ call: Call) throws -> InviteRecord {
        guard let key = principal.mintingKey else {
            throw Problem(.forbidden, "Invites descend from an API key, and this workspace has no active admin key.")
        }
        return try issuance.record(request, principal.tenant, apiKey: key, now: call.now)
    }

    /// What policies in shadow say of new invites, to be stored with them.
    func shadowDrafts(
        of invites: [(record: InviteRecord, request: InviteRequest)],
        _ call: Call,
        _ principal: Principal
    ) -> [AuditDraft] {
        invites.compactMap { invite, request in
            request.shadowViolation.map { violation in
                shadowDraft(
                    violation,
                    call,
                    invite.tenant,
                    actor: principal.actor,
                    target: TypeID.text(.invite, invite.id),
                    campaign: invite.campaign,
                    apiKey: invite.apiKey
                )
            }
        }
    }

    private func created(
        _ invite: InviteRecord,
        _ details: SealedDetails,
        includesEmail: Bool,
        _ call: Call
    ) throws -> HTTPResponse {
        let token = try issuance.token(of: invite, email: details.email, includesEmail: includesEmail)
        return Responses.json(201, isSecret: true, capacity: 1024) { writer in
            write(invite, details: details, token: token, now: call.now, to: &writer)
        }
    }

    private func replayInvite(_ result: [UInt8], _ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        guard let id = RecordID(bytes: result), let invite = try await store.invite(id, of: principal.tenant) else {
            throw Problem.notFound("the recorded invite was swept")
        }
        let policies = try await policies.policies(of: principal.tenant)
        let policy = policies.resolve(campaign: invite.campaign, apiKey: invite.apiKey, now: call.now).enforced
        return try created(invite, try details(of: invite), includesEmail: policy.emailInToken.value, call)
    }
}
