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

    /// True where the key may mint at `now`.
    func isActive(at now: UnixTime) -> Bool {
        guard isOn else { return false }
        return if let expiresAt { now < expiresAt } else { true }
    }
}

extension APIKeyRecord {
    /// True where the key may mint at `now`.
    func isActive(at now: UnixTime) -> Bool { APIKeyState(self).isActive(at: now) }

    /// True where the key counts against the limit of keys: neither revoked nor expired.
    func counts(at now: UnixTime) -> Bool {
        revokedAt == nil && !isExpired(at: now)
    }

    private func isExpired(at now: UnixTime) -> Bool {
        if let expiresAt { now >= expiresAt } else { false }
    }

    /// The key after a change; equal to the key itself where the change has no effect.
    func applying(_ change: APIKeyChange) -> APIKeyRecord {
        guard revokedAt == nil else { return self }
        var changed = self
        switch change {
        case .revoke(let at):
            changed.revokedAt = at
        case .suspend(let at):
            changed.suspendedAt = suspendedAt ?? at
        case .resume:
            changed.suspendedAt = nil
        case .expire(let at):
            changed.expiresAt = expiresAt.map { min($0, at) } ?? at
        case .edit(let name, let scopes, let ipAllowlist, let allowedOrigins):
            if let name { changed.name = name }
            if let scopes { changed.scopes = scopes }
            if let ipAllowlist { changed.ipAllowlist = ipAllowlist }
            if let allowedOrigins { changed.allowedOrigins = allowedOrigins }
        }
        return changed
    }
}
