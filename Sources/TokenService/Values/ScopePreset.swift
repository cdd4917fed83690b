/// Sets of scopes with a name, so that a common wish is one word.
package enum ScopePreset: String, Sendable, CaseIterable {
    /// Reads everything that the kind of key may read.
    case readOnly = "read_only"
    /// Everything that the kind of key may do.
    case fullAccess = "full_access"
    /// Everything about invites, participants and tokens, and about `candidates` where the workspace registered them.
    case candidateManagement = "candidate_management"

    /// The scopes that the name stands for today; a key keeps them when the set changes later.
    ///
    /// A standard key gets none that needs an admin, and no key gets those on workspaces.
    package func scopes(isAdmin: Bool, customResources: [String]) -> Set<Scope> {
        let own = Scope.ownResources.subtracting(["workspaces"])
        let resources = own.subtracting(isAdmin ? [] : Scope.adminResources).union(customResources)
        switch self {
        case .readOnly: return Set(resources.map { Scope($0, .read) })
        case .fullAccess: return Self.all(resources)
        case .candidateManagement:
            let wanted: Set<String> = ["invites", "participants", "tokens", "candidates"]
            return Self.all(resources.intersection(wanted))
        }
    }

    private static func all(_ resources: Set<String>) -> Set<Scope> {
        Set(resources.flatMap { resource in Scope.Action.allCases.map { Scope(resource, $0) } })
    }
}
