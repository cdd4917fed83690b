package import InviteStore
package import Platform
import Synchronization

/// Notices when one address, one key or one prefix is refused again and again within a minute.
///
/// Bounded: subjects beyond the bound are not counted until the minute is over, and so are alerts beyond theirs. Keys that
/// are known have both bounds for themselves: addresses and prefixes can be made up, as many as there is room for.
package final class FailureBursts: Sendable {
    /// Whose refusals are counted together.
    package enum Subject: Hashable, Sendable {
        /// A client; an IPv6 address counts by its /64.
        case address(IPAddress)
        case key(RecordID)
        /// The prefix of keys that have the right shape and are not known.
        case prefix(String)

        fileprivate var isKey: Bool {
            if case .key = self { true } else { false }
        }
    }

    private let keys = Table()
    private let strangers = Table()
    private let dropped: @Sendable () -> Void

    /// - Parameter dropped: told of each refusal that could not be counted, and of each alert that there were too many before.
    package init(dropped: @escaping @Sendable () -> Void = {}) { self.dropped = dropped }

    /// Counts one refusal; true for the one that makes it a burst, once for each subject and minute.
    package func completes(_ subject: Subject, now: UnixTime) -> Bool {
        switch (subject.isKey ? keys : strangers).count(subject, minute: now.seconds / 60) {
        case .counted: return false
        case .burst: return true
        case .noRoom:
            dropped()
            return false
        }
    }

    private enum Outcome {
        case counted
        case burst
        case noRoom
    }

    private final class Table: Sendable {
        private struct State {
            var minute: Int64 = 0
            var refused: [Subject: Int] = [:]
            var alerts = 0
        }

        private let state = Mutex(State())

        func count(_ subject: Subject, minute: Int64) -> Outcome {
            state.withLock { state in
                if minute != state.minute { state = State(minute: minute) }
                let count = (state.refused[subject] ?? 0) + 1
                guard count > 1 || state.refused.count < ServiceLimits.failureSubjectsMax else { return .noRoom }
                state.refused[subject] = count
                guard count == ServiceLimits.failureBurst else { return .counted }
                guard state.alerts < ServiceLimits.failureAlertsPerMinute else { return .noRoom }
                state.alerts += 1
                return .burst
            }
        }
    }
}
