import InviteStore
import Synchronization

/// Whether new requests should be sent here: not while draining, not without a store, not with a clock that is off, not
/// with signing keys that are not the deployment's any more, not while there may be revocations that are not known.
package final class Readiness: Sendable {
    /// Why no requests should be sent here.
    package enum Hindrance: Sendable {
        case draining
        case store
        case clock
        /// The clock is behind what is known, by so many milliseconds.
        case clockBehind(Int64)
        /// The signing keys have changed, and have not been read for too long.
        case signingKeys
        /// The store may hold revocations that are not known here, so that every validation is refused.
        case revocations
    }

    private let draining = Atomic<Bool>(false)
    private let store: any InviteStore
    private let clock: ServiceClock
    private let keyrings: LiveKeyring
    private let revocations: RevocationView

    package init(_ services: Services) {
        store = services.store
        clock = services.time
        keyrings = services.issuance.keyrings
        revocations = services.revocations
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
        guard await store.isReady() else { return .store }
        if keyrings.isOverdue { return .signingKeys }
        return revocations.isStale ? .revocations : nil
    }
}

extension Problem {
    /// The answer while something stands in the way: to checks of health, with a clock that is off to nearly all, and
    /// without the right signing keys to whatever has to do with tokens.
    init(_ hindrance: Readiness.Hindrance) {
        switch hindrance {
        case .draining: self = .unavailable("draining")
        case .store: self = .unavailable("without a store")
        case .clock:
            self = .unavailable("the clock is off")
            message = "The clock of this machine is more than 2.5 s away from the data base's."
        case .clockBehind(let lag): self = .clockBehind(lagMilliseconds: lag)
        case .signingKeys:
            self = .unavailable("the signing keys have changed and can not be read")
            message = "The signing keys have changed and can not be read. Until then no token is issued or accepted."
        case .revocations:
            self = .unavailable("revocations may be missing")
            message = "There may be revocations that are not known here. Until they are read no token is accepted."
        }
    }
}
