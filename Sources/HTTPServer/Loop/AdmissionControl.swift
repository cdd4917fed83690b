package import Platform

/// Whether a loop has room for another request: a decision without I/O, with time passed in.
///
/// A queue that is long for a moment is a burst, and is served. Where most answers of a tenth of a second had been waited for
/// longer than ``HTTPLimits/queueMilliseconds``, and the loop was at work for most of it, it is overload: from then on as many
/// requests are taken as can be answered in that time, going by how many were answered lately, and the others are refused at
/// once. It is over when nothing had to be refused for a second. Answers that are late while the loop has time to spare
/// wait for a store that is slow: fewer requests would not make it any faster.
package struct AdmissionControl {
    private static let windowNanoseconds: UInt64 = 100_000_000
    private static let quietWindows = 10

    /// Whether the bound is ``room`` rather than the one for bursts.
    package private(set) var isShedding = false
    /// Requests that are in hand at most while shedding.
    package private(set) var room: Int
    /// Requests refused since shedding began.
    package private(set) var refusedCount = 0

    private let limits: HTTPLimits
    private var windowBegan: MonotonicInstant
    private var answers = 0
    private var lateAnswers = 0
    private var idleNanoseconds: UInt64 = 0
    private var hasRefused = false
    private var quietWindows = 0

    package init(limits: HTTPLimits, now: MonotonicInstant) {
        self.limits = limits
        room = limits.requestsInHandMin
        windowBegan = now
    }

    /// Whether somebody was refused in the overload under way.
    package var isRefusing: Bool { refusedCount > 0 }

    /// Below so many requests in hand every one is taken, whatever it asks for.
    package var boundInHand: Int { isShedding ? min(room, limits.requestsInHandMax) : limits.requestsInHandMax }

    /// Whether one more is taken beside so many in hand; a refusal is taken note of.
    package mutating func admits(_ urgency: HTTPUrgency, inHand: Int) -> Bool {
        let bound = boundInHand
        switch urgency {
        case .always: return true
        case .high where inHand - bound / 2 < bound: return true
        case .normal where inHand < bound: return true
        case .high, .normal: break
        }
        isShedding = true
        hasRefused = true
        refusedCount += 1
        return false
    }

    /// Takes note of an answer that was waited for.
    package mutating func answered(afterNanoseconds waited: UInt64) {
        answers += 1
        if waited > UInt64(clamping: limits.queueMilliseconds) * 1_000_000 { lateAnswers += 1 }
    }

    /// Takes note of time in which the loop had nothing to do.
    package mutating func idled(nanoseconds: UInt64) { idleNanoseconds = idleNanoseconds &+ nanoseconds }

    /// Takes stock once in a tenth of a second; the number of requests refused where an overload is over, else nil.
    package mutating func takeStock(now: MonotonicInstant) -> Int? {
        let passed = now.nanoseconds(since: windowBegan)
        guard passed >= Self.windowNanoseconds else { return nil }
        // What is answered at this pace in the time that a request may wait (Little's law), a quarter of it new.
        let pace = answers * limits.queueMilliseconds / max(1, Int(clamping: passed / 1_000_000))
        room = max(limits.requestsInHandMin, room - room / 4 + pace / 4)
        let isLate = lateAnswers * 2 > answers && idleNanoseconds < passed / 2
        quietWindows = hasRefused ? 0 : quietWindows + 1
        windowBegan = now
        answers = 0
        lateAnswers = 0
        idleNanoseconds = 0
        hasRefused = false
        if isLate { isShedding = true }
        guard isShedding, !isLate, quietWindows >= Self.quietWindows else { return nil }
        isShedding = false
        defer { refusedCount = 0 }
        return refusedCount
    }
}
