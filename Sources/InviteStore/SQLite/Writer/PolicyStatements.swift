#if SQLite
    /// The writer's statements on policies.
    struct PolicyStatements {
        let upsert: Statement
        let insertVersion: Statement
        let forgetVersions: Statement
        let countStanding: Statement
        let hasDocument: Statement
        let countRemoved: Statement
        let oldestRemoved: Statement
        let forgetPlace: Statement
        let forgetVersionsOfPlace: Statement
        private let copyNewest: Statement
        private let copyVersion: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            upsert = try connection.statement(PolicyRow.upsert)
            insertVersion = try connection.statement(PolicyRow.insertVersion)
            forgetVersions = try connection.statement(
                "DELETE FROM policy_versions WHERE tenant = ? AND kind = ? AND subject = ? AND version <= ?"
            )
            countStanding = try connection.statement(
                "SELECT count(*) FROM policies WHERE tenant = ? AND document IS NOT NULL"
            )
            hasDocument = try connection.statement(
                "SELECT version, document IS NOT NULL FROM policies WHERE tenant = ? AND kind = ? AND subject = ?"
            )
            countRemoved = try connection.statement(
                "SELECT count(*) FROM policies WHERE tenant = ? AND document IS NULL"
            )
            oldestRemoved = try connection.statement(
                "SELECT \(PolicyRow.columns) FROM policies WHERE tenant = ? AND document IS NULL ORDER BY id LIMIT 1"
            )
            forgetPlace = try connection.statement(
                "DELETE FROM policies WHERE tenant = ? AND kind = ? AND subject = ?"
            )
            forgetVersionsOfPlace = try connection.statement(
                "DELETE FROM policy_versions WHERE tenant = ? AND kind = ? AND subject = ?"
            )
            copyNewest = try connection.statement(PolicyRow.copy(into: "policies"))
            copyVersion = try connection.statement(PolicyRow.copy(into: "policy_versions"))
        }

        /// Binds a key's successor by the policy that binds the key, where there is one.
        func copy(of key: RecordID, to successor: RecordID, tenant: Int64) throws(SQLiteFailure) {
            for statement in [copyNewest, copyVersion] {
                try statement.run {
                    $0.add(successor)
                    $0.add(tenant)
                    $0.add(key)
                }
            }
        }
    }
#endif
