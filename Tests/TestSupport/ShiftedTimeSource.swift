package import Platform
import Synchronization

/// The operating system's clocks, with a wall clock that is off by what it is told.
package final class ShiftedTimeSource: TimeSource {
    private let system = SystemTimeSource()
    private let ahead = Mutex(Int64(0))

    package init() {}

    package func now() -> UnixTime {
        UnixTime(milliseconds: system.now().milliseconds + ahead.withLock { $0 })
    }

    package func monotonicNow() -> MonotonicInstant { system.monotonicNow() }

    /// Sets by how much the wall clock is ahead.
    package func shift(milliseconds: Int64) { ahead.withLock { $0 = milliseconds } }
}
