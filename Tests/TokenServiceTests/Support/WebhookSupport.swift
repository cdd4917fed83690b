import HTTPClient
import HTTPServer
import InviteStore
import Platform
import StrictJSON
import Synchronization
import Testing

@testable import TokenService

/// Endpoints that answer as they are told, in place of a network.
final class FakeReceiver: WebhookTransport {
    private struct State {
        var received: [(url: String, message: WebhookMessage)] = []
        var statuses: [String: [Int]] = [:]
        var hanging: Set<String> = []
        var waiting: [CheckedContinuation<Void, Never>] = []
        var retryAfter: Int64?
    }

    private let state = Mutex(State())

    /// The endpoint with this host answers with these, one after the other, the last one for ever; 0 for no answer.
    func answer(_ host: String, _ statuses: Int...) { state.withLock { $0.statuses[host] = statuses } }

    /// The endpoint with this host takes what it is sent and does not answer before ``release()``.
    func hang(_ host: String) { state.withLock { _ = $0.hanging.insert(host) } }

    /// What every failing answer asks for in `Retry-After`.
    func ask(retryAfter seconds: Int64) { state.withLock { $0.retryAfter = seconds } }

    func release() {
        let waiting = state.withLock { state in
            state.hanging = []
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func send(_ message: WebhookMessage) async -> WebhookOutcome {
        let host = message.url.endpoint.host
        let hangs = state.withLock { state in
            state.received.append((host, message))
            return state.hanging.contains(host)
        }
        if hangs {
            await withCheckedContinuation { continuation in
                let isLate = state.withLock { state in
                    if !state.hanging.contains(host) { return true }
                    state.waiting.append(continuation)
                    return false
                }
                if isLate { continuation.resume() }
            }
        }
        return state.withLock { state in
            var statuses = state.statuses[host] ?? [200]
            let status = statuses.count > 1 ? statuses.removeFirst() : statuses[0]
            state.statuses[host] = statuses
            guard status > 0 else { return WebhookOutcome(status: nil, failure: .unreachable) }
            let isGood = (200..<300).contains(status)
            return WebhookOutcome(
                status: status,
                failure: isGood ? nil : .status,
                retryAfterSeconds: isGood ? nil : state.retryAfter
            )
        }
    }

    /// Bodies that one host was sent, in order.
    func bodies(_ host: String) -> [JSONValue] {
        state.withLock { $0.received.filter { $0.url == host } }.compactMap { received in
            (try? JSONDocument(parsing: received.message.body))?.root
        }
    }

    /// Types of the events that one host was sent, in order.
    func types(_ host: String) -> [String] { bodies(host).compactMap { $0["type"]?.string } }

    func messages(_ host: String) -> [WebhookMessage] {
        state.withLock { $0.received.filter { $0.url == host }.map(\.message) }
    }
}

extension WebhookMessage {
    func field(_ name: String) -> String? { fields.first { $0.0 == name }?.1 }
}

/// A webhook as the answer that made it told of it.
struct MadeWebhook: Sendable {
    let id: String
    let secret: String
    var path: String { "/v1/webhooks/" + id }
}

extension ServiceHarness {
    /// Makes a webhook at `https://HOST/hook` with the first admin key.
    func makeWebhook(_ host: String, events: String = #"["invite.*"]"#) async throws -> MadeWebhook {
        let body = #"{"url":"https://\#(host)/hook","events":\#(events)}"#
        let answer = await admin(.post, "/v1/webhooks", body: body)
        #expect(answer.status == 201, "\(answer.text)")
        return MadeWebhook(id: try #require(answer["id"]), secret: try #require(answer["secret"]))
    }

    /// Turns until nothing is left to do at this instant.
    func settle(_ worker: WebhookWorker) async {
        while await worker.turn() { await Task.yield() }
    }

    /// The deliveries of a webhook, newest first.
    func deliveries(_ webhook: MadeWebhook) async -> [JSONValue] {
        await admin(.get, webhook.path + "/deliveries?limit=100").json?["data"]?.elements ?? []
    }
}
