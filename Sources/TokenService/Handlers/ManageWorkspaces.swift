import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// `GET /v1/workspaces`: newest first; `slug` finds the one that has it.
    func listWorkspaces(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let page = try cursors.page(call, list: "workspaces", tenant: principal.tenant)
        let workspaces =
            if let slug = call.query["slug"] {
                try await workspaces(withSlug: slug, page)
            } else {
                try await store.workspaces(page)
            }
        return try Responses.list(
            workspaces,
            cursor: { cursors.text($0, list: "workspaces", tenant: principal.tenant) }
        ) { workspace, writer in
            try workspace.write(to: &writer)
        }
    }

    private func workspaces(withSlug slug: String, _ page: PageRequest) async throws -> Page<WorkspaceRecord> {
        guard WorkspaceRequest.isSlug(slug) else {
            throw Problem.invalid("slug", "slug must be 1 to \(ServiceLimits.slugCharactersMax) of a-z 0-9 -.")
        }
        let found = page.before == nil ? try await store.workspace(slug: slug) : nil
        return Page(records: found.map { [$0] } ?? [], next: nil)
    }

    /// `GET /v1/workspaces/{id}`.
    func getWorkspace(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try Self.answer(try await workspace(call))
    }

    /// `PATCH /v1/workspaces/{id}`: changes what the body names; in force on this process before the answer.
    ///
    /// A change that another one overtook is decided anew on what the other left, at most eight times.
    func changeWorkspace(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let request = try WorkspaceRequest(call.request)
        for _ in 0..<ServiceLimits.workspaceChangeTriesMax {
            let record = try await workspace(call)
            let changed = try request.applied(to: record)
            let fields = try Self.changedFields(record, changed)
            if fields.isEmpty { return try Self.answer(record) }
            let detail: KeyValuePairs<StaticString, String> = ["fields": fields.joined(separator: ",")]
            let command = ChangeWorkspace(
                expected: record,
                changed: changed,
                by: principal.key?.record.id,
                now: call.now,
                audit: [workspaceAudit("workspace.changed", changed, detail, call, principal)]
            )
            // Forgotten whatever comes of it: a commit without an answer may have changed it, too.
            defer {
                workspaces.invalidate(record.id)
                for environment in DeploymentEnvironment.allCases {
                    policies.invalidate(Tenant(workspace: record.id, environment: environment))
                }
            }
            switch try await store.changeWorkspace(command) {
            case .changed: return try Self.answer(changed)
            case .slugTaken: throw Problem.slugTaken
            case .keyNotActive: throw Problem.unauthorized("the key was ended while the request ran")
            case .stale: continue
            }
        }
        throw Problem(.conflict, "The workspace is being changed by others at the same time. Try again.")
    }

    private func workspace(_ call: Call) async throws -> WorkspaceRecord {
        guard let id = TypeID.parse(.workspace, call.pathParameters[0]), let record = try await store.workspace(id)
        else { throw Problem.notFound() }
        return record
    }

    private static func answer(_ workspace: WorkspaceRecord) throws -> HTTPResponse {
        try Responses.json(200, capacity: 1024) { try workspace.write(to: &$0) }
    }

    /// The names of the fields that differ, as the audit trail tells them.
    private static func changedFields(
        _ old: WorkspaceRecord,
        _ new: WorkspaceRecord
    ) throws(StoreError) -> [String] {
        let (before, after) = (try WorkspaceSettings(old), try WorkspaceSettings(new))
        let differs: KeyValuePairs = [
            "name": old.name != new.name,
            "slug": old.slug != new.slug,
            "plan": old.plan != new.plan,
            "key_prefixes": before.keyPrefixes != after.keyPrefixes,
            "scope_rule": before.scopeRule != after.scopeRule,
            "custom_resources": before.customResources != after.customResources,
            "requests_per_minute": before.ownRequestsPerMinute != after.ownRequestsPerMinute,
            "minting_allowed": before.mintingAllowed != after.mintingAllowed,
            "rate_limit_status": before.rateLimitIsForbidden != after.rateLimitIsForbidden,
            "allowed_origins": before.allowedOrigins != after.allowedOrigins,
        ]
        return differs.filter(\.value).map(\.key)
    }
}
