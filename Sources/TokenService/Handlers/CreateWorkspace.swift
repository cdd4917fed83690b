import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// `POST /v1/workspaces`: a workspace and nothing in it; its first key is made by the platform key, too.
    func createWorkspace(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await idempotently(call, principal) { result in
            guard let id = RecordID(bytes: result), let workspace = try await store.workspace(id) else {
                throw Problem.notFound("the recorded workspace is gone")
            }
            return try Self.created(workspace)
        } effect: { ticket in
            let request = try WorkspaceRequest(call.request)
            let workspace = try newWorkspace(request, call)
            let command = CreateWorkspace(
                workspace: workspace,
                by: principal.key?.record.id,
                claim: ticket?.claim(result: workspace.id.bytes, now: call.now),
                now: call.now,
                audit: [
                    workspaceAudit("workspace.created", workspace, ["plan": workspace.plan.rawValue], call, principal)
                ]
            )
            switch try await store.createWorkspace(command) {
            case .done(.created): return .done(try Self.created(workspace))
            case .done(.slugTaken): throw Problem.slugTaken
            case .done(.keyNotActive): throw Problem.unauthorized("the key was ended while the request ran")
            case .replay(let result): return .replay(result: result)
            case .mismatch: return .mismatch
            }
        }
    }

    private func newWorkspace(_ request: WorkspaceRequest, _ call: Call) throws -> WorkspaceRecord {
        guard let name = request.name else { throw Problem.invalid("name", "name is required.") }
        guard let slug = request.slug else { throw Problem.invalid("slug", "slug is required.") }
        let plan = request.plan ?? .free
        let empty = WorkspaceRecord(
            id: identifiers.next(at: call.now),
            slug: slug,
            name: name,
            plan: plan,
            settings: WorkspaceSettings(plan: plan).json,
            createdAt: UnixTime(seconds: call.now.seconds)
        )
        return try request.applied(to: empty)
    }

    private static func created(_ workspace: WorkspaceRecord) throws -> HTTPResponse {
        try Responses.json(201, capacity: 1024) { try workspace.write(to: &$0) }
    }

    /// An audit draft about a workspace, in the workspace's own trail, so that its admins see what was done to it.
    func workspaceAudit(
        _ type: String,
        _ workspace: WorkspaceRecord,
        _ detail: KeyValuePairs<StaticString, String>,
        _ call: Call,
        _ principal: Principal
    ) -> AuditDraft {
        audit.draft(
            type,
            call,
            tenant: Tenant(workspace: workspace.id, environment: principal.tenant.environment),
            actor: principal.actor,
            target: TypeID.text(.workspace, workspace.id),
            detail: detail.map { ($0.key, $0.value) }
        )
    }
}

extension Problem {
    static let slugTaken = Problem(.conflict, "Another workspace has this slug.", param: "slug")
}
