package import InviteStore
package import Telemetry

/// Brings what other replicas changed into this one's memory.
///
/// What is revoked enters the view as it is told; what is cached is forgotten, so that the next request reads it anew.
/// While the store is not heard of nothing that is remembered counts, and validation refuses.
package final class ReplicaObserver: StoreChangesObserver {
    private let services: Services
    private let delays: Histogram
    private let cutOff: Gauge

    package init(services: Services, registry: MetricsRegistry) {
        self.services = services
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
    }

    package func changed(_ changes: StoreChanges) {
        if let delay = changes.delayMilliseconds {
            delays.observe(nanoseconds: UInt64(clamping: min(delay, 3_600_000)) * 1_000_000)
        }
        cutOff.set(0)
        services.revocations.insert(changes.cutOffs)
        services.revocations.insert(changes.endedSessions)
        if changes.isIncomplete || !services.revocations.hasRoom { services.revocations.markStale() }
        if changes.isIncomplete || services.revocations.isCutOff {
            // Before the view counts again: what was cached meanwhile may be old.
            forgetAll()
        }
        services.revocations.setCutOff(false)
        guard !changes.isEmpty else { return }
        for id in changes.apiKeys { services.directory.invalidate(id) }
        for id in changes.workspaces { services.workspaces.invalidate(id) }
        // The policies of a tenant hold its workspace's origins, too.
        if changes.deploymentPolicy || !changes.workspaces.isEmpty {
            services.policies.invalidate()
        } else {
            for tenant in changes.policies { services.policies.invalidate(tenant) }
        }
        if changes.deploymentPolicy || changes.importedPrefixes || changes.isIncomplete { readAnew() }
    }

    package func isCutOff() {
        if !services.revocations.isCutOff {
            services.log.error("the store is not heard of: revocations may be missing")
        }
        services.revocations.setCutOff(true)
        cutOff.set(1)
        forgetAll()
    }

    private func forgetAll() {
        services.directory.invalidateAll()
        services.workspaces.invalidateAll()
        services.policies.invalidate()
    }

    /// What is kept whole in memory and read at the start: the imported prefixes, and the longest lifetimes.
    private func readAnew() {
        let services = services
        Task.detached(name: "replica") {
            await services.imports.refresh()
            do {
                try await services.policies.start()
            } catch {
                services.log.error("the deployment's policy not read", ["error": .string("\(error)")])
            }
        }
    }
}
