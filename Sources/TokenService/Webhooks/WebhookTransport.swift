import HTTPClient
import InviteStore
import OpenSSLKit
import Platform

/// Sends messages to endpoints.
package protocol WebhookTransport: Sendable {
    /// Comes back within the deadline of a try.
    func send(_ message: WebhookMessage) async -> WebhookOutcome
}

/// Sends messages over HTTP, each on a thread of its own, since name look-ups and sockets block.
///
/// How many there are at once is the caller's to bound.
package struct HTTPWebhookTransport: WebhookTransport {
    private let client: HTTPClient
    private let clock: any TimeSource = SystemTimeSource()

    /// Reads a file of trusted certificates; throws a `TLSError` that names it where it is no good.
    package init(_ rules: WebhookRules) throws {
        var limits = HTTPAnswerLimits(bodyBytesMax: nil)
        limits.headBytesMax = ServiceLimits.webhookAnswerBytesMax
        client = HTTPClient(
            addresses: rules.addresses,
            tls: try TLSClientContext(trust: rules.trust),
            deadlines: .init(
                connectMilliseconds: ServiceLimits.webhookConnectMilliseconds,
                totalMilliseconds: ServiceLimits.webhookTryMilliseconds
            ),
            limits: limits
        )
    }

    package func send(_ message: WebhookMessage) async -> WebhookOutcome {
        await withCheckedContinuation { continuation in
            do {
                let thread = try Thread(name: "webhook") { continuation.resume(returning: exchange(message)) }
                thread.detach()
            } catch {
                continuation.resume(returning: WebhookOutcome(status: nil, failure: .unreachable))
            }
        }
    }

    private func exchange(_ message: WebhookMessage) -> WebhookOutcome {
        let start = clock.monotonicNow()
        func milliseconds() -> Int { Int(clamping: clock.monotonicNow().nanoseconds(since: start) / 1_000_000) }
        let order = HTTPOrder(
            method: "POST",
            endpoint: message.url.endpoint,
            target: message.url.target,
            fields: message.fields,
            body: message.body
        )
        do throws(HTTPClientError) {
            let answer = try client.send(order)
            return WebhookOutcome(answer, durationMilliseconds: milliseconds())
        } catch {
            return WebhookOutcome(error, durationMilliseconds: milliseconds())
        }
    }
}
