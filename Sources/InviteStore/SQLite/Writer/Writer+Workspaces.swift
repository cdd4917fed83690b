#if SQLite
    internal import Platform

    extension Writer {
        func createWorkspace(
            _ command: CreateWorkspace
        ) throws(SQLiteFailure) -> Idempotent<CreateWorkspaceOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<CreateWorkspaceOutcome> = try earlier(command.claim, now: command.now) {
                return earlier
            }
            guard try isActive(command.by, at: command.now) else { return .done(.keyNotActive) }
            let inserted = try workspaces.insert.run { WorkspaceRow.bind(command.workspace, to: &$0) }
            guard inserted == 1 else { return .done(.slugTaken) }
            try record(command.claim, now: command.now)
            try append(command.audit)
            return .done(.created)
        }

        func changeWorkspace(_ command: ChangeWorkspace) throws(SQLiteFailure) -> ChangeWorkspaceOutcome {
            try admit(command.now)
            guard try isActive(command.by, at: command.now) else { return .keyNotActive }
            let (old, new) = (command.expected, command.changed)
            let changed = try workspaces.change.run {
                $0.add(new.slug)
                $0.add(new.name)
                $0.add(new.plan.rawValue)
                $0.add(new.settings)
                $0.add(old.id)
                $0.add(old.slug)
                $0.add(old.name)
                $0.add(old.plan.rawValue)
                $0.add(old.settings)
                $0.add(new.slug)
                $0.add(old.id)
            }
            guard changed == 1 else {
                // The same transaction: what is read now is what the UPDATE saw.
                let stored = try workspaces.byID.first({ $0.add(old.id) }, { row in row.workspace() })
                return stored == old ? .slugTaken : .stale
            }
            try append(command.audit)
            return .changed
        }
    }

    /// The writer's statements on workspaces.
    struct WorkspaceStatements {
        let insert: Statement
        let byID: Statement
        /// Compares and sets: the row must still be as it was read, and the slug free.
        let change: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            insert = try connection.statement(WorkspaceRow.insert + " ON CONFLICT (slug) DO NOTHING")
            byID = try connection.statement(
                "SELECT \(WorkspaceRow.columns) FROM workspaces WHERE id = ? AND number > 0"
            )
            change = try connection.statement(
                """
                UPDATE workspaces SET slug = ?, name = ?, plan = ?, settings = ?
                WHERE id = ? AND number > 0 AND slug = ? AND name = ? AND plan = ? AND settings = ?
                AND NOT EXISTS (SELECT 1 FROM workspaces WHERE slug = ? AND id <> ?)
                """
            )
        }
    }
#endif
