import HTTPServer
import InviteStore
import StrictJSON

extension Services {
    /// `POST /v1/invites`: one invite and its token, which is in this answer only.
    func createInvite(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        guard call.request.fields.contains("idempotency-key") else {
            let policies = try await policies.policies(of: principal.tenant)
            let mint = try PreparedMint(self, call, principal, policies)
            return try mint.answer(try await store.createInvites(mint.command(claim: nil))).withoutKey()
        }
        return try await idempotently(call, principal) { result in
            try await replayInvite(result, call, principal)
        } effect: { ticket in
            let policies = try await policies.policies(of: principal.tenant)
            let mint = try PreparedMint(self, call, principal, policies)
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
        private let request: InviteRequest
        private let call: Call
        private let principal: Principal

        init(_ services: Services, _ call: Call, _ principal: Principal, _ policies: TenantPolicies) throws {
            request = try services.inviteRequest(BodyReader(call.request), principal, policies, call)
            invite = try services.record(request, principal, call)
            self.services = services
            self.call = call
            self.principal = principal
        }

        func command(claim: IdempotencyClaim?) -> CreateInvites {
            let shadow = services.shadowDraft(of: invite, request, call, principal)
            return services.issuance.command(
                [invite],
                asked: [request.asked],
                call,
                principal,
                claim: claim,
                extra: shadow.map { [$0] } ?? []
            )
        }

        func answer(_ outcome: Idempotent<CreateOutcome>) throws -> Idempotent<HTTPResponse> {
            try outcome.map { outcome in
                let rev = try Issuance.rev(outcome)
                services.countMint(1, call, principal)
                let details = SealedDetails(email: request.email.text, metadata: request.metadata)
                return try services.created(invite, rev: rev, details, includesEmail: request.includesEmail, call)
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

    /// What a policy in shadow says of a new invite, to be stored with it.
    func shadowDraft(
        of invite: InviteRecord,
        _ request: InviteRequest,
        _ call: Call,
        _ principal: Principal
    ) -> AuditDraft? {
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

    /// Counts minted invites for the metrics and for the usage of their key.
    func countMint(_ number: Int, _ call: Call, _ principal: Principal) {
        metrics.issued(.invite, count: number)
        guard let key = principal.mintingKey else { return }
        usage.minted(number, principal.tenant, apiKey: key, now: call.now)
    }

    private func created(
        _ invite: InviteRecord,
        rev: Int64,
        _ details: SealedDetails,
        includesEmail: Bool,
        _ call: Call
    ) throws -> HTTPResponse {
        let token = try issuance.token(of: invite, rev: rev, email: details.email, includesEmail: includesEmail)
        return Responses.json(201, isSecret: true, capacity: 960) { writer in
            write(invite, details: details, token: token, now: call.now, to: &writer)
        }
    }

    private func replayInvite(_ result: [UInt8], _ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        guard let id = RecordID(bytes: result), let invite = try await store.invite(id, of: principal.tenant) else {
            throw Problem.notFound("the recorded invite was swept")
        }
        let policies = try await policies.policies(of: principal.tenant)
        let policy = policies.resolve(campaign: invite.campaign, apiKey: invite.apiKey, now: call.now).enforced
        return try created(
            invite,
            rev: invite.rev,
            try details(of: invite),
            includesEmail: policy.emailInToken.value,
            call
        )
    }
}
