package import Platform

/// Makes one API key.
package struct CreateAPIKey: Sendable {
    package var key: APIKeyRecord
    /// Refuse where this many keys of the tenant are neither revoked, expired nor replaced already; nil for no limit.
    package var activeKeysMax: Int?
    package var claim: IdempotencyClaim?
    package var now: UnixTime
    package var audit: [AuditDraft]

    package init(
        key: APIKeyRecord,
        activeKeysMax: Int? = nil,
        claim: IdempotencyClaim? = nil,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.key = key
        self.activeKeysMax = activeKeysMax
        self.claim = claim
        self.now = now
        self.audit = audit
    }
}

/// What came of making a key.
package enum CreateAPIKeyOutcome: Equatable, Sendable {
    case created
    case tooManyKeys
    /// The key that asked (`createdBy`) was revoked, suspended or expired by the time of the transaction.
    case keyNotActive
}

/// Changes what may change about a key, if it still is as `before`.
package struct EditAPIKey: Sendable {
    package var before: APIKeyRecord
    /// Name, scopes, lists, expiry and suspension are taken from here; everything else stays.
    package var after: APIKeyRecord
    /// The key that asks, which must be active in the transaction; nil for the operator.
    package var by: RecordID?
    package var now: UnixTime
    package var audit: [AuditDraft]

    package init(
        before: APIKeyRecord,
        after: APIKeyRecord,
        by: RecordID?,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.before = before
        self.after = after
        self.by = by
        self.now = now
        self.audit = audit
    }
}

/// What came of editing a key; only `changed` changed anything.
package enum EditAPIKeyOutcome: Equatable, Sendable {
    case changed(APIKeyRecord)
    /// The key is not as `before` any more, or gone: read it again.
    case stale
    /// The key that asked was revoked, suspended or expired by the time of the transaction.
    case keyNotActive
}

/// Puts a new key beside an old one and gives the old one its end, in one transaction.
package struct RotateAPIKey: Sendable {
    /// The old key as the successor was made after; a key that was replaced or has ended is never rotated.
    package var before: APIKeyRecord
    /// The new key; its `createdBy` is the key that asks, and must be active in the transaction.
    package var successor: APIKeyRecord
    /// When the old key ends, unless it ends sooner already.
    package var endsAt: UnixTime
    /// Refuse where this many keys of the tenant are replaced and still work; nil for no limit.
    package var replacedKeysMax: Int?
    package var claim: IdempotencyClaim?
    package var now: UnixTime
    package var audit: [AuditDraft]

    package init(
        before: APIKeyRecord,
        successor: APIKeyRecord,
        endsAt: UnixTime,
        replacedKeysMax: Int? = nil,
        claim: IdempotencyClaim? = nil,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.before = before
        self.successor = successor
        self.endsAt = endsAt
        self.replacedKeysMax = replacedKeysMax
        self.claim = claim
        self.now = now
        self.audit = audit
    }
}

/// What came of rotating a key; only `rotated` changed anything.
package enum RotateAPIKeyOutcome: Equatable, Sendable {
    case rotated
    /// The old key is not as `before` any more, or has been replaced or ended: read it again.
    case stale
    case tooManyKeys
    /// The key that asked was revoked, suspended or expired by the time of the transaction.
    case keyNotActive
}
