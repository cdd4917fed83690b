#if SQLite
    /// The writer's statements on what has an end of its own, and on the store's own numbers.
    struct UpkeepStatements {
        let setMeta: Statement
        let claim: Statement
        let recordClaim: Statement
        let insertCutOff: Statement
        let probe: Statement
        let endProbe: Statement
        let nextInviteTenant: Statement
        let firstInvite: Statement
        let agedInvites: Statement
        let deleteInvite: Statement
        let deleteRedemptions: Statement
        let nextSessionTenant: Statement
        let agedSessions: Statement
        let deleteSession: Statement
        let endedCutOffs: Statement
        let deleteCutOff: Statement
        let deleteEndedSessions: Statement
        let deleteClaims: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            setMeta = try connection.statement("UPDATE meta SET value = ? WHERE name = ?")
            claim = try connection.statement(
                "SELECT request, result FROM idempotency WHERE scope = ? AND expires_at > ?"
            )
            recordClaim = try connection.statement(
                """
                INSERT INTO idempotency (scope, request, result, expires_at) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (scope) DO UPDATE SET request = ?2, result = ?3, expires_at = ?4 WHERE expires_at <= ?5
                """
            )
            insertCutOff = try connection.statement(CutOffRow.insert)
            probe = try connection.statement("INSERT INTO lookup_pages VALUES (-1, zeroblob(65536))")
            endProbe = try connection.statement("DELETE FROM lookup_pages WHERE number = -1")
            nextInviteTenant = try connection.statement("SELECT min(tenant) FROM invites WHERE tenant > ?")
            firstInvite = try connection.statement("SELECT id FROM invites WHERE tenant = ? ORDER BY id LIMIT 1")
            agedInvites = try connection.statement(
                """
                SELECT id, expires_at, max_uses FROM invites WHERE tenant = ? AND id > ? AND id < ?
                ORDER BY id LIMIT ?
                """
            )
            deleteInvite = try connection.statement("DELETE FROM invites WHERE tenant = ? AND id = ?")
            deleteRedemptions = try connection.statement("DELETE FROM redemptions WHERE tenant = ? AND invite = ?")
            nextSessionTenant = try connection.statement("SELECT min(tenant) FROM sessions WHERE tenant > ?")
            agedSessions = try connection.statement(
                """
                SELECT id, renew_until FROM sessions WHERE tenant = ? AND id > ? AND id < ? ORDER BY id LIMIT ?
                """
            )
            deleteSession = try connection.statement("DELETE FROM sessions WHERE tenant = ? AND id = ?")
            endedCutOffs = try connection.statement(CutOffRow.select + " WHERE c.forget_at <= ? LIMIT ?")
            deleteCutOff = try connection.statement("DELETE FROM cut_offs WHERE number = ?")
            deleteEndedSessions = try connection.statement(
                """
                DELETE FROM ended_sessions WHERE (forget_at, session) IN
                (SELECT forget_at, session FROM ended_sessions WHERE forget_at <= ? ORDER BY forget_at LIMIT ?)
                """
            )
            deleteClaims = try connection.statement(
                """
                DELETE FROM idempotency WHERE scope IN
                (SELECT scope FROM idempotency WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
                """
            )
        }
    }
#endif
