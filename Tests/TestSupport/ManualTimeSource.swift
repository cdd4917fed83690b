package import Platform
import Synchronization

/// A clock that moves only when told: wall and monotonic time together, or the wall clock alone.
package final class ManualTimeSource: TimeSource {
    private struct State {
        var wall: UnixTime
        var monotonic: MonotonicInstant
    }

    private let state: Mutex<State>

    package init(now: UnixTime = UnixTime(seconds: 1_800_000_000)) {
        state = Mutex(State(wall: now, monotonic: MonotonicInstant(nanoseconds: 1_000_000_000)))
    }

    package func now() -> UnixTime { state.withLock { $0.wall } }
    package func monotonicNow() -> MonotonicInstant { state.withLock { $0.monotonic } }

    /// Moves both clocks forward.
    package func advance(seconds: Int) { advance(milliseconds: seconds * 1000) }

    /// Moves both clocks forward.
    package func advance(milliseconds: Int) {
        state.withLock {
            $0.wall.milliseconds += Int64(milliseconds)
            $0.monotonic = $0.monotonic.adding(milliseconds: milliseconds)
        }
    }

    /// Sets the wall clock alone, as an administrator or NTP would.
    package func setWall(_ time: UnixTime) { state.withLock { $0.wall = time } }
}
