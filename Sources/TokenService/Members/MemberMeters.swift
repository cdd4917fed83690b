package import InviteStore
package import Platform
import Synchronization

/// Counts the requests of each member in windows of one minute, whatever the number of its browsers.
package final class MemberMeters: Sendable {
    private let meters = Mutex<[RecordID: RateMeter]>([:])

    package init() {}

    /// Counts one request of a member whose session is genuine.
    package func count(_ member: RecordID, now: UnixTime) -> RateState {
        let meter = meters.withLock { meters in
            if let meter = meters[member] { return meter }
            // A meter that is idle says no more than a new one.
            if meters.count >= ServiceLimits.memberMetersMax { meters = meters.filter { !$0.value.isIdle(at: now) } }
            let meter = RateMeter()
            meters[member] = meter
            return meter
        }
        return meter.count(limit: ServiceLimits.memberRequestsPerMinute, now: now)
    }
}
