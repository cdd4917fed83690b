import InviteStore
import Synchronization

/// Whether new requests should be sent here: not while draining, not without a store, not without a clock.
package final class Readiness: Sendable {
    private let draining = Atomic<Bool>(false)
    private let store: any InviteStore
    private let clock: ServiceClock

    package init(_ services: Services) {
        store = services.store
        clock = services.time
    }

    /// From now on the answer is no.
    package func drain() { draining.store(true, ordering: .releasing) }

    /// What stands against it, as the answer says it; nil where nothing does.
    package func problem() async -> Problem? {
        let lag = clock.lagMilliseconds
        if lag > ServiceClock.lagMillisecondsMax { return .clockBehind(lagMilliseconds: lag) }
        guard !draining.load(ordering: .acquiring), await store.isReady() else {
            return .unavailable("draining, or without a store")
        }
        return nil
    }
}
