package import InviteStore

extension MemberRole {
    /// What a member with this role may do in the workspace; each role may do all that the one before it may.
    ///
    /// A viewer reads. An operator also works with invites, tokens, participants and webhooks. Security also has keys,
    /// policies and signing keys: everything that the workspace's first key has.
    package var scopes: [Scope] {
        switch self {
        case .viewer: Scope.allOfWorkspace.filter { $0.action == .read }
        case .operator: Scope.allOfWorkspace.filter { $0.action == .read || Self.daily.contains($0.resource) }
        case .security: Scope.allOfWorkspace
        }
    }

    private static let daily: Set<String> = ["invites", "tokens", "participants", "webhooks"]
}
