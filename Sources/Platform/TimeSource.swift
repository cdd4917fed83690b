import CLinux
import Glibc

/// A point on the monotonic clock, in nanoseconds since an arbitrary start.
///
/// For deadlines and measured durations only.
///
/// Inlinable because an event loop handles instants by the dozen a request.
package struct MonotonicInstant: Comparable, Hashable, Sendable {
    package var nanoseconds: UInt64

    @inlinable
    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// This instant moved forward; saturates instead of overflowing.
    @inlinable
    package func adding(milliseconds: Int) -> MonotonicInstant {
        let shift = UInt64(clamping: milliseconds).multipliedReportingOverflow(by: 1_000_000)
        let sum = nanoseconds.addingReportingOverflow(shift.overflow ? .max : shift.partialValue)
        return MonotonicInstant(nanoseconds: sum.overflow ? .max : sum.partialValue)
    }

    /// Nanoseconds from `earlier` to this instant; 0 where `earlier` is later.
    @inlinable
    package func nanoseconds(since earlier: MonotonicInstant) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }

    @inlinable
    package static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

/// The seam behind which time stands: every module takes one, none asks the operating system.
package protocol TimeSource: Sendable {
    /// Wall-clock time. May jump in either direction.
    func now() -> UnixTime

    /// Monotonic time. Never goes back.
    func monotonicNow() -> MonotonicInstant
}

/// The operating system's clocks.
package struct SystemTimeSource: TimeSource {
    package init() {}

    package func now() -> UnixTime {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UnixTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package func monotonicNow() -> MonotonicInstant {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicInstant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }
}
