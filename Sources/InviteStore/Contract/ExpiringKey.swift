package import Platform

/// Where a walk through the keys that end stands: in the order of their ends, then of their ids.
package struct ExpiryCursor: Equatable, Sendable {
    package var expiresAt: UnixTime
    package var key: RecordID

    /// Behind every key that ends at or before this instant.
    package init(after expiresAt: UnixTime) {
        self.expiresAt = expiresAt
        key = .highest
    }

    /// Behind this key.
    package init(expiresAt: UnixTime, key: RecordID) {
        self.expiresAt = expiresAt
        self.key = key
    }
}

/// A key that will end, and what was said of it before.
package struct ExpiringKey: Equatable, Sendable {
    package var key: APIKeyRecord
    /// The fewest days that a notice before this end was for; nil where there was none.
    package var noticedDays: Int?

    package init(key: APIKeyRecord, noticedDays: Int?) {
        self.key = key
        self.noticedDays = noticedDays
    }
}

/// Records that the end of a key was told, once for each end and number of days.
package struct RecordNotice: Sendable {
    package var key: RecordID
    /// The end that the notice is about.
    package var expiresAt: UnixTime
    /// How many days before it the notice is due.
    package var days: Int
    package var now: UnixTime
    /// Stored only where the notice is new.
    package var audit: [AuditDraft]

    package init(key: RecordID, expiresAt: UnixTime, days: Int, now: UnixTime, audit: [AuditDraft]) {
        self.key = key
        self.expiresAt = expiresAt
        self.days = days
        self.now = now
        self.audit = audit
    }
}
