package import InviteStore
import Synchronization

/// Workspace settings, kept in a bounded cache.
package final class WorkspaceDirectory: Sendable {
    private static let entriesMax = 4096
    private let store: any InviteStore
    private let cache = Mutex<[RecordID: WorkspaceSettings]>([:])

    package init(store: any InviteStore) { self.store = store }

    /// The requests a minute and key, where the settings are at hand.
    package func cachedRequestsPerMinute(of id: RecordID) -> Int? {
        cache.withLock { $0[id]?.requestsPerMinute }
    }

    /// The settings; a workspace that is gone has the narrowest.
    package func settings(of id: RecordID) async throws(StoreError) -> WorkspaceSettings {
        if let settings = cache.withLock({ $0[id] }) { return settings }
        guard let record = try await store.workspace(id) else { return WorkspaceSettings(plan: .free) }
        let settings = WorkspaceSettings(record)
        cache.withLock { cache in
            if cache.count >= Self.entriesMax { cache.removeAll(keepingCapacity: true) }
            cache[id] = settings
        }
        return settings
    }
}
