import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import Telemetry
import TestSupport
import Testing

@testable import TokenService

@Suite("Events told to webhooks")
struct WebhookDeliveryTests {
    private static func stage(
        directory: String? = nil
    ) async throws -> (ServiceHarness, FakeReceiver, WebhookWorker) {
        let service = try await ServiceHarness(directory: directory)
        let receiver = FakeReceiver()
        return (service, receiver, WebhookWorker(services: service.services, transport: receiver))
    }

    @Test("S68: what happens to invites and sessions is told, in order, to those who listed it, and to no other tenant")
    func order() async throws {
        let (service, receiver, worker) = try await Self.stage()
        _ = await service.mint()
        _ = try await service.makeWebhook("invites.example")
        _ = try await service.makeWebhook("sessions.example", events: #"["session.ended","key.*"]"#)
        _ = try await service.makeWebhook("all.example", events: #"["*"]"#)
        let platform = try await service.platformKey()
        let elsewhere = try await service.makeWorkspace(platform, slug: "elsewhere")
        let foreign = try await service.makeKey(in: elsewhere, platform)
        let body = #"{"url":"https://foreign.example/","events":["*"]}"#
        #expect(await service.send(.post, "/v1/webhooks", body: body, key: foreign.secret).status == 201)
        let session = try await service.openSession()
        #expect(await service.send(.delete, "/v1/widget/session", token: session.participant).status == 204)
        await service.settle(worker)
        #expect(receiver.types("invites.example") == ["invite.created", "invite.redeemed"])
        #expect(receiver.types("sessions.example") == ["session.ended"])
        let all = receiver.types("all.example")
        #expect(all.suffix(3) == ["invite.created", "invite.redeemed", "session.ended"])
        #expect(!receiver.types("foreign.example").contains { $0.hasPrefix("invite.") })
        #expect(receiver.bodies("foreign.example").allSatisfy { $0["workspace_id"]?.string == elsewhere })
        // Told once: nothing is left.
        await service.settle(worker)
        #expect(receiver.types("invites.example").count == 2)
    }

    @Test("S68: an event is its row of the trail, without an address or a token")
    func payload() async throws {
        let (service, receiver, worker) = try await Self.stage()
        _ = try await service.makeWebhook("a.example")
        let minted = await service.mint(email: "ada@example.com", more: #","metadata":{"ref":"Lovelace"}"#)
        await service.settle(worker)
        let event = try #require(try await service.changes().first)
        let message = try #require(receiver.messages("a.example").first)
        let body = try #require(receiver.bodies("a.example").first)
        #expect(body.members.map(\.name) == ["id", "type", "created_at", "workspace_id", "environment", "data"])
        #expect(body["id"]?.string == TypeID.text(.event, event.id) && body["type"]?.string == "invite.created")
        #expect(body["workspace_id"]?.string == service.firstWorkspace && body["environment"]?.string == "test")
        #expect(body["data"]?["target"]?.string == minted["id"] && body["data"]?["actor"]?.string == event.actor)
        #expect(body["data"]?["request_id"]?.string == event.requestID)
        #expect(message.field("webhook-id") == body["id"]?.string)
        #expect(message.field("Content-Type") == "application/json" && message.url.target == "/hook")
        let text = String(decoding: message.body, as: UTF8.self)
        for word in ["ada", "example.com", "Lovelace", "eyJ"] { #expect(!text.contains(word), "\(word)") }
    }

    @Test("S67: a delivery is signed as the seed verifies it, and as Standard Webhooks does")
    func signatures() async throws {
        let (service, receiver, worker) = try await Self.stage()
        let webhook = try await service.makeWebhook("a.example")
        _ = await service.mint()
        await service.settle(worker)
        let message = try #require(receiver.messages("a.example").first)
        let time = try #require(message.field("webhook-timestamp"))
        #expect(time == String(service.time.now().seconds) && message.field("X-Timestamp") == time)
        let plain = try HMACSHA256Key(SecretBytes(Array(webhook.secret.utf8)))
            .authenticate(Array("\(time).".utf8) + message.body).bytes
        let hexadecimal = plain.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(message.field("X-Signature") == hexadecimal)
        let base64 = String(webhook.secret.dropFirst(6).dropLast())
        let key = try #require(
            Base64URLText.decode(base64.replacing("+", with: "-").replacing("/", with: "_"))
        )
        let id = try #require(message.field("webhook-id"))
        let standard = try HMACSHA256Key(SecretBytes(key)).authenticate(Array("\(id).\(time).".utf8) + message.body)
        let text = Base64URLText.encode(standard.bytes).replacing("-", with: "+").replacing("_", with: "/")
        #expect(message.field("webhook-signature") == "v1,\(text)=")
        #expect(message.field("X-Signature-Previous") == nil)
    }

    @Test("A secret that was rotated signs beside the new one until its time is over")
    func rotation() async throws {
        let (service, receiver, worker) = try await Self.stage()
        let old = try await service.makeWebhook("a.example")
        let until = RFC3339.text(service.time.now().adding(seconds: 60))
        let rotated = await service.admin(
            .post,
            old.path + "/rotate-secret",
            body: #"{"overlap_until":"\#(until)"}"#
        )
        let new = MadeWebhook(id: old.id, secret: try #require(rotated["secret"]))
        func signs(_ webhook: MadeWebhook, _ message: WebhookMessage, _ field: String) throws -> Bool {
            let time = try #require(message.field("X-Timestamp"))
            let key = try HMACSHA256Key(SecretBytes(Array(webhook.secret.utf8)))
            let digest = key.authenticate(Array("\(time).".utf8) + message.body).bytes
            return message.field(field) == digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        _ = await service.mint()
        await service.settle(worker)
        let both = try #require(receiver.messages("a.example").last)
        #expect(both.field("webhook-signature")?.split(separator: " ").count == 2)
        #expect(try signs(new, both, "X-Signature") && signs(old, both, "X-Signature-Previous"))
        service.time.advance(seconds: 60)
        _ = await service.mint()
        await service.settle(worker)
        let one = try #require(receiver.messages("a.example").last)
        #expect(one.field("webhook-signature")?.split(separator: " ").count == 1)
        #expect(try signs(new, one, "X-Signature"))
        #expect(one.field("X-Signature-Previous") == nil)
    }

    @Test("A receiver that is down and comes back gets everything, in order, and nothing overtakes what failed")
    func downThenUp() async throws {
        let (service, receiver, worker) = try await Self.stage()
        let webhook = try await service.makeWebhook("a.example", events: #"["invite.*","session.*"]"#)
        receiver.answer("a.example", 0, 503, 429, 0, 0, 0, 200)
        let session = try await service.openSession()
        #expect(await service.send(.delete, "/v1/widget/session", token: session.participant).status == 204)
        for _ in 0..<6 {
            await service.settle(worker)
            let open = try #require(await service.deliveries(webhook).first)
            #expect(open["status"]?.string == "retrying" && open["type"]?.string == "invite.created")
            service.time.advance(seconds: 200)
        }
        await service.settle(worker)
        let retried = Array(repeating: "invite.created", count: 7)
        #expect(receiver.types("a.example") == retried + ["invite.redeemed", "session.ended"])
        #expect(Set(receiver.messages("a.example").prefix(7).map { $0.field("webhook-id") }).count == 1)
        let listed = await service.deliveries(webhook)
        #expect(listed.map { $0["status"]?.string } == ["delivered", "delivered", "delivered"])
        let first = try #require(listed.first { $0["type"]?.string == "invite.created" })
        #expect(first["attempts"]?.integer == 7 && first["response_status"]?.integer == 200)
    }

    @Test("An endpoint that refuses one event again and again gets the later ones meanwhile")
    func setAside() async throws {
        let (service, receiver, worker) = try await Self.stage()
        let webhook = try await service.makeWebhook("a.example")
        receiver.answer("a.example", 500, 500, 500, 500, 200, 500, 200)
        _ = await service.mint()
        for number in 0..<4 {
            if number > 0 { service.time.advance(seconds: 50) }
            await service.settle(worker)
        }
        let first = try #require(await service.deliveries(webhook).first)
        #expect(first["attempts"]?.integer == 4 && first["status"]?.string == "retrying")
        _ = await service.mint()
        await service.settle(worker)
        let listed = await service.deliveries(webhook)
        #expect(listed.map { $0["status"]?.string } == ["delivered", "retrying"])
        for _ in 0..<2 {
            service.time.advance(seconds: 200)
            await service.settle(worker)
        }
        #expect(await service.deliveries(webhook).map { $0["status"]?.string } == ["delivered", "delivered"])
    }

    @Test("Tries are spread over a day and end after fifteen; the event has failed then, and the next is told")
    func givesUp() async throws {
        let (service, receiver, worker) = try await Self.stage()
        let webhook = try await service.makeWebhook("a.example")
        receiver.answer("a.example", 0)
        _ = await service.mint()
        let start = service.time.now()
        var tries = 0
        while tries < 40 {
            await service.settle(worker)
            tries += 1
            guard let next = await service.deliveries(webhook).first?["next_attempt_at"]?.string else { break }
            let due = try #require(RFC3339.parse(next))
            service.time.setWall(due.adding(seconds: 1))
        }
        #expect(tries == 15 && receiver.types("a.example").count == 15)
        let hours = (service.time.now().seconds - start.seconds) / 3600
        #expect((18...26).contains(hours), "\(hours)")
        let failed = try #require(await service.deliveries(webhook).first)
        #expect(failed["status"]?.string == "failed" && failed["error"]?.string == "unreachable")
        receiver.answer("a.example", 200)
        let second = await service.mint()
        await service.settle(worker)
        #expect(receiver.bodies("a.example").last?["data"]?["target"]?.string == second["id"])
    }

    @Test("An endpoint that fails for five days, or answers 410, is switched off with an alert, until enabled again")
    func disabled() async throws {
        for status in [503, 410] {
            let (service, receiver, worker) = try await Self.stage()
            let webhook = try await service.makeWebhook("a.example")
            receiver.answer("a.example", status)
            var days = 0
            var read = await service.admin(.get, webhook.path)
            while read.json?["enabled"]?.boolean == true, days < 40 {
                _ = await service.mint()
                for _ in 0..<20 {
                    await service.settle(worker)
                    service.time.advance(seconds: 8640)
                }
                read = await service.admin(.get, webhook.path)
                days += 2
            }
            #expect(days == (status == 410 ? 2 : 6))
            #expect(read["disabled_reason"] == (status == 410 ? "gone" : "failing"))
            let alert = try #require(try await service.changes().first { $0.type == "alert.webhook_disabled" })
            #expect(alert.target == webhook.id && alert.actor == "service")
            let count = receiver.types("a.example").count
            _ = await service.mint()
            await service.settle(worker)
            #expect(receiver.types("a.example").count == count)
            #expect(await service.admin(.post, webhook.path + "/test").status == 409)
            receiver.answer("a.example", 200)
            #expect(await service.admin(.patch, webhook.path, body: #"{"enabled":true}"#).status == 200)
            await service.settle(worker)
            #expect(receiver.types("a.example").count > count)
            #expect(await service.admin(.get, webhook.path).json?["failing_since"]?.isNull == true)
        }
    }

    @Test("Who asks to be left alone in Retry-After is, for as long as it says")
    func retryAfter() async throws {
        let (service, receiver, worker) = try await Self.stage()
        _ = try await service.makeWebhook("a.example")
        receiver.answer("a.example", 429, 200)
        receiver.ask(retryAfter: 600)
        _ = await service.mint()
        for (seconds, count) in [(0, 1), (590, 1), (20, 2)] {
            service.time.advance(seconds: seconds)
            await service.settle(worker)
            #expect(receiver.types("a.example").count == count)
        }
    }

    @Test("A process that dies between the delivery and its record tells again, and loses nothing")
    func restart() async throws {
        let folder = TemporaryFolder()
        let (service, receiver, worker) = try await Self.stage(directory: folder.path)
        let webhook = try await service.makeWebhook("a.example")
        await service.settle(worker)
        _ = await service.mint()
        _ = await service.mint()
        service.faults.arm(name: "recordWebhookProgress")
        while receiver.types("a.example").isEmpty {
            await worker.turn()
            await Task.yield()
        }
        for _ in 0..<100 {
            await worker.turn()
            await Task.yield()
        }
        #expect(receiver.types("a.example").count == 1)
        // What the first process knew is gone, and its lease with it.
        service.faults.arm(nil)
        service.time.advance(seconds: 30)
        let next = try await service.restarted()
        let second = FakeReceiver()
        await next.settle(WebhookWorker(services: next.services, transport: second))
        #expect(second.types("a.example") == ["invite.created", "invite.created"])
        #expect(await next.deliveries(webhook).map { $0["status"]?.string } == ["delivered", "delivered"])
        let third = FakeReceiver()
        next.time.advance(seconds: 30)
        await next.settle(WebhookWorker(services: try await next.restarted().services, transport: third))
        #expect(third.types("a.example").isEmpty)
        await service.store.close()
    }

    @Test("Of two processes on one store one delivers, and the other takes over when it is gone")
    func lease() async throws {
        let (service, receiver, worker) = try await Self.stage()
        _ = try await service.makeWebhook("a.example")
        let second = FakeReceiver()
        let other = WebhookWorker(services: try await service.restarted().services, transport: second)
        _ = await service.mint()
        await service.settle(worker)
        await service.settle(other)
        #expect(receiver.types("a.example").count == 1 && second.types("a.example").isEmpty)
        service.time.advance(seconds: 21)
        _ = await service.mint()
        await service.settle(other)
        await service.settle(worker)
        #expect(receiver.types("a.example").count == 1 && second.types("a.example").count == 1)
    }

    @Test("A test goes to its own endpoint alone, whatever it listed")
    func testEvent() async throws {
        let (service, receiver, worker) = try await Self.stage()
        let webhook = try await service.makeWebhook("a.example", events: #"["key.rotated"]"#)
        _ = try await service.makeWebhook("b.example", events: #"["invite.*"]"#)
        let answer = await service.admin(.post, webhook.path + "/test")
        #expect(answer.status == 202)
        await service.settle(worker)
        #expect(receiver.types("a.example") == ["webhook.tested"] && receiver.types("b.example").isEmpty)
        #expect(receiver.bodies("a.example").first?["id"]?.string == answer["event_id"])
        #expect(await service.admin(.post, webhook.path + "/test", body: #"{"x":1}"#).status == 400)
    }

    @Test("What was delivered or given up is delivered again when its owner asks, and the trail knows")
    func redeliver() async throws {
        let (service, receiver, worker) = try await Self.stage()
        let webhook = try await service.makeWebhook("a.example")
        _ = await service.mint()
        await service.settle(worker)
        let event = try #require(await service.deliveries(webhook).first?["event_id"]?.string)
        let path = webhook.path + "/deliveries/\(event)/redeliver"
        let asked = await service.admin(.post, path)
        #expect(asked.status == 202 && asked["status"] == "queued", "\(asked.text)")
        await service.settle(worker)
        #expect(receiver.messages("a.example").map { $0.field("webhook-id") } == [event, event])
        let again = try #require(await service.deliveries(webhook).first)
        #expect(again["status"]?.string == "delivered" && again["attempts"]?.integer == 1)
        #expect(try await service.changes().contains { $0.type == "webhook.redelivered" && $0.target == webhook.id })
        let unknown = String(event.dropLast()) + (event.hasSuffix("0") ? "1" : "0")
        #expect(await service.admin(.post, path.replacing(event, with: unknown)).status == 404)
        #expect(await service.admin(.patch, webhook.path, body: #"{"enabled":false}"#).status == 200)
        #expect(await service.admin(.post, path).status == 409)
    }

    @Test("U17: the notice that a key ends is told, once")
    func expiryNotice() async throws {
        let (service, receiver, worker) = try await Self.stage()
        _ = try await service.makeWebhook("a.example", events: #"["key.expiring"]"#)
        let end = RFC3339.text(service.time.now().adding(seconds: 8 * 86_400))
        let key = await service.makeKey(scopes: ["invites:read"], more: #","expires_at":"\#(end)""#)
        service.time.advance(seconds: 2 * 86_400)
        let upkeep = Upkeep(services: service.services)
        for _ in 0..<3 {
            await upkeep.round()
            await service.settle(worker)
        }
        #expect(receiver.types("a.example") == ["key.expiring"])
        let data = try #require(receiver.bodies("a.example").first?["data"])
        #expect(data["target"]?.string == key["id"] && data["detail"]?["days"]?.integer == 7)
    }

    @Test("Events that are older than a week when their turn comes are not told any more")
    func tooOld() async throws {
        let (service, receiver, worker) = try await Self.stage()
        _ = try await service.makeWebhook("a.example")
        _ = await service.mint()
        service.time.advance(seconds: 7 * 86_400 + 1)
        let fresh = await service.mint()
        await service.settle(worker)
        #expect(receiver.bodies("a.example").map { $0["data"]?["target"]?.string } == [fresh["id"]])
        let metrics = String(decoding: service.registry.prometheusText(), as: UTF8.self)
        #expect(metrics.contains(#"tokenservice_webhook_deliveries_total{result="expired"} 1"#))
        #expect(metrics.contains(#"tokenservice_webhook_deliveries_total{result="delivered"} 1"#))
        #expect(metrics.contains("tokenservice_webhook_endpoints 1"))
    }
}
