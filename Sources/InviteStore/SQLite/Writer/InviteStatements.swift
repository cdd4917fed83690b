#if SQLite
    /// The writer's statements on invites and what came of them.
    struct InviteStatements {
        let insert: Statement
        let select: Statement
        let countUse: Statement
        let revoke: Statement
        let redemption: Statement
        let recordRedemption: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            insert = try connection.statement(InviteRow.insert)
            select = try connection.statement("SELECT \(InviteRow.columns) FROM invites WHERE tenant = ? AND id = ?")
            countUse = try connection.statement(
                """
                UPDATE invites SET uses = uses + 1, last_session = ?, last_used_at = ?
                WHERE tenant = ? AND id = ? AND uses < max_uses AND revoked_at IS NULL AND expires_at > ?
                """
            )
            revoke = try connection.statement(
                "UPDATE invites SET revoked_at = ? WHERE tenant = ? AND id = ? AND revoked_at IS NULL"
            )
            redemption = try connection.statement(
                "SELECT session, at FROM redemptions WHERE tenant = ? AND invite = ? AND holder = ?"
            )
            recordRedemption = try connection.statement(
                "INSERT OR REPLACE INTO redemptions (tenant, invite, holder, session, at) VALUES (?, ?, ?, ?, ?)"
            )
        }
    }
#endif
