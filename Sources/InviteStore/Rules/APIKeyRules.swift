internal import Platform

/// What decides whether a key may mint, without the rest of its record.
struct APIKeyState {
    /// Neither revoked nor suspended.
    let isOn: Bool
    let expiresAt: UnixTime?

    init(_ key: APIKeyRecord) {
        isOn = key.revokedAt == nil && key.suspendedAt == nil
        expiresAt = key.expiresAt
    }

    init(isOn: Bool, expiresAt: UnixTime?) {
        self.isOn = isOn
        self.expiresAt = expiresAt
    }

    /// True where the key may mint at `now`.
    func isActive(at now: UnixTime) -> Bool {
        guard isOn else { return false }
        return if let expiresAt { now < expiresAt } else { true }
    }
}

extension APIKeyRecord {
    /// True where the key may mint at `now`.
    func isActive(at now: UnixTime) -> Bool { APIKeyState(self).isActive(at: now) }

    /// True where the key counts against the limit of keys: neither revoked nor expired, nor on its way out.
    func counts(at now: UnixTime) -> Bool { works(at: now) && replacedBy == nil }

    /// True where the key was replaced and still works, or would when resumed.
    func isLeaving(at now: UnixTime) -> Bool { works(at: now) && replacedBy != nil }

    /// True where the key is neither revoked nor expired.
    func works(at now: UnixTime) -> Bool {
        guard revokedAt == nil else { return false }
        return if let expiresAt { now < expiresAt } else { true }
    }

    /// True where nothing but the last use and the digest differs.
    func isUnchanged(since other: APIKeyRecord) -> Bool {
        var other = other
        other.lastUsedAt = lastUsedAt
        other.digest = digest
        return self == other
    }

    /// The key after a change; equal to the key itself where the change has no effect.
    func applying(_ change: APIKeyChange) -> APIKeyRecord {
        guard revokedAt == nil else { return self }
        var changed = self
        switch change {
        case .revoke(let at): changed.revokedAt = at
        // A key that is over has nothing left to suspend: whoever asks is refused, and nothing may have been done.
        case .suspend(let at): if works(at: at) { changed.suspendedAt = suspendedAt ?? at }
        }
        return changed
    }

    /// The key with what an edit may change taken from `other`.
    func edited(as other: APIKeyRecord) -> APIKeyRecord {
        var changed = self
        changed.name = other.name
        changed.scopes = other.scopes
        changed.ipAllowlist = other.ipAllowlist
        changed.allowedOrigins = other.allowedOrigins
        changed.expiresAt = other.expiresAt
        changed.suspendedAt = other.suspendedAt
        return changed
    }

    /// The key as a rotation leaves it; nil where it can not be rotated: not active, or replaced before.
    func replaced(by successor: RecordID, endingAt end: UnixTime, now: UnixTime) -> APIKeyRecord? {
        guard isActive(at: now), replacedBy == nil else { return nil }
        var changed = self
        changed.replacedBy = successor
        changed.expiresAt = expiresAt.map { min($0, end) } ?? end
        return changed
    }
}
