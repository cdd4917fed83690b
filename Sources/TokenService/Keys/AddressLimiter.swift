package import Platform
import Synchronization

/// Limits what one client address may try without a working key: exchanges, and refused credentials.
///
/// Windows of one minute, aligned to the clock. IPv6 addresses count by their /64, which is what one customer has.
/// Memory is bounded: beyond the bound, further addresses share one window, so that a flood of addresses slows
/// itself and nobody who is counted already.
package final class AddressLimiter: Sendable {
    package static let addressesMax = 65_536

    private struct State {
        var window: Int64 = 0
        var used: [IPAddress: Int] = [:]
        var overflow = 0
    }

    /// Nil where the limit is off.
    package let limit: Int?
    private let state = Mutex(State())

    package init(limit: Int?) { self.limit = limit }

    /// Counts one try; false where the address has used up its minute.
    package func admits(_ address: IPAddress, now: UnixTime) -> Bool {
        guard let limit else { return true }
        let window = now.seconds / RateMeter.windowSeconds
        let group = address.networkOfCustomer
        return state.withLock { state in
            if window > state.window { state = State(window: window) }
            if let used = state.used[group] {
                guard used < limit else { return false }
                state.used[group] = used + 1
            } else if state.used.count < Self.addressesMax {
                state.used[group] = 1
            } else {
                guard state.overflow < limit else { return false }
                state.overflow += 1
            }
            return true
        }
    }

    /// Whole seconds until the current window ends.
    package func secondsToReset(now: UnixTime) -> Int {
        Int(RateMeter.windowSeconds - now.seconds % RateMeter.windowSeconds)
    }
}
