internal import Platform

extension MemoryTables {
    /// True where the tenant may own something: the deployment, or a workspace that exists.
    func knows(_ tenant: Tenant) -> Bool { tenant.isDeployment || workspaces[tenant.workspace] != nil }

    mutating func createWorkspace(
        _ command: CreateWorkspace
    ) throws(StoreError) -> Idempotent<CreateWorkspaceOutcome> {
        try admit(rows: 2 + command.audit.count, now: command.now)
        if let earlier: Idempotent<CreateWorkspaceOutcome> = earlier(command.claim, now: command.now) { return earlier }
        guard isActive(command.by, at: command.now) else { return .done(.keyNotActive) }
        let workspace = command.workspace
        if isTaken(workspace.slug, besides: workspace.id) { return .done(.slugTaken) }
        guard workspaces[workspace.id] == nil else {
            throw .unavailable("a workspace with this id is stored already")
        }
        workspaces[workspace.id] = workspace
        rows += 1
        record(command.claim)
        append(command.audit)
        return .done(.created)
    }

    mutating func changeWorkspace(_ command: ChangeWorkspace) throws(StoreError) -> ChangeWorkspaceOutcome {
        try admit(rows: command.audit.count, now: command.now)
        guard isActive(command.by, at: command.now) else { return .keyNotActive }
        let id = command.expected.id
        guard workspaces[id] == command.expected else { return .stale }
        if isTaken(command.changed.slug, besides: id) { return .slugTaken }
        workspaces[id] = command.changed
        append(command.audit)
        return .changed
    }

    private func isTaken(_ slug: String, besides id: RecordID) -> Bool {
        workspaces.ascending.contains { $0.slug == slug && $0.id != id }
    }
}
