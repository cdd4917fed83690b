import HTTPServer
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("The main job")
struct MainJobTests {
    @Test("An API key becomes an invite token, a participant token and a validated widget request")
    func endToEnd() async throws {
        let service = try await ServiceHarness()
        let minted = await service.mint()
        #expect(minted.status == 201, "\(minted.text)")
        #expect(minted["status"] == "pending")
        #expect(minted.response.field("Cache-Control") == "no-store")
        let token = try #require(minted["invite_token"])
        #expect(token.utf8.count < 2048)

        let opened = await service.redeem(token)
        #expect(opened.status == 201, "\(opened.text)")
        #expect(opened["campaign_id"] == "camp_456abc")
        let participant = try #require(opened["participant_token"])

        let session = await service.send(.get, "/v1/widget/session", token: participant)
        #expect(session.status == 200, "\(session.text)")
        #expect(session.json?["valid"]?.boolean == true)
        #expect(session["participant_email"] == "user@example.com")
        #expect(session["session_id"] == opened["session_id"])

        let again = await service.redeem(token)
        #expect(again.status == 409)
        #expect(again.code == "invite_used")
    }

    @Test("A session renews until its end, ends once, and stays ended")
    func renewAndEnd() async throws {
        let service = try await ServiceHarness()
        let minted = await service.mint()
        let opened = await service.redeem(try #require(minted["invite_token"]))
        let first = try #require(opened["participant_token"])
        service.time.advance(seconds: 600)
        let renewed = await service.send(.post, "/v1/widget/session/renew", token: first)
        #expect(renewed.status == 200, "\(renewed.text)")
        #expect(renewed["renew_until"] == opened["renew_until"])
        let second = try #require(renewed["participant_token"])
        #expect(second != first)
        #expect(await service.send(.delete, "/v1/widget/session", token: second).status == 204)
        let after = await service.send(.get, "/v1/widget/session", token: first)
        #expect(after.status == 410)
        #expect(after.code == "session_ended")
    }

    @Test("Revoking an invite kills the invite and everything that came of it")
    func revoke() async throws {
        let service = try await ServiceHarness()
        let minted = await service.mint(more: #","max_uses":2"#)
        let invite = try #require(minted["invite_token"])
        let opened = await service.redeem(invite)
        let participant = try #require(opened["participant_token"])
        let path = "/v1/invites/\(try #require(minted["id"]))"
        #expect(await service.admin(.delete, path).status == 204)
        #expect(await service.admin(.delete, path).status == 204)
        #expect(await service.send(.get, "/v1/widget/session", token: participant).code == "token_revoked")
        #expect(await service.redeem(invite).code == "invite_revoked")
        #expect(await service.admin(.get, path)["status"] == "revoked")
    }

    @Test("A re-invitation in the same second lives, the token minted just before dies")
    func cutOffInOneSecond() async throws {
        let service = try await ServiceHarness()
        let before = try #require(await service.mint()["invite_token"])
        let body = #"{"participant_email":"user@example.com"}"#
        #expect(await service.admin(.post, "/v1/revocations", body: body).status == 201)
        let after = try #require(await service.mint()["invite_token"])
        #expect(await service.redeem(before).code == "invite_revoked")
        #expect(await service.redeem(after).status == 201)
    }
}
