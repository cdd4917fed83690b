import HTTPServer
import InviteStore
import Platform

extension Services {
    /// `DELETE /v1/widget/session`: ends the session of the presented token; again 204 when it was ended before.
    func endWidgetSession(_ call: Call) async throws -> HTTPResponse {
        let presented = try participant(call, allowsEnded: true)
        let claims = presented.claims
        guard revocations.hasRoom(forEndOf: claims.session, of: claims.tenant) else { throw Problem.tooManyRevocations }
        let command = EndSession(
            tenant: claims.tenant,
            session: claims.session,
            now: call.now,
            audit: [
                audit.draft(
                    "session.ended",
                    call,
                    tenant: claims.tenant,
                    actor: Pseudonymizer.text(claims.participant),
                    target: TypeID.text(.session, claims.session)
                )
            ]
        )
        let ended = try await revoking(call) { try await store.endSession(command) }
        guard let ended else { throw Problem.invalidToken("the store has no such session") }
        revocations.insert([ended], of: claims.tenant)
        var response = Responses.noContent()
        presented.apply(try Self.verdict(claims, call), to: &response)
        return response
    }
}
