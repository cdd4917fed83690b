package import InviteStore
import Synchronization

/// Whether new requests should be sent here: not while draining, not without a store.
package final class Readiness: Sendable {
    private let draining = Atomic<Bool>(false)
    private let store: any InviteStore

    package init(store: any InviteStore) { self.store = store }

    /// From now on the answer is no.
    package func drain() { draining.store(true, ordering: .releasing) }

    package func isReady() async -> Bool {
        guard !draining.load(ordering: .acquiring) else { return false }
        return await store.isReady()
    }
}
