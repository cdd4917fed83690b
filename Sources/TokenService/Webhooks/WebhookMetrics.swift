package import InviteStore
package import Platform
import Synchronization
package import Telemetry

/// What is counted of deliveries.
package final class WebhookMetrics: Sendable {
    /// What came of a try, or of an event that is not tried.
    package enum Result: String, CaseIterable, Sendable {
        case delivered
        case retrying
        case failed
        /// Too old when its turn came.
        case expired
    }

    /// How things stand, for the gauges.
    struct State {
        var endpoints = 0
        var queued = 0
        var inFlight = 0
        var oldestAt: UnixTime?
    }

    private let results: [Result: Counter]
    private let failures: [WebhookFailure: Counter]
    private let disabled: Counter
    private let state = Mutex(State())

    package init(_ registry: MetricsRegistry, time: any TimeSource) {
        results = Dictionary(
            uniqueKeysWithValues: Result.allCases.map { result in
                let help = "Tries to tell an endpoint of an event, by what came of them."
                let labels = ["result": result.rawValue]
                return (result, registry.counter("tokenservice_webhook_deliveries_total", help: help, labels: labels))
            }
        )
        failures = Dictionary(
            uniqueKeysWithValues: WebhookFailure.allCases.map { failure in
                let help = "Tries that failed, by reason."
                let labels = ["reason": failure.rawValue]
                return (failure, registry.counter("tokenservice_webhook_failures_total", help: help, labels: labels))
            }
        )
        disabled = registry.counter(
            "tokenservice_webhooks_disabled_total",
            help: "Endpoints that were switched off because they failed for too long or are gone."
        )
        let gauges: [(String, String, @Sendable (State) -> Double)] = [
            ("endpoints", "Endpoints that are told of events.", { Double($0.endpoints) }),
            ("queued", "Events in memory that wait for an endpoint.", { Double($0.queued) }),
            ("in_flight", "Deliveries under way.", { Double($0.inFlight) }),
            (
                "lag_seconds", "Age of the oldest event in memory that waits for an endpoint.",
                { state in
                    state.oldestAt.map { max(0, Double(time.now().milliseconds - $0.milliseconds) / 1000) } ?? 0
                }
            ),
        ]
        for (name, help, value) in gauges {
            registry.gauge("tokenservice_webhook_" + name, help: help) { [weak self] in
                self.map { metrics in metrics.state.withLock { value($0) } } ?? 0
            }
        }
    }

    package func counted(_ delivery: WebhookDelivery) {
        let result: Result =
            switch delivery.status {
            case .delivered: .delivered
            case .retrying, .queued: .retrying
            case .failed: .failed
            }
        results[result]?.increment(by: 1)
        if let failure = delivery.failure { failures[failure]?.increment(by: 1) }
    }

    package func expired(_ count: Int) { results[.expired]?.increment(by: count) }

    package func switchedOff() { disabled.increment(by: 1) }

    func observe(_ plan: WebhookPlan) {
        let now = State(
            endpoints: plan.endpointCount,
            queued: plan.queuedCount,
            inFlight: plan.inFlightCount,
            oldestAt: plan.oldestAt
        )
        state.withLock { $0 = now }
    }
}
