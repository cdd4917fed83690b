import HTTPServer

extension Services {
    /// Signing in to the console, and out.
    func consoleRoutes() -> [Route] {
        let path = "/v1/console/sessions"
        return [
            Route(.post, path, .open, needsClock: true, .waiting(signIn)),
            Route(.get, path, .open, needsClock: true, .waiting(readConsoleSession)),
            Route(.delete, path, .open, needsClock: true, .waiting(signOut)),
        ]
    }

    /// The members, for platform keys and the operator: a member may have roles in many workspaces.
    func memberRoutes() -> [Route] {
        let reads = RouteAccess.apiKey(Scope("workspaces", .read))
        let writes = RouteAccess.apiKey(Scope("workspaces", .write))
        return [
            Route(
                .get,
                "/v1/members",
                reads,
                parameters: ["limit", "cursor", "workspace_id", "email"],
                isDeploymentWide: true,
                .keyed(listMembers)
            ),
            Route(.post, "/v1/members", writes, isDeploymentWide: true, .keyed(createMember)),
            Route(.get, "/v1/members/{id}", reads, isDeploymentWide: true, .keyed(getMember)),
            Route(.patch, "/v1/members/{id}", writes, isDeploymentWide: true, .keyed(changeMember)),
        ]
    }
}
