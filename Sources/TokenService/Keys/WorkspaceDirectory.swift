package import InviteStore
import Synchronization

/// Workspace settings, kept in a bounded cache that is never behind what this process has changed.
package final class WorkspaceDirectory: Sendable {
    private static let entriesMax = 4096

    private struct State {
        var entries: [RecordID: WorkspaceSettings] = [:]
        /// Raised by every change, so that a look-up begun before it can not put the old settings back.
        var generation: UInt64 = 0
    }

    private let store: any InviteStore
    private let state = Mutex(State())

    package init(store: any InviteStore) { self.store = store }

    /// What every request of a key must know, where the settings are at hand: its limit, and whether it may mint.
    package func cachedTerms(of id: RecordID) -> (requestsPerMinute: Int, mintingAllowed: Bool)? {
        state.withLock { state in
            guard let settings = state.entries[id] else { return nil }
            return (settings.requestsPerMinute, settings.mintingAllowed)
        }
    }

    /// The settings; a workspace that is gone has the narrowest.
    package func settings(of id: RecordID) async throws(StoreError) -> WorkspaceSettings {
        try await find(id) ?? WorkspaceSettings(plan: .free)
    }

    /// The settings that hold in a tenant, the deployment's own among them.
    package func settings(of tenant: Tenant) async throws(StoreError) -> WorkspaceSettings {
        tenant.isDeployment ? .deployment : try await settings(of: tenant.workspace)
    }

    /// The settings; nil where there is no such workspace, and an error where they can not be read.
    package func find(_ id: RecordID) async throws(StoreError) -> WorkspaceSettings? {
        let (known, generation) = state.withLock { ($0.entries[id], $0.generation) }
        if let known { return known }
        guard let record = try await store.workspace(id) else { return nil }
        let settings = try WorkspaceSettings(record)
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.entries.count >= Self.entriesMax { state.entries.removeAll(keepingCapacity: true) }
            state.entries[id] = settings
        }
        return settings
    }

    /// Forgets every workspace, as another process may have changed any.
    package func invalidateAll() {
        state.withLock { state in
            state.generation &+= 1
            state.entries.removeAll(keepingCapacity: true)
        }
    }

    /// Forgets a workspace that changed, or may have: the next request reads it anew.
    ///
    /// Call it after the commit and before the answer.
    package func invalidate(_ id: RecordID) {
        state.withLock { state in
            state.generation &+= 1
            state.entries[id] = nil
        }
    }
}
