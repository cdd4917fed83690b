package import InviteStore
import Synchronization

/// Looks up what a replay needs beside the events, within a bound.
package final class SimulationRecords: ReplayRecords {
    private struct State {
        var lookups = 0
        var invites: [RecordID: InviteRecord?] = [:]
        var sessions: [RecordID: SessionRecord?] = [:]
        var origins: [RecordID: [String]] = [:]
    }

    private let store: any InviteStore
    private let tenant: Tenant
    private let state = Mutex(State())

    package init(store: any InviteStore, tenant: Tenant) {
        self.store = store
        self.tenant = tenant
    }

    /// Counts one look-up; false where no more may be made.
    private func admit() -> Bool {
        state.withLock { state in
            state.lookups += 1
            return state.lookups <= ServiceLimits.simulationLookupsMax
        }
    }

    package func invite(_ id: RecordID) async throws -> InviteRecord? {
        if let known = state.withLock({ $0.invites[id] }) { return known }
        guard admit() else { return nil }
        let found = try await store.invite(id, of: tenant)
        state.withLock { $0.invites[id] = .some(found) }
        return found
    }

    package func session(_ id: RecordID) async throws -> SessionRecord? {
        if let known = state.withLock({ $0.sessions[id] }) { return known }
        guard admit() else { return nil }
        let found = try await store.session(id, of: tenant)
        state.withLock { $0.sessions[id] = .some(found) }
        return found
    }

    package func origins(ofKey id: RecordID) async throws -> [String] {
        if let known = state.withLock({ $0.origins[id] }) { return known }
        let found = try await store.apiKey(id, of: tenant)?.allowedOrigins ?? []
        state.withLock { $0.origins[id] = found }
        return found
    }
}
