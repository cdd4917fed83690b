import HTTPServer
import InviteStore
import StrictJSON

extension Services {
    /// `POST /v1/invites`: one invite and its token, which is in this answer only.
    func createInvite(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        guard call.request.fields.contains("idempotency-key") else {
            let mint = try PreparedMint(self, call, principal)
            return try mint.answer(try await store.createInvites(mint.command(claim: nil))).withoutKey()
        }
        return try await idempotently(call, principal) { result in
            try await replayInvite(result, call, principal)
        } effect: { ticket in
            let mint = try PreparedMint(self, call, principal)
            let claim = ticket?.claim(result: mint.invite.id.bytes, now: call.now)
            return try mint.answer(try await store.createInvites(mint.command(claim: claim)))
        }
    }

    /// One invite between the checks and the store, and between the store and the answer.
    ///
    /// A class, so that a mint that waits for its commit keeps one reference.
    private final class PreparedMint: Sendable {
        let invite: InviteRecord
        private let services: Services
        private let details: SealedDetails
        private let call: Call
        private let principal: Principal

        init(_ services: Services, _ call: Call, _ principal: Principal) throws {
            let request = try services.inviteRequest(BodyReader(call.request), principal)
            invite = try services.record(request, principal, call)
            details = SealedDetails(email: request.email.text, metadata: request.metadata)
            self.services = services
            self.call = call
            self.principal = principal
        }

        func command(claim: IdempotencyClaim?) -> CreateInvites {
            services.issuance.command([invite], call, principal, claim: claim)
        }

        func answer(_ outcome: Idempotent<CreateOutcome>) throws -> Idempotent<HTTPResponse> {
            try outcome.map { outcome in
                let rev = try Issuance.rev(outcome)
                services.metrics.issued(.invite, count: 1)
                return try services.created(invite, rev: rev, details, call)
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

    private func created(
        _ invite: InviteRecord,
        rev: Int64,
        _ details: SealedDetails,
        _ call: Call
    ) throws -> HTTPResponse {
        let token = try issuance.token(of: invite, rev: rev, email: details.email)
        return Responses.json(201, isSecret: true, capacity: 960) { writer in
            write(invite, details: details, token: token, now: call.now, to: &writer)
        }
    }

    private func replayInvite(_ result: [UInt8], _ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        guard let id = RecordID(bytes: result), let invite = try await store.invite(id, of: principal.tenant) else {
            throw Problem.notFound("the recorded invite was swept")
        }
        return try created(invite, rev: invite.rev, try details(of: invite), call)
    }
}
