package import Platform

/// What a workspace pays for; limits follow from it.
package enum Plan: String, Sendable, CaseIterable {
    case free
    case pro
    case enterprise
}

/// One tenant: an organization, company, account or team.
package struct WorkspaceRecord: Equatable, Sendable {
    package var id: RecordID
    /// The name in addresses, unique in the deployment: 1 to 64 of `a-z 0-9 -`.
    package var slug: String
    package var name: String
    package var plan: Plan
    /// Settings as JSON, opaque to the store (key prefixes, scope rule, custom scopes, limits).
    package var settings: [UInt8]
    package var createdAt: UnixTime

    package init(id: RecordID, slug: String, name: String, plan: Plan, settings: [UInt8], createdAt: UnixTime) {
        self.id = id
        self.slug = slug
        self.name = name
        self.plan = plan
        self.settings = settings
        self.createdAt = createdAt
    }
}
