package import InviteStore
package import Platform

/// What a try makes of a delivery: the schedule, as a pure function.
package enum WebhookRetry {
    /// The delivery after a try at `now`; `eventAt` is when the event happened.
    ///
    /// - Parameter jitter: 0 up to 1; the wait is 90 to 110 percent of what the schedule says.
    package static func after(
        _ outcome: WebhookOutcome,
        _ delivery: WebhookDelivery,
        eventAt: UnixTime,
        now: UnixTime,
        jitter: Double
    ) -> WebhookDelivery {
        var next = delivery
        next.attempts += 1
        next.lastAt = now
        next.responseStatus = outcome.status
        next.failure = outcome.failure
        next.durationMilliseconds = outcome.durationMilliseconds
        next.nextAt = nil
        guard outcome.failure != nil else {
            next.status = .delivered
            return next
        }
        let due = now.moved(
            milliseconds: waitMilliseconds(after: next.attempts, asked: outcome.retryAfterSeconds, jitter: jitter)
        )
        let isGivenUp =
            next.attempts >= ServiceLimits.webhookTriesMax || outcome.status == 410 || isTooOld(eventAt, at: due)
        next.status = isGivenUp ? .failed : .retrying
        next.nextAt = isGivenUp ? nil : due
        return next
    }

    /// Whether an event that happened then is not told any more.
    package static func isTooOld(_ eventAt: UnixTime, at now: UnixTime) -> Bool {
        eventAt.adding(seconds: ServiceLimits.webhookEventSecondsMax) < now
    }

    /// Whether later events wait for this one.
    ///
    /// They do while the endpoint can not be reached, or says that it is overloaded: everything would fail. An endpoint
    /// that answers and refuses this one event again and again gets the later ones meanwhile.
    package static func holdsUpOthers(_ delivery: WebhookDelivery) -> Bool {
        guard delivery.status == .retrying else { return false }
        guard delivery.attempts >= ServiceLimits.webhookAsideTries, let status = delivery.responseStatus else {
            return true
        }
        return [408, 425, 429, 502, 503, 504].contains(status)
    }

    /// The wait after so many tries: 5 s, then twice as long each time, to 12 hours, or longer where the endpoint asks.
    private static func waitMilliseconds(after attempts: Int, asked: Int64?, jitter: Double) -> Int64 {
        let doublings = min(max(0, attempts - 1), 30)
        let longest = ServiceLimits.webhookRetrySecondsMax
        let seconds = min(longest, ServiceLimits.webhookRetryFirstSeconds << Int64(doublings))
        let wait = Int64(Double(seconds * 1000) * (0.9 + 0.2 * min(max(jitter, 0), 1)))
        return max(wait, min(asked ?? 0, longest) * 1000)
    }
}

extension UnixTime {
    /// This instant moved by milliseconds; saturates instead of overflowing.
    fileprivate func moved(milliseconds: Int64) -> UnixTime {
        let (sum, overflow) = self.milliseconds.addingReportingOverflow(milliseconds)
        return UnixTime(milliseconds: overflow ? .max : sum)
    }
}
