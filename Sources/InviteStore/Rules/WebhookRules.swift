internal import Platform
internal import Synchronization

/// The right to deliver, for a store that one process has for itself: it ends with the process.
final class WebhookLease: Sendable {
    private let current = Mutex<(holder: RecordID, until: UnixTime)?>(nil)

    /// True where `holder` has the right now.
    func grant(to holder: RecordID, until: UnixTime, now: UnixTime) -> Bool {
        current.withLock { current in
            if let held = current, held.holder != holder, held.until > now { return false }
            current = (holder, until)
            return true
        }
    }
}

extension WebhookRecord {
    /// This endpoint as `changed` wants it, one version on.
    func changed(as changed: WebhookRecord) -> WebhookRecord {
        var next = changed
        next.id = id
        next.tenant = tenant
        next.createdAt = createdAt
        next.version = version + 1
        next.failingSince = disabledAt != nil && changed.disabledAt == nil ? nil : failingSince
        return next
    }
}
