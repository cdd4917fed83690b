#if SQLite
    /// The writer's statements on the deployment and its keys.
    struct KeyStatements {
        let insertDeployment: Statement
        let hasDeployment: Statement
        let insertDataKey: Statement
        let insertWorkspace: Statement
        let insertSigningKey: Statement
        let deleteSigningKeys: Statement
        let signingKeys: Statement
        let insert: Statement
        let byID: Statement
        let countActive: Statement
        let countLeaving: Statement
        let change: Statement
        let recordUse: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            insertDeployment = try connection.statement(
                """
                INSERT INTO deployment (id, issuer, created_at, master_key_check) VALUES (1, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """
            )
            hasDeployment = try connection.statement("SELECT id FROM deployment")
            insertDataKey = try connection.statement("INSERT INTO data_keys (purpose, wrapped) VALUES (?, ?)")
            insertWorkspace = try connection.statement(WorkspaceRow.insert)
            insertSigningKey = try connection.statement(SigningKeyRow.insert)
            deleteSigningKeys = try connection.statement("DELETE FROM signing_keys")
            signingKeys = try connection.statement(SigningKeyRow.select)
            insert = try connection.statement(APIKeyRow.insert)
            byID = try connection.statement(APIKeyRow.select + " WHERE k.id = ?")
            countActive = try connection.statement(
                """
                SELECT count(*) FROM api_keys
                WHERE tenant = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
                AND replaced_by IS NULL
                """
            )
            countLeaving = try connection.statement(
                """
                SELECT count(*) FROM api_keys
                WHERE tenant = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
                AND replaced_by IS NOT NULL
                """
            )
            // Compares and sets: the row must still be as it was read.
            change = try connection.statement(
                """
                UPDATE api_keys SET name = ?, scopes = ?, ip_allowlist = ?, allowed_origins = ?, expires_at = ?,
                suspended_at = ?, revoked_at = ?, replaced_by = ?
                WHERE id = ? AND tenant = ? AND revoked_at IS NULL AND suspended_at IS ? AND expires_at IS ?
                AND replaced_by IS ?
                """
            )
            recordUse = try connection.statement(
                "UPDATE api_keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)"
            )
        }
    }
#endif
