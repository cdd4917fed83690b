import InviteStore

/// How a request says which workspace it is about: a platform key must, all others may only repeat their own.
package enum WorkspaceSelection {
    /// The query parameter, and the name that one seed's clients give it.
    package static let parameters = ["workspace_id", "companyId"]

    /// What a signed-in console names the workspace and its environment with; a key may repeat its own.
    package static let consoleParameters = [ConsoleGate.workspaceParameter, ConsoleGate.environmentParameter]

    /// What the request names, under which name; nil where it names none, 400 where it names two.
    package static func named(in query: QueryParameters) throws(Problem) -> (parameter: String, text: String)? {
        var found: (parameter: String, text: String)?
        for parameter in parameters {
            guard let text = query[parameter] else { continue }
            if let found, found.text != text {
                throw .invalid(parameter, "workspace_id and companyId name different workspaces. Send one of them.")
            }
            found = found ?? (parameter, text)
        }
        return found
    }
}

extension Services {
    /// The caller in the workspace that the request is about.
    ///
    /// A platform key names it: 400 where it does not, 404 where there is no such workspace. A key of a workspace need
    /// not, and gets 400 where it names another than its own. Costs no look-up where nothing is named and the key has a
    /// workspace.
    package func located(_ principal: Principal, _ route: Route, _ call: Call) async throws -> Principal {
        let located = try await inNamedWorkspace(principal, route, call)
        // A member's session has found its workspace by them already.
        if located.member == nil, !route.isDeploymentWide { try await requireOwn(located, call) }
        return located
    }

    /// Refuses the console's names of a workspace and an environment where they are not those of the key.
    private func requireOwn(_ principal: Principal, _ call: Call) async throws {
        if let slug = call.query[ConsoleGate.workspaceParameter] {
            let named = WorkspaceRequest.isSlug(slug) ? try await store.workspace(slug: slug) : nil
            guard let named, named.id == principal.tenant.workspace else {
                throw Problem.invalid(
                    ConsoleGate.workspaceParameter,
                    "accountSlug must be left out, or name the workspace that the API key acts in."
                )
            }
        }
        if let name = call.query[ConsoleGate.environmentParameter], name != principal.tenant.environment.rawValue {
            throw Problem.invalid(
                ConsoleGate.environmentParameter,
                "environment must be left out, or name the environment that the API key belongs to."
            )
        }
    }

    private func inNamedWorkspace(_ principal: Principal, _ route: Route, _ call: Call) async throws -> Principal {
        let isPlatform = principal.tenant.isDeployment
        if route.isDeploymentWide {
            guard isPlatform else { throw Problem(.forbidden, "This action needs a key of kind platform.") }
            return principal
        }
        if !isPlatform, call.query.pairs.isEmpty { return principal }
        let named = try WorkspaceSelection.named(in: call.query)
        guard isPlatform else {
            guard let named, named.text != TypeID.text(.workspace, principal.tenant.workspace) else { return principal }
            throw Problem.invalid(
                named.parameter,
                "\(named.parameter) must be left out, or name the workspace that the API key belongs to."
            )
        }
        guard let named else {
            throw Problem.invalid("workspace_id", "A platform key must name the workspace: workspace_id is required.")
        }
        guard let id = TypeID.parse(.workspace, named.text), let settings = try await workspaces.find(id) else {
            throw Problem.notFound("no such workspace")
        }
        return principal.inWorkspace(id, settings)
    }
}
