import InviteStore
package import Telemetry

/// The store's figures on their way to the metrics.
package struct StoreMetrics: StoreObserver {
    private let commits: Histogram
    private let commands: Counter
    private let failures: Counter
    private let reads: Histogram
    private let waiting: Gauge

    package init(_ registry: MetricsRegistry) {
        commits = registry.histogram(
            "tokenservice_store_commit_seconds",
            help: "From the begin of a transaction to its sync.",
            labels: [:]
        )
        commands = registry.counter(
            "tokenservice_store_commands_total",
            help: "Commands that were committed; several share a transaction.",
            labels: [:]
        )
        failures = registry.counter(
            "tokenservice_store_commit_failures_total",
            help: "Transactions that failed, with nothing of them done.",
            labels: [:]
        )
        reads = registry.histogram(
            "tokenservice_store_read_seconds",
            help: "Reads, with their wait in the queue.",
            labels: [:]
        )
        waiting = registry.gauge(
            "tokenservice_store_waiting_commands",
            help: "Commands that stood in the writer's queue after the last commit.",
            labels: [:]
        )
    }

    package func committed(commands count: Int, nanoseconds: UInt64, waiting: Int) {
        commits.observe(nanoseconds: nanoseconds)
        commands.increment(by: count)
        self.waiting.set(waiting)
    }

    package func commitFailed() { failures.increment(by: 1) }

    package func read(nanoseconds: UInt64) { reads.observe(nanoseconds: nanoseconds) }
}
