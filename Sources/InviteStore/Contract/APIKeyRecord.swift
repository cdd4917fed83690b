package import Platform

/// What a key may be used for at all; scopes narrow it further.
package enum APIKeyKind: String, Sendable, CaseIterable {
    case standard
    case admin
    /// Acts in many workspaces and names one in each request.
    case platform
}

/// One API key.
///
/// The secret itself is never stored: only its keyed digest, its prefix and its last four characters.
package struct APIKeyRecord: Equatable, Sendable {
    package var id: RecordID
    package var tenant: Tenant
    /// HMAC-SHA-256 of the secret, 32 bytes; unique in the store.
    package var digest: [UInt8]
    package var kind: APIKeyKind
    package var name: String
    /// The readable start of the secret, such as `ts_live_`.
    package var prefix: String
    /// The last four characters of the secret.
    package var last4: String
    /// Canonical `resource:action` scopes, sorted.
    package var scopes: [String]
    /// CIDR blocks from which alone the key works; empty for no limit.
    package var ipAllowlist: [String]
    /// Browser origins that tokens minted with this key may be used from; empty for no limit.
    package var allowedOrigins: [String]
    package var createdAt: UnixTime
    /// The key that made this one; nil for one made by the operator.
    package var createdBy: RecordID?
    /// The instant from which the key is refused; nil for never.
    package var expiresAt: UnixTime?
    package var suspendedAt: UnixTime?
    package var revokedAt: UnixTime?
    package var lastUsedAt: UnixTime?
    /// The key that a rotation made in its place; nil for one that was never rotated.
    package var replacedBy: RecordID?

    package init(
        id: RecordID,
        tenant: Tenant,
        digest: [UInt8],
        kind: APIKeyKind,
        name: String,
        prefix: String,
        last4: String,
        scopes: [String],
        ipAllowlist: [String] = [],
        allowedOrigins: [String] = [],
        createdAt: UnixTime,
        createdBy: RecordID? = nil,
        expiresAt: UnixTime? = nil,
        suspendedAt: UnixTime? = nil,
        revokedAt: UnixTime? = nil,
        lastUsedAt: UnixTime? = nil,
        replacedBy: RecordID? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.digest = digest
        self.kind = kind
        self.name = name
        self.prefix = prefix
        self.last4 = last4
        self.scopes = scopes
        self.ipAllowlist = ipAllowlist
        self.allowedOrigins = allowedOrigins
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.expiresAt = expiresAt
        self.suspendedAt = suspendedAt
        self.revokedAt = revokedAt
        self.lastUsedAt = lastUsedAt
        self.replacedBy = replacedBy
    }
}

/// One change that takes from a key and gives nothing, so that it needs no look at what was there before.
package enum APIKeyChange: Equatable, Sendable {
    /// Ends the key for good; no effect on one that is revoked.
    case revoke(at: UnixTime)
    /// Refuses the key until it is resumed; no effect on one that is revoked or suspended.
    case suspend(at: UnixTime)
}
