/// The two worlds of a workspace; objects of one are invisible to the other.
package enum DeploymentEnvironment: String, Hashable, Sendable, CaseIterable {
    case live
    case test
}

/// The scope of every object but the deployment's own: one workspace in one environment.
package struct Tenant: Hashable, Sendable {
    package let workspace: RecordID
    package let environment: DeploymentEnvironment

    package init(workspace: RecordID, environment: DeploymentEnvironment) {
        self.workspace = workspace
        self.environment = environment
    }
}

extension Tenant {
    /// The id that stands where a workspace's would, for what belongs to the deployment itself; no workspace has it.
    private static let nobody = RecordID(high: 0, low: 0)

    /// The deployment's own corner of one environment: its platform keys, and what is done to them.
    ///
    /// A cut-off on an API key that is made here covers the key's family in every workspace.
    package static func deployment(_ environment: DeploymentEnvironment) -> Tenant {
        Tenant(workspace: nobody, environment: environment)
    }

    /// True for ``deployment(_:)``, which no list of workspaces shows.
    package var isDeployment: Bool { workspace == Self.nobody }
}
