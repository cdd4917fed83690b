import HTTPServer
import InviteStore
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Campaigns that force a state")
struct TestCampaignTests {
    private static let origin = [("Origin", "https://app.example.com")]

    @Test(
        "In the test environment each forces its refusal of the exchange, and uses nothing up",
        arguments: [
            (TestCampaign.used, 409, "invite_used"), (.expired, 410, "invite_expired"),
            (.revoked, 410, "invite_revoked"), (.invalid, 401, "invalid_token"), (.origin, 403, "origin_not_allowed"),
            (.rateLimited, 429, "rate_limited"), (.unavailable, 503, "unavailable"),
        ]
    )
    func refusals(campaign: TestCampaign, status: Int, code: String) async throws {
        let service = try await ServiceHarness()
        let minted = await service.mint(campaign: campaign.rawValue)
        let token = try #require(minted["invite_token"])
        let answer = await service.redeem(token, fields: Self.origin)
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.code == code)
        let isReadable = answer.response.field("Access-Control-Allow-Origin") == "*"
        #expect(isReadable == (campaign != .origin), "the browser shows a refused origin nothing")
        #expect((answer.response.field("Retry-After") == "2") == (status == 429 || status == 503))
        let id = try #require(minted["id"])
        #expect(await service.admin(.get, "/v1/invites/" + id).json?["uses"]?.integer == 0)
    }

    @Test("In the live environment the same names are ordinary campaigns", arguments: TestCampaign.allCases)
    func live(campaign: TestCampaign) async throws {
        let service = try await ServiceHarness(environment: .live)
        let token = try #require(await service.mint(campaign: campaign.rawValue)["invite_token"])
        let opened = await service.redeem(token)
        #expect(opened.status == 201)
        #expect(opened.json?["expires_in"]?.integer == 900)
        let participant = try #require(opened["participant_token"])
        let renewed = await service.send(.post, "/v1/widget/session/renew", token: participant)
        #expect(renewed.json?["expires_in"]?.integer == 900)
    }

    @Test("A name that is none of them forces nothing", arguments: ["camp_test_", "camp_test_other", "camp_456abc"])
    func others(name: String) async throws {
        let service = try await ServiceHarness()
        let token = try #require(await service.mint(campaign: name)["invite_token"])
        #expect(await service.redeem(token).json?["expires_in"]?.integer == 900)
    }

    @Test("Short tokens stay short when they are renewed")
    func short() async throws {
        let service = try await ServiceHarness()
        let token = try #require(await service.mint(campaign: "camp_test_short")["invite_token"])
        let opened = await service.redeem(token)
        #expect(opened.json?["expires_in"]?.integer == 3)
        service.time.advance(seconds: 2)
        let participant = try #require(opened["participant_token"])
        let renewed = await service.send(.post, "/v1/widget/session/renew", token: participant)
        #expect(renewed.status == 200 && renewed.json?["expires_in"]?.integer == 3)
        service.time.advance(seconds: 2)
        #expect(await service.send(.get, "/v1/widget/session", token: participant).code == "token_expired")
    }

    @Test(
        "Renewals fail as their campaign says",
        arguments: [(TestCampaign.ended, 410, "session_ended"), (.renewFails, 503, "unavailable")]
    )
    func renewals(campaign: TestCampaign, status: Int, code: String) async throws {
        let service = try await ServiceHarness()
        let token = try #require(await service.mint(campaign: campaign.rawValue)["invite_token"])
        let participant = try #require(await service.redeem(token)["participant_token"])
        let answer = await service.send(.post, "/v1/widget/session/renew", token: participant)
        #expect(answer.status == status && answer.code == code)
    }

    @Test("The last token can not be renewed past its session's end")
    func last() async throws {
        let service = try await ServiceHarness()
        let token = try #require(await service.mint(campaign: "camp_test_last")["invite_token"])
        let opened = await service.redeem(token)
        #expect(opened["expires_at"] == opened["renew_until"])
        service.time.advance(seconds: 3)
        let participant = try #require(opened["participant_token"])
        let answer = await service.send(.post, "/v1/widget/session/renew", token: participant)
        #expect(answer.status == 410)
    }

    @Test("The documentation names every one of them")
    func documented() throws {
        let text = try RepositoryFile.text("docs/widget.md")
        for campaign in TestCampaign.allCases { #expect(text.contains("`\(campaign.rawValue)`"), "\(campaign)") }
    }
}
