#if SQLite
    /// The writer's statements on sessions.
    struct SessionStatements {
        let insert: Statement
        let select: Statement
        let renew: Statement
        let end: Statement
        let markEnded: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            insert = try connection.statement(SessionRow.insert)
            select = try connection.statement("SELECT \(SessionRow.columns) FROM sessions WHERE tenant = ? AND id = ?")
            renew = try connection.statement(
                "UPDATE sessions SET tokens_until = ? WHERE tenant = ? AND id = ? AND ended_at IS NULL"
            )
            end = try connection.statement(
                "UPDATE sessions SET ended_at = ? WHERE tenant = ? AND id = ? AND ended_at IS NULL"
            )
            markEnded = try connection.statement("INSERT INTO ended_sessions (forget_at, session) VALUES (?, ?)")
        }
    }
#endif
