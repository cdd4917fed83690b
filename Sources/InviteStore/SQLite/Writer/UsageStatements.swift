#if SQLite
    /// The writer's statements on usage, notices and the start of the audit chains.
    struct UsageStatements {
        let add: Statement
        let deleteUsage: Statement
        let recordNotice: Statement
        let deleteNotices: Statement
        let agedEvents: Statement
        let deleteEvents: Statement
        let checkpoint: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            add = try connection.statement(UsageRow.add)
            deleteUsage = try connection.statement(
                """
                DELETE FROM usage WHERE (tenant, api_key, period, start) IN
                (SELECT tenant, api_key, period, start FROM usage WHERE period = ? AND start <= ? ORDER BY start LIMIT ?)
                """
            )
            recordNotice = try connection.statement(
                "INSERT INTO notices (expires_at, api_key, days, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            )
            deleteNotices = try connection.statement(
                """
                DELETE FROM notices WHERE (expires_at, api_key, days) IN
                (SELECT expires_at, api_key, days FROM notices WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
                """
            )
            agedEvents = try connection.statement(
                """
                SELECT sequence, at, mac FROM audit_events WHERE chain = ? AND sequence < ? ORDER BY sequence LIMIT ?
                """
            )
            deleteEvents = try connection.statement("DELETE FROM audit_events WHERE chain = ? AND sequence <= ?")
            checkpoint = try connection.statement(
                "INSERT OR REPLACE INTO audit_checkpoints (chain, sequence, mac, at, seal) VALUES (?, ?, ?, ?, ?)"
            )
        }
    }
#endif
