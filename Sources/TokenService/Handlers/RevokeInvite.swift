import HTTPServer
import InviteStore
import Platform

extension Services {
    /// `DELETE /v1/invites/{id}`: revokes it and everything that came of it; again 204 when it was revoked before.
    func deleteInvite(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        guard let id = TypeID.parse(.invite, call.pathParameters[0]) else { throw Problem.notFound() }
        switch try await revoke(invite: id, call, principal) {
        case .revoked, .alreadyRevoked: return Responses.noContent()
        case .unknown: throw Problem.notFound()
        }
    }

    /// Revokes an invite in the store, then in memory, so that the answer finds it dead here.
    func revoke(invite id: RecordID, _ call: Call, _ principal: Principal) async throws -> RevokeInviteOutcome {
        try requireRoom(for: .invite(id), principal.tenant)
        let command = RevokeInvite(
            tenant: principal.tenant,
            invite: id,
            cutOff: identifiers.next(at: call.now),
            forgetAt: call.now.adding(seconds: policies.longestDescentSeconds),
            now: call.now,
            audit: [audit.draft("invite.revoked", .invite, id, call, principal)]
        )
        let outcome = try await revoking(call) { try await store.revokeInvite(command) }
        if case .revoked(let cutOff) = outcome { revocations.insert([cutOff]) }
        return outcome
    }

    /// Refuses a cut-off that memory could not hold, or that would take others' room, before anything is stored.
    func requireRoom(for target: CutOffTarget, _ tenant: Tenant) throws {
        guard revocations.hasRoom(for: target, of: tenant) else { throw Problem.tooManyRevocations }
    }
}

extension Problem {
    /// The workspace has its share of what can be remembered of revocations.
    static let tooManyRevocations = Problem(
        .rateLimited,
        """
        Too many revocations of this workspace may still hit a living token. Revoke the workspace as a whole, or try \
        again when tokens that were revoked before have expired.
        """,
        privateReason: "the revocation view is full",
        retryAfterSeconds: 60
    )
}
