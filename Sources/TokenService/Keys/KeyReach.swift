package import InviteStore
package import Platform

/// How far a key reaches: everything about it that can be wider or narrower than another key.
package struct KeyReach: Sendable {
    package let kind: APIKeyKind
    package let scopes: Set<Scope>
    package let expiresAt: UnixTime?
    /// True where no list of addresses stands.
    package let isAnyAddress: Bool
    package let networks: [IPNetwork]
    /// Empty for any.
    package let origins: Set<String>

    package init(_ record: APIKeyRecord) {
        kind = record.kind
        scopes = Set(record.scopes.compactMap(Scope.init(parsing:)))
        expiresAt = record.expiresAt
        isAnyAddress = record.ipAllowlist.isEmpty
        networks = record.ipAllowlist.compactMap(IPNetwork.init(parsing:))
        origins = Set(record.allowedOrigins)
    }

    /// The first field in which this reach goes beyond both what was there before and what `maker` has; nil for none.
    ///
    /// `before` is nil for a key that is new to whoever asks. So a key can take from a wider one, and can give nothing
    /// that it does not have.
    package func excess(over maker: AuthenticatedKey, before: KeyReach? = nil, customResources: [String]) -> String? {
        if kind.rank > maker.record.kind.rank { return "kind" }
        let given = scopes.subtracting(before?.scopes ?? [])
        guard given.allSatisfy({ maker.holds($0, customResources: customResources) }) else { return "scopes" }
        let own = KeyReach(maker.record)
        if Self.isLater(expiresAt, own.expiresAt), before.map({ Self.isLater(expiresAt, $0.expiresAt) }) ?? true {
            return "expires_at"
        }
        guard isWithinAddresses(own, before) else { return "ip_allowlist" }
        guard isWithinOrigins(own, before) else { return "allowed_origins" }
        return nil
    }

    private func isWithinAddresses(_ own: KeyReach, _ before: KeyReach?) -> Bool {
        if own.isAnyAddress || before?.isAnyAddress == true { return true }
        guard !isAnyAddress else { return false }
        let allowed = own.networks + (before?.networks ?? [])
        return networks.allSatisfy { network in allowed.contains { $0.contains(network) } }
    }

    private func isWithinOrigins(_ own: KeyReach, _ before: KeyReach?) -> Bool {
        if own.origins.isEmpty || before?.origins.isEmpty == true { return true }
        return !origins.isEmpty && own.origins.union(before?.origins ?? []).isSuperset(of: origins)
    }

    /// Whether the first end comes after the second; nil is never.
    private static func isLater(_ end: UnixTime?, _ other: UnixTime?) -> Bool {
        guard let other else { return false }
        return if let end { end > other } else { true }
    }
}

extension APIKeyKind {
    /// Kinds in the order of what they may do.
    fileprivate var rank: Int {
        switch self {
        case .standard: 0
        case .admin: 1
        case .platform: 2
        }
    }
}
