#if SQLite
    /// The writer's statements on imported keys.
    struct ImportStatements {
        let alike: Statement
        let prefixes: Statement
        let insert: Statement
        let insertPrefix: Statement
        let delete: Statement
        let setDigest: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            alike = try connection.statement("SELECT hash FROM imported_keys WHERE prefix = ? AND lead = ?")
            prefixes = try connection.statement("SELECT prefix FROM imported_prefixes")
            insert = try connection.statement(
                "INSERT INTO imported_keys (prefix, lead, id, key_index, hash) VALUES (?, ?, ?, ?, ?)"
            )
            insertPrefix = try connection.statement(
                "INSERT INTO imported_prefixes (prefix) VALUES (?) ON CONFLICT DO NOTHING"
            )
            delete = try connection.statement("DELETE FROM imported_keys WHERE id = ?")
            setDigest = try connection.statement("UPDATE api_keys SET digest = ?, last4 = ? WHERE id = ?")
        }
    }
#endif
