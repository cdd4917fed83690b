import InviteStore
import Platform

/// What one process knows of one window of a limit: how many requests it has counted, and where the limit is shared, how
/// many of it it may count.
struct RateWindow {
    /// In epoch seconds.
    let start: Int64
    private var used = 0
    /// Requests that were leased so far.
    private var granted = 0
    /// Requests that all replicas had leased when this one asked last.
    private var taken = 0
    /// The limit at which nothing more was to be had; 0 where that was not so.
    private var fullAt = 0
    /// Requests counted in the window before, which tells how fast this one will go.
    private let usedBefore: Int
    /// The second from which on more may be leased ahead, after a question that failed.
    private var aheadFrom = Int64.min

    init(start: Int64 = 0) {
        self.start = start
        usedBefore = 0
    }

    /// The window that follows another, be it directly or after a pause.
    init(start: Int64, after before: RateWindow) {
        self.start = start
        usedBefore = start == before.start + RateMeter.windowSeconds ? before.used : 0
    }

    // MARK: Counting

    /// Counts one request against the whole limit.
    mutating func count(limit: Int) -> RateState {
        let isAllowed = used < limit
        if isAllowed { used += 1 }
        return state(limit, remaining: limit - used, isAllowed)
    }

    /// Counts one request against what was leased; nil where it is not known whether there is more of it.
    mutating func countLeased(limit: Int) -> RateState? {
        guard used < granted, used < limit else {
            return used >= limit || fullAt >= limit ? state(limit, remaining: 0, false) : nil
        }
        used += 1
        let others = fullAt >= limit ? 0 : max(0, limit - taken)
        return state(limit, remaining: min(limit - used, granted - used + others), true)
    }

    private func state(_ limit: Int, remaining: Int, _ isAllowed: Bool) -> RateState {
        RateState(
            limit: limit,
            remaining: max(0, remaining),
            resetSeconds: start + RateMeter.windowSeconds,
            isAllowed: isAllowed
        )
    }

    // MARK: Leasing

    /// How many requests to lease beyond those that wait.
    ///
    /// As many as were counted up to now, but never more than a slice: so a replica that is hardly asked holds next to
    /// nothing, and a busy one asks a bounded number of times in a window.
    func slice(limit: Int) -> Int {
        let most = max(1, limit / ServiceLimits.rateSlicesPerWindow)
        return min(most, max(1, most / 4, used, usedBefore / 8))
    }

    /// How many requests to lease now, before those at hand run out; nil where that is not called for.
    func ahead(limit: Int, now: UnixTime) -> Int? {
        let slice = slice(limit: limit)
        guard granted - used <= slice / 4, granted < limit, fullAt < limit, now.seconds >= aheadFrom else { return nil }
        return slice
    }

    func ask(_ subject: RecordID, limit: Int, wanted: Int) -> RateAsk {
        RateAsk(
            subject: subject,
            window: UnixTime(seconds: start),
            limit: limit,
            wanted: max(1, min(wanted, limit - granted))
        )
    }

    /// Takes in what a question got.
    mutating func take(_ share: RateShare, for ask: RateAsk) {
        granted += share.granted
        taken = max(taken, share.taken)
        if share.granted < ask.wanted { fullAt = ask.limit }
    }

    /// A question failed: the next one ahead of time waits for the next second.
    mutating func failed(_ now: UnixTime) { aheadFrom = now.seconds + 1 }
}
