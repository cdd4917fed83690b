/// A wall-clock instant: whole milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored (POSIX time).
///
/// Tokens carry whole seconds (RFC 7519 section 2, NumericDate); use ``seconds``. Deadlines never use this type: they
/// are measured on the monotonic clock (``MonotonicInstant``).
package struct UnixTime: Comparable, Hashable, Sendable {
    /// Milliseconds since the epoch; negative before it.
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The instant at a whole second; saturates instead of overflowing.
    package init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        milliseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    /// Whole seconds since the epoch, rounded down.
    package var seconds: Int64 {
        milliseconds >= 0 ? milliseconds / 1000 : (milliseconds + 1) / 1000 - 1
    }

    /// This instant moved by whole seconds; saturates instead of overflowing.
    package func adding(seconds: Int64) -> UnixTime {
        let shift = UnixTime(seconds: seconds).milliseconds
        let (sum, overflow) = milliseconds.addingReportingOverflow(shift)
        return UnixTime(milliseconds: overflow ? (shift < 0 ? .min : .max) : sum)
    }

    package static func < (left: UnixTime, right: UnixTime) -> Bool { left.milliseconds < right.milliseconds }
    // What the standard library makes of the first goes through a table of witnesses.
    package static func <= (left: UnixTime, right: UnixTime) -> Bool { left.milliseconds <= right.milliseconds }
    package static func >= (left: UnixTime, right: UnixTime) -> Bool { left.milliseconds >= right.milliseconds }
}
