import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Revocation")
struct RevocationTests {
    /// What a body names, given a session and the id of the key that minted it.
    enum Target: String, CaseIterable, Sendable {
        case inviteToken
        case participantToken
        case inviteID
        case session
        case email
        case campaign
        case apiKey

        func body(_ session: OpenedSession, _ key: String) -> String {
            switch self {
            case .inviteToken: #"{"token":"\#(session.invite)"}"#
            case .participantToken: #"{"token":"\#(session.participant)"}"#
            case .inviteID: #"{"invite_id":"\#(session.inviteID)"}"#
            case .session: #"{"session_id":"\#(session.sessionID)"}"#
            case .email: #"{"participant_email":"User@Example.com"}"#
            case .campaign: #"{"campaign_id":"camp_456abc"}"#
            case .apiKey: #"{"api_key_id":"\#(key)"}"#
            }
        }

        var killsInvite: Bool { ![.participantToken, .session].contains(self) }
    }

    private static func verify(_ service: ServiceHarness, _ token: String) async -> String? {
        await service.admin(.post, "/v1/tokens/verify", body: #"{"token":"\#(token)"}"#)["code"]
    }

    private static func state(_ service: ServiceHarness, _ session: OpenedSession) async -> [String?] {
        [
            await service.send(.get, "/v1/widget/session", token: session.participant).code,
            await verify(service, session.participant), await verify(service, session.invite),
        ]
    }

    @Test("Each kind of cut-off kills what it covers, at once and after a restart", arguments: Target.allCases)
    func kinds(target: Target) async throws {
        let service = try await ServiceHarness()
        let key = TypeID.text(.apiKey, service.setup.apiKey)
        let session = try await service.openSession(more: #","max_uses":3"#)
        let bystander = try #require(await service.mint(campaign: "other", email: "o@b.example")["invite_token"])
        let answer = await service.admin(.post, "/v1/revocations", body: target.body(session, key))
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer["id"]?.hasPrefix("cut_") == true)
        let expected = ["token_revoked", "token_revoked", target.killsInvite ? "invite_revoked" : "valid"]
        #expect(await Self.state(service, session) == expected)
        #expect(await Self.state(try await service.restarted(), session) == expected)
        let renewed = await service.send(.post, "/v1/widget/session/renew", token: session.participant)
        #expect(renewed.status == 410, "\(renewed.text)")
        let redeemed = await service.redeem(session.invite)
        #expect(redeemed.status == (target.killsInvite ? 410 : 201), "\(redeemed.text)")
        #expect(redeemed.code == (target.killsInvite ? "invite_revoked" : nil))
        let listed = await service.admin(.get, "/v1/invites/\(session.inviteID)")
        #expect(listed["status"] == (target.killsInvite ? "revoked" : "pending"))
        #expect(await service.redeem(bystander).status == (target == .apiKey ? 410 : 201))
        #expect(await service.mint().status == 201)
    }

    @Test("A preview counts and changes nothing", arguments: Target.allCases)
    func preview(target: Target) async throws {
        let service = try await ServiceHarness()
        let key = TypeID.text(.apiKey, service.setup.apiKey)
        let session = try await service.openSession(more: #","max_uses":3"#)
        let events = try await service.events().count
        let body = target.body(session, key)
        let answer = await service.admin(.post, "/v1/revocations?preview=true", body: body)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json?["preview"]?.boolean == true)
        #expect(answer.json?["invites"]?.integer == (target.killsInvite ? 1 : 0))
        #expect(answer.json?["sessions"]?.integer == 1)
        #expect(try await service.store.lastCutOffNumber() == 0)
        #expect(try await service.events().count == events)
        #expect(await Self.state(service, session) == [nil, "valid", "valid"])
        #expect(await service.redeem(session.invite).status == 201)
        let explicit = await service.admin(.post, "/v1/revocations?preview=false", body: body)
        #expect(explicit.status == 201)
    }

    @Test("What is minted after a cut-off lives, whatever was cut", arguments: [Target.email, .campaign, .apiKey])
    func reinvitation(target: Target) async throws {
        let service = try await ServiceHarness()
        let key = TypeID.text(.apiKey, service.setup.apiKey)
        let before = try await service.openSession()
        #expect(await service.admin(.post, "/v1/revocations", body: target.body(before, key)).status == 201)
        let after = try await service.openSession()
        #expect(await service.send(.get, "/v1/widget/session", token: after.participant).status == 200)
        #expect(await service.send(.get, "/v1/widget/session", token: before.participant).code == "token_revoked")
    }

    @Test("Clocks decide nothing: only what was minted before the cut-off dies", arguments: [0, 1000, 4000, 4999])
    func skewedClock(backMilliseconds: Int64) async throws {
        let service = try await ServiceHarness()
        let now = service.time.now()
        let old = try await service.openSession()
        let unused = try #require(await service.mint()["invite_token"])
        #expect(await service.admin(.post, "/v1/revocations", body: #"{"campaign_id":"camp_456abc"}"#).status == 201)
        service.time.setWall(UnixTime(milliseconds: now.milliseconds - backMilliseconds))
        let fresh = try await service.openSession()
        #expect(await service.send(.get, "/v1/widget/session", token: fresh.participant).status == 200)
        #expect(await service.send(.get, "/v1/widget/session", token: old.participant).code == "token_revoked")
        #expect(await service.redeem(unused).code == "invite_revoked")
    }

    @Test("A token minted in the future of the cut-off's clock dies all the same")
    func minterAhead() async throws {
        let service = try await ServiceHarness()
        let now = service.time.now()
        service.time.setWall(now.adding(seconds: 4))
        let old = try await service.openSession()
        service.time.setWall(now)
        #expect(await service.admin(.post, "/v1/revocations", body: #"{"campaign_id":"camp_456abc"}"#).status == 201)
        service.time.setWall(now.adding(seconds: 4))
        #expect(await service.send(.get, "/v1/widget/session", token: old.participant).code == "token_revoked")
    }

    @Test("Nothing is issued while the clock runs more than 5 s behind the last stored instant")
    func clockBehind() async throws {
        let service = try await ServiceHarness()
        let now = service.time.now()
        _ = await service.mint()
        service.time.setWall(UnixTime(milliseconds: now.milliseconds - 5001))
        let refused = await service.mint()
        #expect(refused.status == 503)
        #expect(refused.response.field("Retry-After") != nil)
        service.time.setWall(UnixTime(milliseconds: now.milliseconds - 5000))
        #expect(await service.mint().status == 201)
    }

    @Test("A session inherits its invite's number, so that renewals do not outlive a cut-off in between")
    func inheritance() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        let renewed = await service.send(.post, "/v1/widget/session/renew", token: session.participant)
        let fresh = try #require(renewed["participant_token"])
        #expect(await service.admin(.post, "/v1/revocations", body: #"{"campaign_id":"unrelated"}"#).status == 201)
        #expect(await service.send(.get, "/v1/widget/session", token: fresh).status == 200)
        let last = await service.send(.post, "/v1/widget/session/renew", token: fresh)
        let newest = try #require(last["participant_token"])
        let body = #"{"session_id":"\#(session.sessionID)"}"#
        #expect(await service.admin(.post, "/v1/revocations", body: body).status == 201)
        for token in [session.participant, fresh, newest] {
            #expect(await service.send(.get, "/v1/widget/session", token: token).code == "token_revoked")
        }
    }

