import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("The audit trail")
struct AuditTests {
    @Test("Every change leaves its event, and no address, key, token or nonce is in any of them")
    func everyChange() async throws {
        let service = try await ServiceHarness()
        let nonce = "abcdefghijklmnopqrstuvwxyz"
        let minted = await service.mint(more: #","max_uses":2,"metadata":{"note":"topsecretnote"}"#)
        let invite = try #require(minted["invite_token"])
        let opened = await service.redeem(invite, more: #","holder_nonce":"\#(nonce)""#)
        let participant = try #require(opened["participant_token"])
        let renewed = await service.send(.post, "/v1/widget/session/renew", token: participant)
        let fresh = try #require(renewed["participant_token"])
        _ = await service.send(.delete, "/v1/widget/session", token: fresh)
        let backend = await service.admin(
            .post,
            "/v1/participant-tokens",
            body: #"{"campaign_id":"c","participant_email":"other@example.com"}"#
        )
        let body = #"{"participant_email":"user@example.com"}"#
        #expect(await service.admin(.post, "/v1/revocations", body: body).status == 201)
        let second = try await service.openSession()
        _ = await service.admin(.delete, "/v1/invites/" + second.inviteID)
        let made = await service.makeKey(scopes: ["invites:read"])
        let secret = try #require(made["secret"])
        _ = await service.admin(.delete, "/v1/api-keys/\(try #require(made["id"]))?family=true")
        _ = await service.send(.get, "/v1/invites", key: secret)
        _ = await service.redeem(second.invite)
        let events = try await service.events()
        let types = Set(events.map(\.type))
        for type in [
            "workspace.created", "key.created", "invite.created", "invite.redeemed", "invite.revoked",
            "session.created",
            "session.renewed", "session.ended", "key.revoked", "revocation.created", "auth.failed",
        ] {
            #expect(types.contains(type), "\(type)")
        }
        let secrets = [
            "user@example", "User@", "other@example", "topsecretnote", nonce, secret, service.setup.secret, invite,
            participant, fresh, try #require(backend["participant_token"]), second.invite, second.participant,
        ].flatMap { [$0, String($0.suffix(20))] }.filter { $0.utf8.count >= 5 }
        let listed = await service.admin(.get, "/v1/audit-events?limit=100")
        for text in events.map({ String(decoding: $0.detail, as: UTF8.self) + $0.actor + $0.target }) + [listed.text] {
            for secret in secrets { #expect(!text.contains(secret), "\(secret.prefix(5))… in \(text.prefix(200))") }
        }
    }

    @Test("An event names who did what to which, and the request it came with")
    func fields() async throws {
        let service = try await ServiceHarness()
        let minted = await service.mint()
        let list = await service.admin(.get, "/v1/audit-events?type=invite.created")
        let event = try #require(list.json?["data"]?.elements.first)
        #expect(event["actor"]?.string == TypeID.text(.apiKey, service.setup.apiKey))
        #expect(event["target"]?.string == minted["id"])
        #expect(event["request_id"]?.string == minted.response.field("Request-Id"))
        #expect(event["id"]?.string?.hasPrefix("evt_") == true)
        #expect(event["created_at"]?.string == RFC3339.text(service.time.now()))
        #expect(event["detail"]?.kind == .object)
    }

    @Test("Filters narrow by type, actor, target and time; since is included and until is not")
    func filters() async throws {
        let service = try await ServiceHarness()
        service.time.advance(seconds: 10)
        let first = try #require(await service.mint()["id"])
        let start = service.time.now()
        service.time.advance(seconds: 10)
        let second = try #require(await service.mint()["id"])
        let end = service.time.now()
        let key = TypeID.text(.apiKey, service.setup.apiKey)
        func targets(_ query: String) async -> [String] {
            let answer = await service.admin(.get, "/v1/audit-events?type=invite.created&" + query)
            #expect(answer.status == 200, "\(answer.text)")
            return answer.json?["data"]?.elements.compactMap { $0["target"]?.string } ?? []
        }
        #expect(await targets("actor=\(key)") == [second, first])
        #expect(await targets("actor=nobody").isEmpty)
        #expect(await targets("target=\(first)") == [first])
        #expect(await targets("since=\(RFC3339.text(start))") == [second, first])
        #expect(await targets("since=\(RFC3339.text(end))") == [second])
        #expect(await targets("until=\(RFC3339.text(end))") == [first])
        #expect(await targets("until=\(RFC3339.text(start))").isEmpty)
        #expect(await targets("since=\(RFC3339.text(start))&until=\(RFC3339.text(end))") == [first])
    }

    @Test("The same events come as lines where the client asks for them")
    func lines() async throws {
        let service = try await ServiceHarness()
        _ = await service.mint()
        let answer = await service.admin(.get, "/v1/audit-events", fields: [("Accept", "application/x-ndjson")])
        #expect(answer.response.field("Content-Type") == "application/x-ndjson")
        let lines = answer.text.split(separator: "\n")
        #expect(lines.count == (try await service.events().count))
        for line in lines { #expect((try? JSONDocument(parsing: Array(line.utf8))) != nil) }
        #expect(answer.text.hasSuffix("\n"))
    }

    @Test("Repeated refusals of one key leave one event a minute")
    func flood() async throws {
        let service = try await ServiceHarness()
        for _ in 0..<20 { _ = await service.admin(.get, "/v1/invites", fields: [("Origin", "https://a.example")]) }
        #expect(try await service.events().count { $0.type.contains("key_in_browser") } == 1)
        service.time.advance(seconds: 60)
        _ = await service.admin(.get, "/v1/invites", fields: [("Origin", "https://a.example")])
        #expect(try await service.events().count { $0.type.contains("key_in_browser") } == 2)
    }

    @Test("Nothing that was refused or only looked at leaves a change")
    func readsLeaveNothing() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        let count = try await service.events().count { $0.type != "auth.succeeded" }
        for path in ["/v1/invites", "/v1/api-keys", "/v1/audit-events", "/v1/invites/" + session.inviteID] {
            #expect(await service.admin(.get, path).status == 200)
        }
        _ = await service.admin(.post, "/v1/tokens/verify", body: #"{"token":"\#(session.participant)"}"#)
        _ = await service.send(.get, "/v1/widget/session", token: session.participant)
        #expect(try await service.events().count { $0.type != "auth.succeeded" } == count)
    }
}
