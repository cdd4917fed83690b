package import InviteStore
package import Platform
import StrictJSON
import Synchronization
package import Telemetry

/// Events that security teams want to know of, beside those of ordinary changes.
package enum SecurityEvent: String, Sendable, CaseIterable {
    case authSucceeded = "auth.succeeded"
    case authFailed = "auth.failed"
    case keyInBrowser = "alert.key_in_browser"
    case addressRefused = "alert.address_refused"
    case secondHolder = "alert.second_holder"
}

/// Writes security events to the log and the audit trail, at most one of a kind for each key and minute.
///
/// They tell of refusals, so the refusal stands whether or not its event can be stored; a store that fails is logged.
package struct SecurityEvents: Sendable {
    private let store: any InviteStore
    private let identifiers: IdentifierGenerator
    private let log: Logger
    private let recent = RecentEvents()

    package init(store: any InviteStore, identifiers: IdentifierGenerator, log: Logger) {
        self.store = store
        self.identifiers = identifiers
        self.log = log
    }

    /// Whether this event of this key has been told of in this minute.
    package func isTold(_ event: SecurityEvent, key: RecordID, now: UnixTime) -> Bool {
        recent.holds(event, key, now)
    }

    package func record(
        _ event: SecurityEvent,
        _ call: Call,
        tenant: Tenant,
        key: RecordID,
        target: String? = nil,
        reason: String
    ) async {
        guard recent.isFirst(event, key, call.now) else { return }
        if event != .authSucceeded {
            log.warning(
                "security event",
                [
                    "type": .string(event.rawValue), "request_id": .string(call.requestID),
                    "key_id": .string(TypeID.text(.apiKey, key)), "reason": .string(reason),
                ]
            )
        }
        var detail = JSONWriter(capacity: 64)
        detail.beginObject()
        detail.member("reason", reason)
        detail.endObject()
        let draft = AuditDraft(
            id: identifiers.next(at: call.now),
            type: event.rawValue,
            at: call.now,
            tenant: tenant,
            actor: TypeID.text(.apiKey, key),
            target: target ?? TypeID.text(.apiKey, key),
            requestID: call.requestID,
            detail: detail.bytes
        )
        do {
            try await store.appendAudit([draft], now: call.now)
        } catch {
            log.error("audit event not stored", ["type": .string(event.rawValue), "error": .string("\(error)")])
        }
    }
}

/// Remembers which events were told in the current minute; bounded.
private final class RecentEvents: Sendable {
    private static let entriesMax = 8192

    private struct Key: Hashable {
        let event: SecurityEvent
        let id: RecordID
    }

    private let state = Mutex<(minute: Int64, told: Set<Key>)>((0, []))

    func holds(_ event: SecurityEvent, _ id: RecordID, _ now: UnixTime) -> Bool {
        state.withLock { $0.minute == now.seconds / 60 && $0.told.contains(Key(event: event, id: id)) }
    }

    func isFirst(_ event: SecurityEvent, _ id: RecordID, _ now: UnixTime) -> Bool {
        let minute = now.seconds / 60
        return state.withLock { state in
            if minute != state.minute { state = (minute, []) }
            guard state.told.count < Self.entriesMax else { return false }
            return state.told.insert(Key(event: event, id: id)).inserted
        }
    }
}