    @Test("A cut-off on one participant token leaves its session to renew with another")
    func oneToken() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        let renewed = await service.send(.post, "/v1/widget/session/renew", token: session.participant)
        let fresh = try #require(renewed["participant_token"])
        let body = #"{"token":"\#(session.participant)"}"#
        #expect(await service.admin(.post, "/v1/revocations", body: body).status == 201)
        #expect(await service.send(.get, "/v1/widget/session", token: session.participant).code == "token_revoked")
        #expect(await service.send(.get, "/v1/widget/session", token: fresh).status == 200)
    }

    @Test("Ending a key ends the key alone; its family goes when asked for", arguments: [false, true])
    func family(isFamily: Bool) async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:write", "tokens:write"])
        let secret = try #require(made["secret"])
        let body = #"{"campaign_id":"c","participant_email":"a@b.example","max_uses":2}"#
        let invite = try #require(await service.send(.post, "/v1/invites", body: body, key: secret)["invite_token"])
        let opened = try #require(await service.redeem(invite)["participant_token"])
        let backend = try #require(
            await service.send(
                .post,
                "/v1/participant-tokens",
                body: #"{"campaign_id":"c","participant_email":"a@b.example"}"#,
                key: secret
            )["participant_token"]
        )
        let path = "/v1/api-keys/\(try #require(made["id"]))"
        for _ in 0..<2 {
            #expect(await service.admin(.delete, path + (isFamily ? "?family=true" : "")).status == 204)
        }
        #expect(await service.send(.post, "/v1/invites", body: body, key: secret).status == 401)
        for token in [opened, backend] {
            let answer = await service.send(.get, "/v1/widget/session", token: token)
            #expect(answer.code == (isFamily ? "token_revoked" : nil), "\(answer.text)")
        }
        #expect(await service.redeem(invite).status == (isFamily ? 410 : 201))
        #expect(await service.admin(.get, path)["status"] == "revoked")
    }

    @Test("A key that was ended while its request ran mints nothing")
    func endedMeanwhile() async throws {
        for path in ["/v1/invites", "/v1/participant-tokens"] {
            let service = try await ServiceHarness()
            let made = await service.makeKey(scopes: ["invites:write", "tokens:write"])
            let id = try #require(made["id"])
            let name = path == "/v1/invites" ? "createInvites" : "createSession"
            service.faults.before(name) { _ = await service.admin(.delete, "/v1/api-keys/\(id)") }
            let body = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
            let answer = await service.send(.post, path, body: body, key: made["secret"])
            #expect(answer.status == 401, "\(answer.text)")
            #expect(answer.code == "unauthorized")
        }
    }

    @Test("A mint that a cut-off overtakes carries a number that survives it or dies by it, never a stale one")
    func overtaken() async throws {
        let service = try await ServiceHarness()
        let body = #"{"campaign_id":"camp_456abc"}"#
        service.faults.before("createInvites") { _ = await service.admin(.post, "/v1/revocations", body: body) }
        let minted = await service.mint()
        #expect(minted.status == 201)
        #expect(try await service.store.lastCutOffNumber() == 1)
        #expect(await service.redeem(try #require(minted["invite_token"])).status == 201)
    }

    @Test("Another tenant's ids and tokens can not be named")
    func foreign() async throws {
        let service = try await ServiceHarness()
        let other = try await ServiceHarness(seed: 9)
        let session = try await other.openSession()
        for (member, value, status) in [
            ("token", session.invite, 401), ("token", session.participant, 401), ("invite_id", session.inviteID, 404),
            ("session_id", session.sessionID, 404),
            ("api_key_id", TypeID.text(.apiKey, other.setup.apiKey), 404),
        ] {
            let answer = await service.admin(.post, "/v1/revocations", body: #"{"\#(member)":"\#(value)"}"#)
            #expect(answer.status == status, "\(member): \(answer.text)")
        }
        #expect(try await service.store.lastCutOffNumber() == 0)
    }

    @Test("An expired token may still be named")
    func expiredToken() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        service.time.advance(seconds: 1000)
        let body = #"{"token":"\#(session.participant)"}"#
        #expect(await service.admin(.post, "/v1/revocations", body: body).status == 201)
    }
}
