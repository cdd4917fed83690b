package import InviteStore
package import Platform
import Synchronization

/// Limits what one client address may try without a working key: exchanges, and refused credentials.
///
/// Windows of one minute, aligned to the clock. IPv6 addresses count by their /64, which is what one customer has.
/// Memory is bounded: beyond the bound, further addresses share one window, so that a flood of addresses slows
/// itself and nobody who is counted already.
///
/// A credential of ours whose time is over is no guess: it counts against itself, as coming from this address, and
/// never against the address. Otherwise one page or job that retries with a dead credential would lock out all others
/// behind the same address.
package final class AddressLimiter: Sendable {
    package static let addressesMax = 65_536

    private struct Key: Hashable {
        let address: IPAddress
        /// The invite or API key that was presented; nil for the address as a whole.
        let credential: RecordID?
    }

    private struct State {
        var window: Int64 = 0
        var used: [Key: Int] = [:]
        var overflow = 0
    }

    /// Nil where the limit is off.
    package let limit: Int?
    private let state = Mutex(State())

    package init(limit: Int?) { self.limit = limit }

    /// Counts one try; false where the address, or the dead credential that it presents again, has used up its minute.
    package func admits(_ address: IPAddress, presenting credential: RecordID? = nil, now: UnixTime) -> Bool {
        guard let limit else { return true }
        let key = Key(address: address.networkOfCustomer, credential: credential)
        return state.withLock { state in
            Self.turn(&state, now)
            if let used = state.used[key] {
                guard used < limit else { return false }
                state.used[key] = used + 1
            } else if state.used.count < Self.addressesMax {
                state.used[key] = 1
            } else {
                guard state.overflow < limit else { return false }
                state.overflow += 1
            }
            return true
        }
    }

    /// True while the address may try at all; counts nothing.
    package func hasRoom(_ address: IPAddress, now: UnixTime) -> Bool {
        guard let limit else { return true }
        let key = Key(address: address.networkOfCustomer, credential: nil)
        return state.withLock { state in
            Self.turn(&state, now)
            if let used = state.used[key] { return used < limit }
            return state.used.count < Self.addressesMax || state.overflow < limit
        }
    }

    /// Takes back one try of this window that turned out to be no guess.
    package func giveBack(_ address: IPAddress, now: UnixTime) {
        guard limit != nil else { return }
        let key = Key(address: address.networkOfCustomer, credential: nil)
        state.withLock { state in
            // A try that was counted in the minute before is gone with it.
            guard now.seconds / RateMeter.windowSeconds == state.window else { return }
            if let used = state.used[key] {
                state.used[key] = max(0, used - 1)
            } else {
                state.overflow = max(0, state.overflow - 1)
            }
        }
    }

    /// Whole seconds until the current window ends.
    package func secondsToReset(now: UnixTime) -> Int {
        Int(RateMeter.windowSeconds - now.seconds % RateMeter.windowSeconds)
    }

    private static func turn(_ state: inout State, _ now: UnixTime) {
        let window = now.seconds / RateMeter.windowSeconds
        // More than a window back: the clock was wrong, and has been set right.
        if window > state.window || window < state.window - 1 { state = State(window: window) }
    }
}
