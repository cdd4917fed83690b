package import Platform
import Synchronization

/// What a key has left in the current minute.
package struct RateState: Equatable, Sendable {
    package let limit: Int
    package let remaining: Int
    /// When the window ends, in epoch seconds.
    package let resetSeconds: Int64
    package let isAllowed: Bool

    package init(limit: Int, remaining: Int, resetSeconds: Int64, isAllowed: Bool) {
        self.limit = limit
        self.remaining = remaining
        self.resetSeconds = resetSeconds
        self.isAllowed = isAllowed
    }
}

/// Counts requests in windows of one minute, aligned to the clock; exact under concurrency.
package final class RateMeter: Sendable {
    package static let windowSeconds: Int64 = 60

    private struct Window {
        var start: Int64 = 0
        var used = 0
        /// The last request, in epoch seconds, and the one that was last handed to the store.
        var lastUse: Int64 = 0
        var recordedUse: Int64 = 0
    }

    private let window = Mutex(Window())

    package init() {}

    /// Counts one request, and says whether it is within `limit`.
    ///
    /// A refused request is not counted.
    ///
    /// A clock that goes back stays in the later window, so that no window is given twice.
    package func count(limit: Int, now: UnixTime) -> RateState {
        let start = now.seconds - now.seconds % Self.windowSeconds
        return window.withLock { window in
            if start > window.start {
                window.start = start
                window.used = 0
            }
            window.lastUse = max(window.lastUse, now.seconds)
            let isAllowed = window.used < limit
            if isAllowed { window.used += 1 }
            return RateState(
                limit: limit,
                remaining: max(0, limit - window.used),
                resetSeconds: window.start + Self.windowSeconds,
                isAllowed: isAllowed
            )
        }
    }

    /// The last use, where it is in a later minute than the one that was handed out before; nil otherwise.
    package func takeUse() -> UnixTime? {
        window.withLock { window in
            guard window.lastUse / Self.windowSeconds > window.recordedUse / Self.windowSeconds else { return nil }
            window.recordedUse = window.lastUse
            return UnixTime(seconds: window.lastUse)
        }
    }

    /// Notes a use that does not count against the limit.
    package func noteUse(now: UnixTime) {
        window.withLock { $0.lastUse = max($0.lastUse, now.seconds) }
    }

    /// The last use that this process saw; nil where there was none.
    package var lastUse: UnixTime? {
        let seconds = window.withLock { $0.lastUse }
        return seconds == 0 ? nil : UnixTime(seconds: seconds)
    }

    /// True where the window is over and the meter may be forgotten.
    package func isIdle(at now: UnixTime) -> Bool {
        window.withLock { now.seconds >= $0.start + Self.windowSeconds }
    }
}
