import HTTPServer
import InviteStore
import Platform

extension ConsoleGate {
    /// The query parameter that names the workspace, as one seed's console writes it.
    package static let workspaceParameter = "accountSlug"
    /// The query parameter that names the environment.
    package static let environmentParameter = "environment"

    /// What a signed-in request to a backend route may do: the workspace that it names, with the scopes of the member's
    /// role there.
    ///
    /// - Parameter refusal: what is wrong with the request all the same, for whoever is signed in.
    func authenticate(_ call: Call, on route: Route, refusal: Problem?) async throws -> Authentication {
        let signedIn = try await session(call)
        let rate = meters.count(signedIn.member.id, now: call.now)
        func refused(_ problem: Problem) -> Authentication {
            Authentication(outcome: .failure(problem), rate: rate, key: nil)
        }
        if let problem = Problem.overRate(rate, call) { return refused(problem) }
        do {
            if call.request.method != .get, call.request.method != .head { try requireIntent(call, signedIn) }
            if let refusal { throw refusal }
            let principal = try await principal(call, signedIn.member, route)
            return Authentication(outcome: .success(principal), rate: rate, key: nil)
        } catch let problem as Problem {
            return refused(problem)
        }
    }

    private func principal(_ call: Call, _ member: MemberRecord, _ route: Route) async throws -> Principal {
        guard !route.isDeploymentWide, case .apiKey(let scope) = route.access else {
            throw Problem(.forbidden, "This action needs a key of kind platform.")
        }
        guard let slug = call.query[Self.workspaceParameter] else {
            throw Problem.invalid("accountSlug", "A signed-in request must name its workspace in accountSlug.")
        }
        // One answer for no such workspace and for no role in it.
        guard WorkspaceRequest.isSlug(slug), let workspace = try await store.workspace(slug: slug),
            let membership = member.memberships.first(where: { $0.workspace == workspace.id })
        else { throw Problem.notFound("no such workspace, or no role in it") }
        let tenant = Tenant(workspace: workspace.id, environment: try environment(call))
        guard membership.role.scopes.contains(scope) else {
            let text = "Your role in this workspace does not allow this: it needs \(scope.text)."
            throw Problem(.insufficientScope, text, scope: scope.text)
        }
        let root = route.mints ? try await store.rootKey(of: tenant, now: call.now) : nil
        return Principal(
            member: ActingMember(member, role: membership.role, in: tenant, mintingKey: root),
            mintingAllowed: try WorkspaceSettings(workspace).mintingAllowed
        )
    }

    /// The environment that the query names; without a name the one that is served, or `live` where both are.
    private func environment(_ call: Call) throws(Problem) -> DeploymentEnvironment {
        guard let text = call.query[Self.environmentParameter] else { return environment ?? .live }
        guard let named = DeploymentEnvironment(rawValue: text), environment == nil || named == environment else {
            let served = environment?.rawValue ?? "live or test"
            throw .invalid("environment", "environment must be \(served).")
        }
        return named
    }
}

extension InviteStore {
    /// The tenant's oldest admin key that is active: what is minted by people rather than by keys descends from it.
    ///
    /// Nil where there is none among the newest ten thousand keys.
    func rootKey(of tenant: Tenant, now: UnixTime) async throws(StoreError) -> APIKeyRecord? {
        var page = PageRequest(limit: 100)
        var root: APIKeyRecord?
        for _ in 0..<100 {
            let keys = try await apiKeys(of: tenant, page: page)
            root = keys.records.last { $0.kind == .admin && $0.status(at: now) == "active" } ?? root
            guard let next = keys.next else { break }
            page.before = next
        }
        return root
    }
}
