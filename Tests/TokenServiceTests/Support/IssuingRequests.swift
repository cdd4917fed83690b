import HTTPServer
import Testing

@testable import TokenService

/// A deployment that has something of each kind to issue, and every request that issues or takes a token.
struct IssuingRequests {
    let service: ServiceHarness
    let session: OpenedSession
    /// An invite token of the campaign `unused`.
    let unused: String
    let mintBody = #"{"campaign_id":"c","participant_email":"a@example.com"}"#

    private let idempotent = [("Idempotency-Key", "one")]

    init(_ service: ServiceHarness) async throws {
        self.service = service
        session = try await service.openSession()
        unused = try #require(await service.mint(campaign: "unused")["invite_token"])
        #expect(await service.admin(.post, "/v1/invites", body: mintBody, fields: idempotent).status == 201)
    }

    func mint() async -> Answer { await service.admin(.post, "/v1/invites", body: mintBody) }

    func validate() async -> Answer { await service.send(.get, "/v1/widget/session", token: session.participant) }

    func renew() async -> Answer { await service.send(.post, "/v1/widget/session/renew", token: session.participant) }

    /// What each is answered.
    func answers() async -> [(name: String, answer: Answer)] {
        [
            ("mint", await mint()),
            // What was recorded is signed anew: that is an issue, too.
            ("replay", await service.admin(.post, "/v1/invites", body: mintBody, fields: idempotent)),
            ("batch", await service.admin(.post, "/v1/invites/batch", body: #"{"invites":[\#(mintBody)]}"#)),
            ("participant token", await service.admin(.post, "/v1/participant-tokens", body: mintBody)),
            ("exchange", await service.redeem(unused)),
            ("renewal", await renew()),
            ("validation", await validate()),
            ("forward-auth", await service.send(.get, "/v1/forward-auth", token: session.participant)),
        ]
    }
}
