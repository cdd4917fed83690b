package import Platform
import Synchronization

/// The service's wall clock: it never goes back, and it knows when it can not be right.
///
/// What was over stays over: an expired token, a closed minute, a revocation that was forgotten because all that it could
/// hit had expired. So the time that is handed out is the newest that was ever read, or that is known to be stored,
/// until the clock beneath has passed it again. A clock that is farther back than a slewed one ever is
/// (``lagMillisecondsMax``) is not believed: then nothing is issued and nothing is accepted, until it has caught up.
package final class ServiceClock: TimeSource {
    /// A clock may be this far behind and still be believed, in milliseconds; as the stores have it.
    package static let lagMillisecondsMax: Int64 = 5_000

    private let source: any TimeSource
    /// The newest instant that is known, in milliseconds.
    private let newest: Atomic<Int64>

    /// - Parameters:
    ///   - source: the clock beneath.
    ///   - stored: the newest instant that the store has seen, in whichever process.
    package init(_ source: any TimeSource, stored: UnixTime) {
        self.source = source
        newest = Atomic(stored.milliseconds)
    }

    /// The time that holds for a request, and how far behind it the clock beneath is, in milliseconds.
    package func read() -> (now: UnixTime, lagMilliseconds: Int64) {
        let reading = source.now()
        let known = newest.load(ordering: .acquiring)
        guard reading.milliseconds < known else {
            if reading.milliseconds > known { newest.max(reading.milliseconds, ordering: .acquiringAndReleasing) }
            return (reading, 0)
        }
        let (lag, overflow) = known.subtractingReportingOverflow(reading.milliseconds)
        return (UnixTime(milliseconds: known), overflow ? .max : lag)
    }

    /// Takes what the clock beneath shows for right, as one that the store goes by has said: what it showed before, and
    /// is later than that, was wrong.
    ///
    /// - Returns: the time until then, where it was too far ahead to come true soon.
    package func confirm() -> UnixTime? {
        let reading = source.now()
        let known = newest.load(ordering: .acquiring)
        let (ahead, overflow) = known.subtractingReportingOverflow(reading.milliseconds)
        guard overflow ? known > 0 : ahead > Self.lagMillisecondsMax else { return nil }
        // Where somebody else took note of a later reading, the next comparison tries again.
        let isSet = newest.compareExchange(
            expected: known,
            desired: reading.milliseconds,
            ordering: .acquiringAndReleasing
        ).exchanged
        return isSet ? UnixTime(milliseconds: known) : nil
    }

    package func now() -> UnixTime { read().now }

    package func monotonicNow() -> MonotonicInstant { source.monotonicNow() }

    /// How far the clock beneath is behind, in milliseconds; 0 where it is not.
    package var lagMilliseconds: Int64 { read().lagMilliseconds }

    /// True while the clock is too far behind to be believed.
    package var isBehind: Bool { lagMilliseconds > Self.lagMillisecondsMax }
}

extension Problem {
    /// The clock can not be right; 503 until it is.
    package static func clockBehind(lagMilliseconds: Int64) -> Problem {
        Problem(
            .unavailable,
            "The service's clock is behind. It issues and accepts nothing until the clock is right.",
            privateReason: "the clock is \(lagMilliseconds / 1000) s behind the newest instant that is known",
            // Who waits longer than this asks again in vain, and that costs nothing.
            retryAfterSeconds: Int(min(30, max(1, lagMilliseconds / 1000)))
        )
    }
}
