import Platform

/// What verifiers elsewhere took from the public key set, and may go by for a while.
struct KeySetCopy {
    let kids: Set<String>
    let taken: Moment
    /// `max-age`, in seconds.
    let maxAge: Int

    /// True where a verifier may still go by it.
    func isFresh(at moment: Moment) -> Bool {
        taken.tick <= moment.tick && moment.monotonic < taken.monotonic.adding(milliseconds: maxAge * 1_000)
    }

    /// By how much the wall clock went faster than time since it was taken, in milliseconds.
    func skew(at moment: Moment) -> Int64 {
        let elapsed = Int64(clamping: moment.monotonic.nanoseconds(since: taken.monotonic) / 1_000_000)
        return moment.wall.milliseconds - taken.wall.milliseconds - elapsed
    }
}

/// What is known of signing keys, each by its `kid`.
struct ModelSigningKeys {
    /// Copies of the public key set that are in the world.
    var copies: [KeySetCopy] = []
    /// When each key signed something that was handed out, last, by the service's clock.
    var lastSigned: [String: UnixTime] = [:]
    /// Keys that an operator put into use at once, without waiting until they are known.
    var hasty: [String: [Fact]] = [:]

    mutating func take(_ copy: KeySetCopy) {
        copies.removeAll { !$0.isFresh(at: copy.taken) }
        copies.append(copy)
    }

    /// True where a replica may not know the key yet, for nobody waited for that.
    func mayBeUnknown(_ kid: String, to reply: Reply) -> Bool {
        hasty[kid]?.contains { fact in
            guard fact.mayHold(at: reply.ended) else { return false }
            return !fact.holds(at: reply.began, on: reply.replica)
        } ?? false
    }

    /// True where nobody waited until those who took this copy know the key.
    func isHasty(_ kid: String, for copy: KeySetCopy) -> Bool {
        hasty[kid]?.contains { $0.state != .never && !$0.holds(at: copy.taken, on: .some(-1)) } ?? false
    }
}
