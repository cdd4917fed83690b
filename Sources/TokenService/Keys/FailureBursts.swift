package import InviteStore
package import Platform
import Synchronization

/// Notices when one address, one key or one prefix is refused again and again within a minute.
///
/// Bounded: subjects beyond the bound are not counted until the minute is over, and so are alerts beyond theirs.
package final class FailureBursts: Sendable {
    /// Whose refusals are counted together.
    package enum Subject: Hashable, Sendable {
        /// A client; an IPv6 address counts by its /64.
        case address(IPAddress)
        case key(RecordID)
        /// The prefix of keys that have the right shape and are not known.
        case prefix(String)
    }

    private struct State {
        var minute: Int64 = 0
        var refused: [Subject: Int] = [:]
        var alerts = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Counts one refusal; true for the one that makes it a burst, once for each subject and minute.
    package func completes(_ subject: Subject, now: UnixTime) -> Bool {
        let minute = now.seconds / 60
        return state.withLock { state in
            if minute != state.minute { state = State(minute: minute) }
            guard state.refused[subject] != nil || state.refused.count < ServiceLimits.failureSubjectsMax else {
                return false
            }
            state.refused[subject, default: 0] += 1
            guard state.refused[subject] == ServiceLimits.failureBurst,
                state.alerts < ServiceLimits.failureAlertsPerMinute
            else { return false }
            state.alerts += 1
            return true
        }
    }
}
