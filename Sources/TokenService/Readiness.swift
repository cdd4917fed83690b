import InviteStore
import Synchronization

/// Whether new requests should be sent here: not while draining, not without a store, not with a clock that is off.
package final class Readiness: Sendable {
    /// Why no requests should be sent here.
    package enum Hindrance: Sendable {
        case draining
        case store
        case clock
        /// The clock is behind what is known, by so many milliseconds.
        case clockBehind(Int64)
    }

    private let draining = Atomic<Bool>(false)
    private let store: any InviteStore
    private let clock: ServiceClock

    package init(_ services: Services) {
        store = services.store
        clock = services.time
    }

    /// From now on the answer is no.
    package func drain() { draining.store(true, ordering: .releasing) }

    /// What stands in the way; nil where nothing does.
    package func hindrance() async -> Hindrance? {
        if draining.load(ordering: .acquiring) { return .draining }
        // The clock first: a store that is not ready for its sake would hide it.
        if store.isClockOff { return .clock }
        let lag = clock.lagMilliseconds
        if lag > ServiceClock.lagMillisecondsMax { return .clockBehind(lag) }
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
        case .clockBehind(let lag): self = .clockBehind(lagMilliseconds: lag)
        }
    }
}
