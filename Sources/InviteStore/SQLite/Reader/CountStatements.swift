#if SQLite
    /// A reader's statements on usage, on keys that end, and on the ends of the audit chains.
    struct CountStatements {
        let checkpoint: Statement
        let checkpoints: Statement
        let nextChain: Statement
        let chainHead: Statement
        let usage: Statement
        let lastUsage: Statement
        let expiringKeys: Statement
        let noticedDays: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            let checkpointQuery = "SELECT chain, sequence, mac, at, seal FROM audit_checkpoints"
            checkpoint = try connection.statement(checkpointQuery + " WHERE chain = ?")
            checkpoints = try connection.statement(checkpointQuery)
            nextChain = try connection.statement("SELECT min(chain) FROM audit_events WHERE chain > ?")
            chainHead = try connection.statement(
                "SELECT chain, sequence, mac, id FROM audit_events WHERE chain = ? ORDER BY sequence DESC LIMIT 1"
            )
            usage = try connection.statement(
                """
                SELECT start, \(UsageRow.counts) FROM usage
                WHERE tenant = ? AND api_key = ? AND period = ? AND start >= ? AND start < ? ORDER BY start LIMIT ?
                """
            )
            lastUsage = try connection.statement(
                """
                SELECT start FROM usage WHERE tenant = ? AND api_key = ? AND period = ? AND requests > 0
                ORDER BY start DESC LIMIT 1
                """
            )
            expiringKeys = try connection.statement(
                APIKeyRow.select
                    + """
                     WHERE k.expires_at IS NOT NULL AND (k.expires_at, k.id) > (?, ?) AND k.expires_at <= ?
                    AND k.revoked_at IS NULL ORDER BY k.expires_at, k.id LIMIT ?
                    """
            )
            noticedDays = try connection.statement(
                "SELECT min(days) FROM notices WHERE expires_at = ? AND api_key = ?"
            )
        }
    }
#endif
