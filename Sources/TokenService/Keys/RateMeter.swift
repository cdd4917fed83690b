package import InviteStore
package import Platform
import Synchronization

/// What a key has left in the current minute.
package struct RateState: Equatable, Sendable {
    package let limit: Int
    /// Where several replicas count together, what this one knows of: what it has leased, and what nobody had leased when
    /// it asked last.
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
///
/// Alone it counts in memory. Where replicas share the limit it admits what it has leased of it (``RateLeases``), and so
/// may have to wait.
package final class RateMeter: Sendable {
    package static let windowSeconds: Int64 = 60

    private struct State {
        var window = RateWindow()
        /// The last request, in epoch seconds, and the one that was last handed to the store.
        var lastUse: Int64 = 0
        var recordedUse: Int64 = 0
        /// Who waits for shares, by the window that they are of; a window is in it while a question is under way.
        var waiting: [Int64: [Waiter]] = [:]

        /// Begins the window of `now` where it is a later one, and notes the use.
        mutating func turn(_ now: UnixTime) {
            let start = now.seconds - now.seconds % RateMeter.windowSeconds
            // More than a window back is no matter of two clocks: the later one was wrong, and has been set right.
            if start > window.start || start < window.start - RateMeter.windowSeconds {
                window = RateWindow(start: start, after: window)
            }
            lastUse = max(lastUse, now.seconds)
        }
    }

    private struct Waiter {
        let limit: Int
        let continuation: CheckedContinuation<Result<RateState, StoreError>, Never>
    }

    private let state = Mutex(State())
    private let sharing: (subject: RecordID, leases: RateLeases)?

    /// A meter that counts in memory, as the only one of its subject.
    package init() { sharing = nil }

    /// A meter of one subject among those of other replicas; counts in memory where there are no leases.
    package init(of subject: RecordID, leases: RateLeases?) { sharing = leases.map { (subject, $0) } }

    /// Counts one request, and says whether it is within `limit`; for a meter that counts in memory.
    ///
    /// A refused request is not counted.
    ///
    /// A clock that goes back by no more than a window stays in the later one, so that no window is given twice.
    package func count(limit: Int, now: UnixTime) -> RateState {
        state.withLock { state in
            state.turn(now)
            return state.window.count(limit: limit)
        }
    }

    /// The same without waiting; nil, and nothing counted, where a share of the limit has to be leased first.
    package func countAtOnce(limit: Int, now: UnixTime) -> RateState? {
        guard let sharing else { return count(limit: limit, now: now) }
        let (rate, wish) = state.withLock { state -> (RateState?, RateAsk?) in
            state.turn(now)
            guard let rate = state.window.countLeased(limit: limit) else { return (nil, nil) }
            // Asked for more before it runs out, while nobody has to wait.
            guard rate.isAllowed, let wanted = state.window.ahead(limit: limit, now: now),
                state.waiting[state.window.start] == nil
            else { return (rate, nil) }
            state.waiting[state.window.start] = []
            return (rate, state.window.ask(sharing.subject, limit: limit, wanted: wanted))
        }
        if let wish { sharing.leases.begin(wish, for: self) }
        return rate
    }

    /// Counts one request, after waiting for a share of the limit where that is needed.
    ///
    /// - Throws: ``StoreError`` where no share can be had; whether the limit is reached nobody knows then, so the request
    ///   must not be admitted.
    package func counted(limit: Int, now: UnixTime) async throws(StoreError) -> RateState {
        guard let sharing else { return count(limit: limit, now: now) }
        if let rate = countAtOnce(limit: limit, now: now) { return rate }
        sharing.leases.waits()
        let result = await withCheckedContinuation { continuation in
            enqueue(limit: limit, now: now, sharing, continuation)
        }
        return try result.get()
    }

    private func enqueue(
        limit: Int,
        now: UnixTime,
        _ sharing: (subject: RecordID, leases: RateLeases),
        _ continuation: CheckedContinuation<Result<RateState, StoreError>, Never>
    ) {
        let (rate, wish) = state.withLock { state -> (RateState?, RateAsk?) in
            state.turn(now)
            // A share may have come in meanwhile.
            if let rate = state.window.countLeased(limit: limit) { return (rate, nil) }
            let start = state.window.start
            let isAsked = state.waiting[start] != nil
            state.waiting[start, default: []].append(Waiter(limit: limit, continuation: continuation))
            if isAsked { return (nil, nil) }
            return (nil, state.window.ask(sharing.subject, limit: limit, wanted: 1 + state.window.slice(limit: limit)))
        }
        if let rate { continuation.resume(returning: .success(rate)) }
        if let wish { sharing.leases.begin(wish, for: self) }
    }

    /// Takes in what became of a question, and answers those who waited; the next question, where some still do.
    func settle(_ ask: RateAsk, _ result: Result<RateShare, StoreError>, now: UnixTime) -> RateAsk? {
        let start = ask.window.seconds
        var answers: [(Waiter, Result<RateState, StoreError>)] = []
        let next = state.withLock { state -> RateAsk? in
            let waiters = state.waiting.removeValue(forKey: start) ?? []
            let share: RateShare
            switch result {
            case .success(let granted): share = granted
            case .failure(let error):
                answers = waiters.map { ($0, .failure(error)) }
                if state.window.start == start { state.window.failed(now) }
                return nil
            }
            // A window that is over meanwhile still owes its waiters what was leased for them.
            var window = state.window.start == start ? state.window : RateWindow(start: start)
            window.take(share, for: ask)
            var left = waiters[...]
            while let waiter = left.first, let rate = window.countLeased(limit: waiter.limit) {
                answers.append((waiter, .success(rate)))
                left.removeFirst()
            }
            if state.window.start == start { state.window = window }
            guard let waiter = left.first else { return nil }
            state.waiting[start] = Array(left)
            return window.ask(
                ask.subject,
                limit: waiter.limit,
                wanted: left.count + window.slice(limit: waiter.limit)
            )
        }
        for (waiter, answer) in answers { waiter.continuation.resume(returning: answer) }
        return next
    }

    /// The last use, where it is in a later minute than the one that was handed out before; nil otherwise.
    package func takeUse() -> UnixTime? {
        state.withLock { state in
            guard state.lastUse / Self.windowSeconds > state.recordedUse / Self.windowSeconds else { return nil }
            state.recordedUse = state.lastUse
            return UnixTime(seconds: state.lastUse)
        }
    }

    /// Notes a use that does not count against the limit.
    package func noteUse(now: UnixTime) {
        state.withLock { $0.lastUse = max($0.lastUse, now.seconds) }
    }

    /// The last use that this process saw; nil where there was none.
    package var lastUse: UnixTime? {
        let seconds = state.withLock { $0.lastUse }
        return seconds == 0 ? nil : UnixTime(seconds: seconds)
    }

    /// True where the window is over and the meter may be forgotten.
    package func isIdle(at now: UnixTime) -> Bool {
        state.withLock { now.seconds >= $0.window.start + Self.windowSeconds && $0.waiting.isEmpty }
    }
}
