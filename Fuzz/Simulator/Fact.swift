import Platform

/// A change that somebody asked for, and between which two moments it happened, if it did.
final class Fact {
    enum State {
        /// Asked for; no answer yet.
        case open
        case done
        /// The answer is lost: nobody knows whether it happened, or will.
        case unsure
        case never
    }

    let began: Moment
    /// How long it may take to be known at other replicas, in virtual milliseconds.
    let spreadMilliseconds: Int
    /// The replica that answered; none as long as nobody did.
    private(set) var replica: Int?
    private(set) var state = State.open
    private(set) var ended: Moment?

    init(_ began: Moment, spreadMilliseconds: Int = 5_000) {
        self.began = began
        self.spreadMilliseconds = spreadMilliseconds
    }

    func settle(_ state: State, _ ended: Moment, on replica: Int? = nil) {
        self.state = state
        self.ended = ended
        self.replica = replica
    }

    /// Settles what an answer says: done, certainly not done, or nobody knows.
    func settle(_ reply: Reply?, _ ended: Moment, isDone: Bool) {
        guard let reply, !reply.isUnknown else { return settle(.unsure, ended) }
        settle(isDone ? .done : .never, reply.ended, on: reply.replica)
    }

    /// True where it was acknowledged before `moment`; on another replica, long enough before.
    func holds(at moment: Moment, on replica: Int?) -> Bool {
        guard state == .done, let ended, ended.tick <= moment.tick else { return false }
        if let replica, replica != self.replica {
            return ended.monotonic.adding(milliseconds: spreadMilliseconds) <= moment.monotonic
        }
        return true
    }

    /// True where it may have happened by `moment`.
    func mayHold(at moment: Moment) -> Bool { state != .never && began.tick <= moment.tick }

    /// True where, if it happened, it did before the other: the store does one command after the other.
    func precedes(_ other: Fact) -> Bool {
        guard let ended else { return false }
        return ended.tick < other.began.tick
    }

    /// True where it was over before the other was asked for.
    func isBefore(_ other: Fact) -> Bool {
        guard state == .done, let ended else { return false }
        return ended.tick < other.began.tick
    }
}
