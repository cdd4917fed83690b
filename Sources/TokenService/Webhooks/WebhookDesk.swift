import OpenSSLKit
import Platform
import Synchronization
import Telemetry

/// What handlers and whoever delivers share of endpoints.
package final class WebhookDesk: Sendable {
    package let sealer: WebhookSealer
    package let rules: WebhookRules
    package let metrics: WebhookMetrics
    /// Rings when there may be something to do.
    package let doorbell = Doorbell()
    private let isStale = Mutex(true)

    package init(sealer: WebhookSealer, rules: WebhookRules, metrics: WebhookMetrics) {
        self.sealer = sealer
        self.rules = rules
        self.metrics = metrics
    }

    /// Has the endpoints read anew, and soon: one was made, changed or removed, or a delivery asked for.
    package func changed() {
        markStale()
        doorbell.ring()
    }

    /// Has the endpoints read anew in the next turn, whenever that is.
    func markStale() { isStale.withLock { $0 = true } }

    /// Whether endpoints must be read anew; false from then on until they change again.
    func takeStale() -> Bool {
        isStale.withLock { stale in
            defer { stale = false }
            return stale
        }
    }
}
