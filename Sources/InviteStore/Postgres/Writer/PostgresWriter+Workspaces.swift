#if Postgres
    internal import Platform

    extension PostgresWriter {
        func createWorkspace(
            _ command: CreateWorkspace
        ) throws(PostgresFailure) -> Idempotent<CreateWorkspaceOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<CreateWorkspaceOutcome> = earlier(command.claim, now: command.now) {
                return earlier
            }
            guard try isActive(command.by, at: command.now) else { return .done(.keyNotActive) }
            guard try insert(command.workspace) == 1 else {
                batch.hasWritten = false
                return .done(.slugTaken)
            }
            record(command.claim, now: command.now)
            append(command.audit)
            return .done(.created)
        }

        @discardableResult
        func insert(_ workspace: WorkspaceRecord) throws(PostgresFailure) -> Int {
            try write(
                """
                INSERT INTO workspaces (\(WorkspaceRow.columns)) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (slug) DO NOTHING
                """
            ) {
                $0.add(workspace.id)
                $0.add(workspace.slug)
                $0.add(workspace.name)
                $0.add(workspace.plan.rawValue)
                $0.add(workspace.settings)
                $0.add(workspace.createdAt)
            }
        }

        func changeWorkspace(_ command: ChangeWorkspace) throws(PostgresFailure) -> ChangeWorkspaceOutcome {
            try admit(command.now)
            let (old, new) = (command.expected, command.changed)
            let stored = try run(
                "SELECT \(WorkspaceRow.columns) FROM workspaces WHERE id = $1 AND number > 0 FOR UPDATE"
            ) {
                $0.add(old.id)
            }.first { $0.workspace() }
            guard try isActive(command.by, at: command.now) else { return .keyNotActive }
            guard stored == old else { return .stale }
            // A slug that another replica takes at this moment is a unique row written twice: the transaction is
            // repeated, and finds it taken.
            let changed = try write(
                """
                UPDATE workspaces SET slug = $1, name = $2, plan = $3, settings = $4 WHERE id = $5
                AND NOT EXISTS (SELECT 1 FROM workspaces WHERE slug = $1 AND id <> $5)
                """
            ) {
                $0.add(new.slug)
                $0.add(new.name)
                $0.add(new.plan.rawValue)
                $0.add(new.settings)
                $0.add(old.id)
            }
            guard changed == 1 else {
                batch.hasWritten = false
                return .slugTaken
            }
            note(.workspace, old.id.bytes)
            append(command.audit)
            return .changed
        }
    }
#endif
