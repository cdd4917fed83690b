package import InviteStore
package import Platform
package import Telemetry

/// Leases shares of requests a minute from the store, for meters whose limits several replicas share.
///
/// No request costs a statement: a meter asks for a slice, and for the next one before it runs out. All shares of a window
/// never add up to more than the limit, whatever becomes of a replica; what one holds and does not use is lost to the
/// others until the window ends.
package final class RateLeases: Sendable {
    private let shares: any RateShares
    private let time: any TimeSource
    private let granted: Counter
    private let full: Counter
    private let failed: Counter
    private let waited: Counter
    private let durations: Histogram

    package init(shares: any RateShares, time: any TimeSource, registry: MetricsRegistry) {
        self.shares = shares
        self.time = time
        func leases(_ result: String) -> Counter {
            registry.counter(
                "tokenservice_rate_leases_total",
                help: "Shares of requests a minute that this replica asked for, by what it got.",
                labels: ["result": result]
            )
        }
        (granted, full, failed) = (leases("granted"), leases("full"), leases("failed"))
        waited = registry.counter(
            "tokenservice_rate_lease_waits_total",
            help: "Requests that waited for a share of their key's requests a minute.",
            labels: [:]
        )
        durations = registry.histogram(
            "tokenservice_rate_lease_seconds",
            help: "From asking for a share of requests a minute to having it.",
            labels: [:]
        )
    }

    /// A request has to wait for a share.
    func waits() { waited.increment(by: 1) }

    /// Asks, and goes on asking for as long as somebody waits.
    func begin(_ ask: RateAsk, for meter: RateMeter) {
        Task.detached(name: "rate lease") { [self] in
            var next: RateAsk? = ask
            while let ask = next { next = meter.settle(ask, await lease(ask), now: time.now()) }
        }
    }

    private func lease(_ ask: RateAsk) async -> Result<RateShare, StoreError> {
        let begun = time.monotonicNow()
        do throws(StoreError) {
            let share = try await shares.lease(ask)
            durations.observe(nanoseconds: time.monotonicNow().nanoseconds(since: begun))
            (share.granted < ask.wanted ? full : granted).increment(by: 1)
            return .success(share)
        } catch {
            failed.increment(by: 1)
            return .failure(error)
        }
    }
}
