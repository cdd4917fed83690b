package import InviteStore
package import Platform

/// Who is calling, once an API key (or the operator at the command line) has proven it.
package struct Principal: Sendable {
    /// The key that proved it: what new keys are narrowed to.
    ///
    /// Nil for the operator, who is bound by none.
    package let key: AuthenticatedKey?
    /// The scope of everything that the call may see or touch.
    package let tenant: Tenant
    /// The key that what is minted descends from; nil where there is none.
    package let mintingKey: RecordID?
    /// Who did it, as the audit trail names it.
    package let actor: String

    /// The holder of an API key.
    package init(key: AuthenticatedKey) {
        self.key = key
        tenant = key.record.tenant
        mintingKey = key.record.id
        actor = key.actor
    }

    /// The operator at the command line, who mints in the name of one of the tenant's keys.
    package init(operatorIn tenant: Tenant, minting mintingKey: RecordID?) {
        key = nil
        self.tenant = tenant
        self.mintingKey = mintingKey
        actor = "operator"
    }
}

/// One API key, parsed and ready to check.
package final class AuthenticatedKey: Sendable {
    package let record: APIKeyRecord
    package let scopes: Set<Scope>
    package let networks: [IPNetwork]
    package let meter: RateMeter
    /// How the audit trail names it: its id as text.
    package let actor: String

    package init(_ record: APIKeyRecord, meter: RateMeter) {
        self.record = record
        self.meter = meter
        actor = TypeID.text(.apiKey, record.id)
        scopes = Set(record.scopes.compactMap(Scope.init(parsing:)))
        networks = record.ipAllowlist.compactMap(IPNetwork.init(parsing:))
    }

    /// True while the key may be used at all.
    package func isActive(at now: UnixTime) -> Bool {
        guard record.revokedAt == nil, record.suspendedAt == nil else { return false }
        guard let expiresAt = record.expiresAt else { return true }
        return now < expiresAt
    }

    /// True where the address may use the key: no list, or a network on it holds the address.
    ///
    /// A list whose entries can not be read allows nobody.
    package func allows(_ address: IPAddress) -> Bool {
        record.ipAllowlist.isEmpty || networks.contains { $0.contains(address) }
    }
}
