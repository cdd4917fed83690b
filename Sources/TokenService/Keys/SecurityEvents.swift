import HTTPServer
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
    /// A participant token that is bound to a key was presented by somebody who did not show the key: it was copied.
    case unprovenToken = "alert.unproven_token"
    /// A key that was revoked is still in use somewhere.
    case revokedKey = "alert.revoked_key"
    /// Somebody could not sign in to the console.
    case signInFailed = "member.sign_in_failed"
    /// Many refusals of one address, key or prefix within a minute.
    case failureBurst = "alert.failure_burst"

    /// Events that share the room for what was told in a minute.
    ///
    /// Those that ordinary use, a forgotten job or a stranger makes as many of as it likes crowd out none of another group,
    /// and no alert.
    package enum Group: Sendable {
        case successes
        case failures
        case sessions
        case signIns
        case alerts
    }

    package var group: Group {
        switch self {
        case .authSucceeded: .successes
        case .authFailed: .failures
        case .unprovenToken: .sessions
        case .signInFailed: .signIns
        case .keyInBrowser, .addressRefused, .secondHolder, .revokedKey, .failureBurst: .alerts
        }
    }
}

/// Writes security events to the log and the audit trail, at most one of a kind for each key and minute.
///
/// They tell of refusals, so the refusal stands whether or not its event can be stored; a store that fails is logged. What
/// there is no room to tell of is counted.
package struct SecurityEvents: Sendable {
    private let store: any InviteStore
    private let identifiers: IdentifierGenerator
    private let log: Logger
    private let metrics: ServiceMetrics
    private let recent = RecentEvents()
    private let bursts: FailureBursts

    package init(
        store: any InviteStore,
        identifiers: IdentifierGenerator,
        log: Logger,
        metrics: ServiceMetrics
    ) {
        self.store = store
        self.identifiers = identifiers
        self.log = log
        self.metrics = metrics
        bursts = FailureBursts { metrics.dropped(.failureBurst) }
    }

    /// Whether the event is to be told of now: the first of its kind and minute, while there is room.
    private func isFirst(_ event: SecurityEvent, _ id: RecordID, _ now: UnixTime) -> Bool {
        switch recent.note(event, id, now) {
        case .first: return true
        case .told: return false
        case .noRoom:
            metrics.dropped(event)
            return false
        }
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
        guard isFirst(event, key, call.now) else { return }
        let keyID = TypeID.text(.apiKey, key)
        if event != .authSucceeded {
            log.warning(
                "security event",
                [
                    "type": .string(event.rawValue), "request_id": .string(call.requestID), "key_id": .string(keyID),
                    "reason": .string(reason),
                ]
            )
        }
        await append(event, call, tenant: tenant, actor: keyID, target: target ?? keyID, reason: reason)
    }

    /// Counts a refused credential, and tells where it is one too many: to the owner of a key that is known, to the
    /// operator where only the address or the prefix is.
    ///
    /// - Parameters:
    ///   - key: the key that was refused, where it is known.
    ///   - prefix: of a key that is not known.
    package func refused(_ call: Call, key: APIKeyRecord? = nil, prefix: String? = nil) async {
        let address = call.request.clientAddress
        if bursts.completes(.address(address.networkOfCustomer), now: call.now) {
            await tellBurst(call, "address", "", LogValue.string(address.description))
        }
        if let prefix, bursts.completes(.prefix(prefix), now: call.now) {
            await tellBurst(call, "prefix", prefix, LogValue.string(prefix))
        }
        if let key { await refused(call, key: key) }
    }

    /// Tells of a sign-in to the console that failed, under the pseudonym of the address that was typed; at most once a
    /// minute for each.
    package func signInFailed(_ call: Call, pseudonym: KeyedDigest16) async {
        await refused(call)
        let event = SecurityEvent.signInFailed
        guard isFirst(event, RecordID(high: pseudonym.high, low: pseudonym.low), call.now) else { return }
        let name = Pseudonymizer.text(pseudonym)
        log.warning(
            "security event",
            [
                "type": .string(event.rawValue), "request_id": .string(call.requestID), "subject": .string(name),
                "reason": .string("sign-in refused"),
            ]
        )
        await append(event, call, tenant: nil, actor: "anonymous", target: name, reason: "sign-in refused")
    }

    /// Whether the owner of a session has yet to be told, in this minute, that its token came without its key.
    package func isNews(_ use: UnprovenUse, now: UnixTime) -> Bool {
        !recent.holds(.unprovenToken, use.session, now)
    }

    /// Tells the owner of a session that its token came without its key; at most once a minute for each session.
    package func unproven(_ use: UnprovenUse, _ call: Call, reason: String) async {
        guard isFirst(.unprovenToken, use.session, call.now) else { return }
        let session = TypeID.text(.session, use.session)
        log.warning(
            "security event",
            [
                "type": .string(SecurityEvent.unprovenToken.rawValue), "request_id": .string(call.requestID),
                "session_id": .string(session), "reason": .string(reason),
            ]
        )
        await append(.unprovenToken, call, tenant: use.tenant, actor: "anonymous", target: session, reason: reason)
    }

    /// Counts a refusal of a key that is known, whatever for.
    package func refused(_ call: Call, key: APIKeyRecord) async {
        guard bursts.completes(.key(key.id), now: call.now) else { return }
        let reason = "\(ServiceLimits.failureBurst) refusals of one key within a minute"
        await record(.failureBurst, call, tenant: key.tenant, key: key.id, reason: reason)
    }

    /// The address stands in the log alone: it is personal data, which the audit trail has none of.
    private func tellBurst(_ call: Call, _ kind: String, _ target: String, _ subject: LogValue) async {
        let event = SecurityEvent.failureBurst
        let reason = "\(ServiceLimits.failureBurst) refused credentials of one \(kind) within a minute"
        log.warning(
            "security event",
            [
                "type": .string(event.rawValue), "request_id": .string(call.requestID), "subject": subject,
                "reason": .string(reason),
            ]
        )
        await append(event, call, tenant: nil, actor: "anonymous", target: target, reason: reason)
    }

    private func append(
        _ event: SecurityEvent,
        _ call: Call,
        tenant: Tenant?,
        actor: String,
        target: String,
        reason: String
    ) async {
        metrics.told(event)
        var detail = JSONWriter(capacity: 64)
        detail.beginObject()
        detail.member("reason", reason)
        detail.endObject()
        let draft = AuditDraft(
            id: identifiers.next(at: call.now),
            type: event.rawValue,
            at: call.now,
            tenant: tenant,
            actor: actor,
            target: target,
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

/// Remembers which events were told in the current minute, each group in a bounded room of its own.
private final class RecentEvents: Sendable {
    /// What becomes of an event.
    enum Verdict {
        case first
        case told
        case noRoom
    }

    private struct Key: Hashable {
        let event: SecurityEvent
        let id: RecordID
    }

    private final class Room: Sendable {
        let state = Mutex<(minute: Int64, told: Set<Key>)>((0, []))
    }

    private let successes = Room()
    private let failures = Room()
    private let sessions = Room()
    private let signIns = Room()
    private let alerts = Room()

    private func room(_ event: SecurityEvent) -> Room {
        switch event.group {
        case .successes: successes
        case .failures: failures
        case .sessions: sessions
        case .signIns: signIns
        case .alerts: alerts
        }
    }

    func holds(_ event: SecurityEvent, _ id: RecordID, _ now: UnixTime) -> Bool {
        room(event).state.withLock { $0.minute == now.seconds / 60 && $0.told.contains(Key(event: event, id: id)) }
    }

    func note(_ event: SecurityEvent, _ id: RecordID, _ now: UnixTime) -> Verdict {
        let minute = now.seconds / 60
        return room(event).state.withLock { state in
            if minute != state.minute { state = (minute, []) }
            let key = Key(event: event, id: id)
            if state.told.contains(key) { return .told }
            guard state.told.count < ServiceLimits.securityEventsPerMinute else { return .noRoom }
            state.told.insert(key)
            return .first
        }
    }
}
