import HTTPServer
import InviteStore
import StrictJSON

extension Services {
    /// `POST /v1/invites`: one invite and its token, which is in this answer only.
    func createInvite(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await idempotently(call, principal) { result in
            try await replayInvite(result, call, principal)
        } effect: { ticket in
            let request = try inviteRequest(BodyReader(call.request), principal)
            let invite = try record(request, principal, call)
            let claim = ticket?.claim(result: invite.id.bytes, now: call.now)
            switch try await issuance.mint([invite], call, principal, claim: claim) {
            case .done(let stored):
                countMint(stored.count, call, principal)
                let details = SealedDetails(email: request.email.text, metadata: request.metadata)
                return .done(try created(stored[0], details, call))
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

    /// Counts minted invites for the metrics and for the usage of their key.
    func countMint(_ number: Int, _ call: Call, _ principal: Principal) {
        metrics.issued(.invite, count: number)
        guard let key = principal.mintingKey else { return }
        usage.minted(number, principal.tenant, apiKey: key, now: call.now)
    }

    private func created(_ invite: InviteRecord, _ details: SealedDetails, _ call: Call) throws -> HTTPResponse {
        let token = try issuance.token(of: invite, email: details.email)
        return Responses.json(201, isSecret: true, capacity: 1024) { writer in
            write(invite, details: details, token: token, now: call.now, to: &writer)
        }
    }

    private func replayInvite(_ result: [UInt8], _ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        guard let id = RecordID(bytes: result), let invite = try await store.invite(id, of: principal.tenant) else {
            throw Problem.notFound("the recorded invite was swept")
        }
        return try created(invite, try details(of: invite), call)
    }
}
