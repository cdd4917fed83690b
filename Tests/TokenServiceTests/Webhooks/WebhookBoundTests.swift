import HTTPServer
import InviteStore
import Platform
import Telemetry
import TestSupport
import Testing

@testable import TokenService

@Suite("Bounds of what is told to webhooks")
struct WebhookBoundTests {
    @Test("Receivers that never answer take half of the room at most, and slow nobody who does answer")
    func deadReceivers() async throws {
        let service = try await ServiceHarness()
        let receiver = FakeReceiver()
        let worker = WebhookWorker(services: service.services, transport: receiver)
        _ = try await service.makeWebhook("good.example")
        _ = await service.mint()
        await service.settle(worker)
        let platform = try await service.platformKey()
        var hosts: [String] = []
        for tenant in 0..<8 {
            let workspace = try await service.makeWorkspace(platform, slug: "dead\(tenant)")
            let key = try await service.makeKey(in: workspace, platform)
            for number in 0..<6 {
                let host = "dead\(tenant)-\(number).example"
                hosts.append(host)
                receiver.hang(host)
                let body = #"{"url":"https://\#(host)/","events":["invite.*"]}"#
                #expect(await service.send(.post, "/v1/webhooks", body: body, key: key.secret).status == 201)
            }
            let item = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
            #expect(await service.send(.post, "/v1/invites", body: item, key: key.secret).status == 201)
        }
        await worker.turn()
        for number in 2...20 {
            _ = await service.mint()
            while receiver.types("good.example").count < number {
                await worker.turn()
                await Task.yield()
            }
        }
        func reachedHosts() -> [String] { hosts.filter { !receiver.types($0).isEmpty } }
        while reachedHosts().count < ServiceLimits.webhooksSlowInFlightMax { await Task.yield() }
        for _ in 0..<100 {
            await worker.turn()
            await Task.yield()
        }
        let reached = reachedHosts()
        #expect(reached.count == ServiceLimits.webhooksSlowInFlightMax)
        for tenant in 0..<8 {
            let own = reached.count { $0.hasPrefix("dead\(tenant)-") }
            #expect(own <= ServiceLimits.webhooksTenantSlowInFlightMax)
        }
        receiver.release()
        await service.settle(worker)
        #expect(hosts.allSatisfy { receiver.types($0).count == 1 })
    }

    @Test("A thousand events wait in the trail, not in memory, and are all told in order")
    func manyEvents() async throws {
        let service = try await ServiceHarness()
        let receiver = FakeReceiver()
        let worker = WebhookWorker(services: service.services, transport: receiver)
        _ = try await service.makeWebhook("a.example")
        let item = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
        let body = #"{"invites":[\#(Array(repeating: item, count: 1_000).joined(separator: ","))]}"#
        #expect(await service.admin(.post, "/v1/invites/batch", body: body).status == 200)
        receiver.hang("a.example")
        for _ in 0..<20 { await worker.turn() }
        let metrics = String(decoding: service.registry.prometheusText(), as: UTF8.self)
        #expect(metrics.contains("tokenservice_webhook_queued \(ServiceLimits.webhookQueueMax)"))
        receiver.release()
        await service.settle(worker)
        let told = receiver.messages("a.example").compactMap { $0.field("webhook-id") }
        let trail = try await service.store.auditChain(1, after: 0, limit: 5_000).map(\.draft)
            .filter { $0.type == "invite.created" }.map { TypeID.text(.event, $0.id) }
        #expect(told.count == 1_000 && told == trail)
    }

    @Test("One turn begins a try for every endpoint that has something due")
    func everybody() async throws {
        let service = try await ServiceHarness()
        let receiver = FakeReceiver()
        let worker = WebhookWorker(services: service.services, transport: receiver)
        let hosts = (0..<5).map { "a\($0).example" }
        for host in hosts { _ = try await service.makeWebhook(host) }
        _ = await service.mint()
        await worker.turn()
        for _ in 0..<10_000 where hosts.contains(where: { receiver.types($0).isEmpty }) { await Task.yield() }
        for host in hosts { #expect(receiver.types(host) == ["invite.created"]) }
        await service.settle(worker)
    }

    @Test("While the store can not record what was told, nothing more is told")
    func storeDown() async throws {
        let service = try await ServiceHarness()
        let receiver = FakeReceiver()
        let worker = WebhookWorker(services: service.services, transport: receiver)
        for host in ["a.example", "b.example"] { _ = try await service.makeWebhook(host) }
        await service.settle(worker)
        _ = await service.mint()
        _ = await service.mint()
        service.faults.arm(name: "recordWebhookProgress")
        // Whose try comes back first may keep the other's from beginning.
        for _ in 0..<1_000 {
            await worker.turn()
            await Task.yield()
        }
        let told = [receiver.types("a.example").count, receiver.types("b.example").count]
        #expect(told.contains(1) && told.allSatisfy { $0 <= 1 }, "\(told)")
        service.faults.arm(nil)
        await service.settle(worker)
        #expect(receiver.types("a.example").count == 2 && receiver.types("b.example").count == 2)
    }

    @Test(
        "The wait after a try that failed doubles from five seconds to twelve hours, give or take a tenth",
        arguments: [
            (1, 5), (2, 10), (3, 20), (4, 40), (8, 640), (13, 20_480), (14, 40_960),
        ]
    )
    func waits(tries: Int, seconds: Int64) throws {
        let now = UnixTime(seconds: 1_000_000)
        for (jitter, percent) in [(0.0, 90), (0.5, 100), (1.0, 110)] as [(Double, Int64)] {
            let delivery = WebhookDelivery(
                event: RecordID(high: 1, low: 1),
                type: "a.b",
                position: TrailPosition(chain: 1, sequence: 1),
                status: .queued,
                attempts: tries - 1
            )
            let failed = WebhookOutcome(status: nil, failure: .timeout)
            let next = WebhookRetry.after(failed, delivery, eventAt: now, now: now, jitter: jitter)
            let due = try #require(next.nextAt)
            #expect(abs(due.milliseconds - now.milliseconds - seconds * 10 * percent) <= 1, "\(tries), \(jitter)")
            #expect(next.status == .retrying && next.attempts == tries)
        }
    }

    @Test("No number of tries and no wait that is asked for overflows or lasts longer than twelve hours")
    func extremes() throws {
        let now = UnixTime(seconds: 1_000_000)
        for attempts in [0, 13, 14, 1_000, Int.max - 1] {
            for asked in [nil, 0, 999_999_999, Int64.max] as [Int64?] {
                let delivery = WebhookDelivery(
                    event: RecordID(high: 1, low: 1),
                    type: "a.b",
                    position: TrailPosition(chain: 1, sequence: 1),
                    status: .retrying,
                    attempts: attempts
                )
                let outcome = WebhookOutcome(status: 429, failure: .status, retryAfterSeconds: asked)
                let next = WebhookRetry.after(outcome, delivery, eventAt: now, now: now, jitter: 1)
                #expect((next.nextAt == nil) == (attempts >= 14))
                if let due = next.nextAt { #expect(due <= now.adding(seconds: 47_520)) }
            }
        }
    }
}
