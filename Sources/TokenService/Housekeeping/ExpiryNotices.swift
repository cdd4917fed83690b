package import InviteStore
package import Platform
import StrictJSON
import Synchronization
import Telemetry

/// Tells the owners of keys that end soon: 30, 7 and 1 days before, once each.
///
/// Which notice was given is decided by one row of the store, so neither a restart nor a second process repeats it. A
/// notice that came due while no service ran is given late, but never after a later one: who was away for three weeks
/// gets the one that counts.
package final class ExpiryNotices: Sendable {
    /// Days before the end, the fewest first.
    package static let daysBefore = [1, 7, 30]

    /// Keys looked at in one round: more are looked at in the rounds that follow.
    static let keysPerRound = 2_000
    private static let keysPerRead = 500
    private static let secondsPerDay: Int64 = 86_400

    /// Where the next round goes on; nil where it begins anew.
    private let cursor = Mutex<ExpiryCursor?>(nil)

    package init() {}

    /// The notice that is due for a key at `now`, in days before its end; nil for none.
    ///
    /// A key that was made with less time than that left was never so far from its end, and gets only the later ones. One
    /// that was rotated gets none: its successor is at work.
    package static func due(_ expiring: ExpiringKey, now: UnixTime) -> Int? {
        let key = expiring.key
        guard key.replacedBy == nil, let expiresAt = key.expiresAt, now < expiresAt else { return nil }
        for days in daysBefore {
            let since = expiresAt.adding(seconds: -Int64(days) * secondsPerDay)
            guard since <= now else { continue }
            if let noticed = expiring.noticedDays, noticed <= days { return nil }
            return expiring.key.createdAt <= since ? days : nil
        }
        return nil
    }

    /// One round over the keys that end within 30 days.
    func round(_ services: Services, now: UnixTime) async {
        let until = now.adding(seconds: Int64(Self.daysBefore.last ?? 0) * Self.secondsPerDay)
        var place = later(cursor.withLock { $0 }, ExpiryCursor(after: now))
        var looked = 0
        do {
            while looked < Self.keysPerRound {
                let keys = try await services.store.expiringKeys(after: place, until: until, limit: Self.keysPerRead)
                for expiring in keys {
                    guard let days = Self.due(expiring, now: now) else { continue }
                    try await tell(expiring.key, days: days, services, now: now)
                }
                looked += keys.count
                guard keys.count == Self.keysPerRead, let last = keys.last?.key, let end = last.expiresAt else {
                    cursor.withLock { $0 = nil }
                    return
                }
                place = ExpiryCursor(expiresAt: end, key: last.id)
            }
            cursor.withLock { [place] in $0 = place }
        } catch {
            services.log.error("notices not given", ["error": .string("\(error)")])
        }
    }

    /// The later of two places; one that lies before now has nothing behind it that the other has not.
    private func later(_ saved: ExpiryCursor?, _ start: ExpiryCursor) -> ExpiryCursor {
        guard let saved, saved.expiresAt > start.expiresAt else { return start }
        return saved
    }

    private func tell(_ key: APIKeyRecord, days: Int, _ services: Services, now: UnixTime) async throws {
        guard let expiresAt = key.expiresAt else { return }
        var detail = JSONWriter(capacity: 128)
        detail.beginObject()
        detail.member("days", days)
        detail.member("expires_at", time: expiresAt)
        detail.member("last_used_at", time: key.lastUsedAt)
        detail.endObject()
        let requestID = TypeID.text(.request, services.identifiers.next(at: now))
        let keyID = TypeID.text(.apiKey, key.id)
        let event = AuditDraft(
            id: services.identifiers.next(at: now),
            type: "key.expiring",
            at: now,
            tenant: key.tenant,
            actor: "service",
            target: keyID,
            requestID: requestID,
            detail: detail.bytes
        )
        let notice = RecordNotice(key: key.id, expiresAt: expiresAt, days: days, now: now, audit: [event])
        guard try await services.store.recordNotice(notice) else { return }
        services.metrics.noticed(days: days)
        services.log.warning(
            "key expires soon",
            [
                "key_id": .string(keyID), "days": .integer(days), "expires_at": .string(RFC3339.text(expiresAt)),
                "last_used_at": .string(key.lastUsedAt.map(RFC3339.text) ?? "never"),
            ]
        )
    }
}
