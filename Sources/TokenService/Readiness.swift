package import InviteStore
import Synchronization

/// Whether new requests should be sent here: not while draining, not without a store, not with a clock that is off.
package final class Readiness: Sendable {
    /// Why no requests should be sent here.
    package enum Hindrance: Sendable {
        case draining
        case store
        case clock
    }

    private let draining = Atomic<Bool>(false)
    private let store: any InviteStore

    package init(store: any InviteStore) { self.store = store }

    /// From now on the answer is no.
    package func drain() { draining.store(true, ordering: .releasing) }

    /// What stands in the way; nil where nothing does.
    package func hindrance() async -> Hindrance? {
        if draining.load(ordering: .acquiring) { return .draining }
        // The clock first: a store that is not ready for its sake would hide it.
        if store.isClockOff { return .clock }
        return await store.isReady() ? nil : .store
    }
}

extension Problem {
    /// The answer while something stands in the way: to checks of health, and with a clock that is off to nearly all.
    init(_ hindrance: Readiness.Hindrance) {
        switch hindrance {
        case .draining: self = .unavailable("draining")
        case .store: self = .unavailable("without a store")
        case .clock:
            self = .unavailable("the clock is off")
            message = "The clock of this machine is more than 5 s away from the data base's."
        }
    }
}
