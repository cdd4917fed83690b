package import InviteStore
package import Platform

/// Who is calling, once an API key, a member's session (or the operator at the command line) has proven it.
package struct Principal: Sendable {
    /// The key that proved it; nil for a member and for the operator.
    package let key: AuthenticatedKey?
    /// The member whose session proved it; nil for a key and for the operator.
    package let member: ActingMember?
    /// The scope of everything that the call may see or touch.
    package let tenant: Tenant
    /// The key that what is minted descends from; nil where there is none.
    package let mintingKey: RecordID?
    /// Who did it, as the audit trail names it.
    package let actor: String
    /// False where the workspace may mint nothing now (402).
    package let mintingAllowed: Bool

    /// The holder of an API key, in the key's own tenant.
    ///
    /// That of a platform key is the deployment: ``inWorkspace(_:_:)`` says where it acts.
    package init(key: AuthenticatedKey, mintingAllowed: Bool = true) {
        self.init(key: key, tenant: key.record.tenant, mintingAllowed: mintingAllowed)
    }

    private init(key: AuthenticatedKey, tenant: Tenant, mintingAllowed: Bool) {
        self.key = key
        member = nil
        self.tenant = tenant
        self.mintingAllowed = mintingAllowed
        mintingKey = key.record.id
        actor = key.actor
    }

    /// The same platform key, acting in one workspace; any other principal as it is.
    package func inWorkspace(_ workspace: RecordID, _ settings: WorkspaceSettings) -> Principal {
        guard let key, key.record.kind == .platform else { return self }
        let tenant = Tenant(workspace: workspace, environment: key.record.tenant.environment)
        return Principal(key: key, tenant: tenant, mintingAllowed: settings.mintingAllowed)
    }

    /// The operator at the command line, who mints in the name of one of the tenant's keys.
    package init(operatorIn tenant: Tenant, minting mintingKey: RecordID?, mintingAllowed: Bool = true) {
        key = nil
        member = nil
        self.mintingAllowed = mintingAllowed
        self.tenant = tenant
        self.mintingKey = mintingKey
        actor = "operator"
    }

    /// A signed-in member, in the tenant that its request names.
    package init(member: ActingMember, mintingAllowed: Bool) {
        key = nil
        self.member = member
        self.mintingAllowed = mintingAllowed
        tenant = member.reach.record.tenant
        mintingKey = member.mintingKey?.id
        actor = TypeID.text(.member, member.id)
    }

    /// What the caller may do, and what keys that it makes or changes are narrowed to; nil for the operator, who is bound
    /// by none.
    package var maker: AuthenticatedKey? { key ?? member?.reach }

    /// True for the operator at the command line alone.
    package var isOperator: Bool { key == nil && member == nil }

    /// The list of origins of the key that what is minted descends from; empty for none.
    package var keyOrigins: [String] {
        key?.record.allowedOrigins ?? member?.mintingKey?.allowedOrigins ?? []
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

    /// True where the key may do this: the scope is among its own, or it holds every scope of this service, and with
    /// them those on the resources that its workspace registered.
    package func holds(_ scope: Scope, customResources: [String]) -> Bool {
        if scopes.contains(scope) { return true }
        guard record.kind != .standard, customResources.contains(scope.resource) else { return false }
        return scopes.isSuperset(of: Scope.allOfWorkspace)
    }

    /// True where the address may use the key: no list, or a network on it holds the address.
    ///
    /// A list whose entries can not be read allows nobody.
    package func allows(_ address: IPAddress) -> Bool {
        record.ipAllowlist.isEmpty || networks.contains { $0.contains(address) }
    }
}
