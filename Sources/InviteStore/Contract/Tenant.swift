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
