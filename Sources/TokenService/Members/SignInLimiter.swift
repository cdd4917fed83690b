package import InviteStore
package import Platform
import Synchronization

/// Limits how often passwords may be tried: by one address, for one member from one address, and for one member in all.
///
/// Windows are aligned to the clock and a refused try does not prolong them, so nobody is locked out for longer than a
/// window. The limit in all counts tries from addresses that the member has not signed in from; strangers who use it up
/// do not keep the member out where it is known. A try is counted before the password is checked and taken back where it
/// was right, so that no number of tries at once gets past a limit. Members are told apart by the index of what was
/// typed, whether or not there is such a member.
///
/// A try for which there was no room is no guess, and yet not free for a stranger: whoever sends many takes the room away
/// from others, and is counted by address.
package final class SignInLimiter: Sendable {
    private struct Pair: Hashable, Sendable {
        let address: IPAddress
        let member: KeyedDigest16
    }

    private struct State {
        var addresses = CountingWindow<IPAddress>(seconds: 60)
        /// Tries by address for which there was no room.
        var withoutRoom = CountingWindow<IPAddress>(seconds: 60)
        var pairs = CountingWindow<Pair>(seconds: ServiceLimits.signInWindowSeconds)
        var members = CountingWindow<KeyedDigest16>(seconds: ServiceLimits.signInWindowSeconds)
        /// From where members have signed in, as far as this process saw and holds it.
        var known: Set<Pair> = []
    }

    /// One counted try, to be taken back where it was no guess.
    package struct Try: Sendable {
        fileprivate let address: IPAddress
        fileprivate let member: KeyedDigest16
        /// Whether the member has signed in from the address.
        fileprivate let isKnown: Bool
        fileprivate let at: UnixTime

        /// In which line its password waits.
        package var claimant: Passwords.Claimant { isKnown ? .known(member) : .stranger(address) }
    }

    private let state = Mutex(State())

    package init() {}

    /// Counts a try; 429 with the seconds to wait where a limit is reached, and then nothing is counted.
    package func begin(_ address: IPAddress, member: KeyedDigest16, now: UnixTime) throws(Problem) -> Try {
        let address = address.networkOfCustomer
        let pair = Pair(address: address, member: member)
        let result: Result<Try, Problem> = state.withLock { state in
            let isKnown = state.known.contains(pair)
            let limits = ServiceLimits.self
            let withoutRoom = state.withoutRoom.wait(address, limit: limits.signInsWithoutRoomPerMinute, now: now)
            let wait = [
                state.addresses.wait(address, limit: limits.signInsOfAddressPerMinute, now: now),
                isKnown ? nil : withoutRoom,
                state.pairs.wait(pair, limit: limits.signInsOfMemberAndAddress, now: now),
                isKnown ? nil : state.members.wait(member, limit: limits.signInsOfMember, now: now),
            ].compactMap(\.self).max()
            if let wait {
                let text = "Too many attempts to sign in. Wait, then try again."
                return .failure(Problem(.rateLimited, text, retryAfterSeconds: wait))
            }
            state.addresses.add(1, to: address)
            state.pairs.add(1, to: pair)
            if !isKnown { state.members.add(1, to: member) }
            return .success(Try(address: address, member: member, isKnown: isKnown, at: now))
        }
        return try result.get()
    }

    /// Takes a try back; one that `succeeded` makes its address a known one of the member.
    package func takeBack(_ attempt: Try, succeeded: Bool) {
        state.withLock { state in
            Self.takeBack(attempt, &state)
            guard succeeded else { return }
            if state.known.count >= ServiceLimits.signInSubjectsMax { state.known.removeAll(keepingCapacity: true) }
            state.known.insert(Pair(address: attempt.address, member: attempt.member))
        }
    }

    /// Takes a try back for which there was no room, or no time; where the member is not known it counts as such a one.
    package func takeBackWithoutRoom(_ attempt: Try) {
        state.withLock { state in
            Self.takeBack(attempt, &state)
            guard !attempt.isKnown, state.withoutRoom.isCurrent(attempt.at) else { return }
            state.withoutRoom.add(1, to: attempt.address)
        }
    }

    private static func takeBack(_ attempt: Try, _ state: inout State) {
        if state.addresses.isCurrent(attempt.at) { state.addresses.add(-1, to: attempt.address) }
        guard state.pairs.isCurrent(attempt.at) else { return }
        state.pairs.add(-1, to: Pair(address: attempt.address, member: attempt.member))
        if !attempt.isKnown { state.members.add(-1, to: attempt.member) }
    }
}

/// Counts by key in windows aligned to the clock, in bounded memory: keys beyond the bound share one count.
struct CountingWindow<Key: Hashable & Sendable>: Sendable {
    private let seconds: Int64
    private let keysMax: Int
    private var window: Int64 = 0
    private var used: [Key: Int] = [:]
    private var overflow = 0

    init(seconds: Int64, keysMax: Int = ServiceLimits.signInSubjectsMax) {
        self.seconds = seconds
        self.keysMax = keysMax
    }

    /// Seconds until the window ends, where the key has used up its limit; nil where it may go on.
    ///
    /// A clock that goes back by no more than a window stays in the later one, so that no window is given twice.
    mutating func wait(_ key: Key, limit: Int, now: UnixTime) -> Int? {
        let current = now.seconds / seconds
        if current > window || current < window - 1 { (window, used, overflow) = (current, [:], 0) }
        let count = used[key] ?? (used.count < keysMax ? 0 : overflow)
        return count < limit ? nil : max(1, Int((window + 1) * seconds - now.seconds))
    }

    /// Counts in the window that the last ``wait(_:limit:now:)`` was about.
    mutating func add(_ number: Int, to key: Key) {
        if let count = used[key] {
            used[key] = max(0, count + number)
        } else if number > 0, used.count < keysMax {
            used[key] = number
        } else {
            overflow = max(0, overflow + number)
        }
    }

    /// Whether the time is in the window that is counted.
    func isCurrent(_ time: UnixTime) -> Bool { time.seconds / seconds == window }
}
