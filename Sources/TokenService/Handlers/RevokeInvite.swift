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
        try requireRoomForRevocation()
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

    /// Refuses a revocation that memory could not hold, before anything is stored.
    func requireRoomForRevocation() throws {
        guard revocations.hasRoom else { throw Problem.unavailable("the revocation view is full") }
    }
}
