package import InviteStore
import Synchronization
package import Telemetry

/// How far this machine's clock is from the data base's.
private final class ClockOffset: Sendable {
    private let state = Mutex((milliseconds: Int64(0), isOff: false))

    var seconds: Double { Double(state.withLock { $0.milliseconds }) / 1000 }

    /// Whether it was off before, and whether it is now.
    func set(_ milliseconds: Int64, isOff: Bool) -> (Bool, Bool) {
        state.withLock { state in
            defer { state = (milliseconds, isOff) }
            return (state.isOff, isOff)
        }
    }
}

/// Brings what other replicas changed into this one's memory.
///
/// What is revoked enters the view as it is told; what is cached is forgotten, so that the next request reads it anew.
/// While the store is not heard of nothing that is remembered counts, and validation refuses.
package final class ReplicaObserver: StoreChangesObserver {
    private let services: Services
    private let delays: Histogram
    private let cutOff: Gauge
    private let clock: ClockOffset
    private let keys: Rereading
    private let rest: Rereading

    package init(services: Services, registry: MetricsRegistry) {
        self.services = services
        keys = Rereading("keyring", on: services.background)
        rest = Rereading("replica", on: services.background)
        delays = registry.histogram(
            "tokenservice_replica_change_seconds",
            help: "From the begin of a change's transaction, at any replica, until this one had heard of it.",
            labels: [:]
        )
        cutOff = registry.gauge(
            "tokenservice_replica_cut_off",
            help: "1 while this replica does not hear of the data base and so refuses to validate.",
            labels: [:]
        )
        let clock = ClockOffset()
        self.clock = clock
        registry.gauge(
            "tokenservice_replica_clock_offset_seconds",
            help: "By how much this machine's clock is ahead of the data base's, as the last look found it."
        ) { clock.seconds }
    }

    package func compared(aheadMilliseconds: Int64, isOff: Bool) {
        // By the wrong time revocations seemed to be over that are not: they were forgotten, or not even read.
        if !isOff, services.time.confirm() != nil { services.revocations.markStale() }
        switch clock.set(aheadMilliseconds, isOff: isOff) {
        case (false, true):
            services.log.error(
                "the clock is off: not ready until it is set",
                ["ahead_ms": .integer(Int(clamping: aheadMilliseconds))]
            )
        case (true, false): services.log.warning("the clock is right again")
        default: break
        }
    }

    package func changed(_ changes: StoreChanges) {
        if let delay = changes.delayMilliseconds {
            delays.observe(nanoseconds: UInt64(clamping: min(delay, 3_600_000)) * 1_000_000)
        }
        let isTakenIn = services.revocations.insert(changes.cutOffs)
        let areEndsTakenIn = services.revocations.insert(changes.endedSessions)
        if changes.isIncomplete || !isTakenIn || !areEndsTakenIn { services.revocations.markStale() }
        if changes.isIncomplete || services.revocations.isCutOff {
            // Before the view counts again: what was cached meanwhile may be old.
            forgetAll()
        }
        if !changes.hasMore {
            services.revocations.setCutOff(false)
            cutOff.set(0)
        }
        guard !changes.isEmpty else { return }
        for id in changes.apiKeys { services.directory.invalidate(id) }
        for id in changes.workspaces { services.workspaces.invalidate(id) }
        // The policies of a tenant hold its workspace's origins, too.
        if changes.deploymentPolicy || !changes.workspaces.isEmpty {
            services.policies.invalidate()
        } else {
            for tenant in changes.policies { services.policies.invalidate(tenant) }
        }
        if changes.signingKeys || changes.isIncomplete { readKeys() }
        if changes.deploymentPolicy || changes.importedPrefixes || changes.isIncomplete { readAnew() }
    }

    package func isCutOff() {
        if !services.revocations.isCutOff {
            services.log.error("the store is not heard of: revocations may be missing")
        }
        services.revocations.setCutOff(true)
        cutOff.set(1)
        forgetAll()
        // Nobody tells of a signing key that is revoked now, and what it signed would still open sessions: asked for again
        // and again, and where there is no answer, nothing is signed or taken.
        if !services.issuance.keyrings.isStale { readKeys() }
    }

    private func forgetAll() {
        services.directory.invalidateAll()
        services.workspaces.invalidateAll()
        services.policies.invalidate()
    }

    private func readKeys() {
        services.issuance.keyrings.markStale()
        keys.start { [weak services] in
            guard let services else { return nil }
            await services.reloadKeyring()
            return !services.issuance.keyrings.isStale
        }
    }

    /// What is kept whole in memory and read at the start: the imported prefixes, and the longest lifetimes.
    private func readAnew() {
        rest.start { [weak services] in
            guard let services else { return nil }
            let areImportsRead = await services.imports.refresh()
            do {
                try await services.policies.start()
                return areImportsRead
            } catch {
                services.log.error("the deployment's policy not read", ["error": .string("\(error)")])
                return false
            }
        }
    }
}
