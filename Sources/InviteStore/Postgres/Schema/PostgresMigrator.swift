#if Postgres
    /// Brings the tables to the newest schema: one transaction for each step, by one replica at a time.
    ///
    /// Whoever needs a step takes the lock and looks again; the others wait for it, or serve on the schema that they
    /// know.
    struct PostgresMigrator {
        /// SQL scripts; the script at index n leads from version n to version n + 1.
        let steps: [String]

        /// Runs the steps that the data base lacks; refuses one that is newer than the steps.
        func run(on connection: PostgresConnection) throws(PostgresFailure) {
            while true {
                let found = try version(connection)
                guard found <= steps.count else {
                    throw .refused(.newerSchema(found: found, supported: steps.count))
                }
                guard found < steps.count else { return }
                try connection.run("BEGIN")
                do throws(PostgresFailure) {
                    try step(connection, lookedAt: found)
                    try connection.run("COMMIT")
                } catch {
                    if !error.isDisconnected { _ = try? connection.run("ROLLBACK") }
                    throw error
                }
            }
        }

        private func step(_ connection: PostgresConnection, lookedAt: Int) throws(PostgresFailure) {
            try connection.run(
                "SELECT pg_advisory_xact_lock(hashtext('token-service schema'), hashtext(current_schema()))"
            )
            // Another replica may have been at it while this one waited.
            guard try version(connection) == lookedAt else { return }
            if lookedAt == 0 {
                try connection.runScript("CREATE TABLE schema_version (version bigint NOT NULL)")
                try connection.run("INSERT INTO schema_version (version) VALUES (0)")
            }
            try connection.runScript(steps[lookedAt])
            let raised = try connection.run("UPDATE schema_version SET version = $1 WHERE version = $2") {
                $0.add(lookedAt + 1)
                $0.add(lookedAt)
            }
            guard raised.affected == 1 else { throw .damaged("the schema's version is not one number") }
        }

        /// The version of the tables in the connection's schema; 0 where there are none.
        private func version(_ connection: PostgresConnection) throws(PostgresFailure) -> Int {
            let table = try connection.run(
                """
                SELECT count(*) FROM pg_catalog.pg_class
                WHERE relname = 'schema_version' AND relnamespace = current_schema()::text::regnamespace
                """
            ).first { $0.int() }
            guard table == 1 else { return 0 }
            return try connection.run("SELECT version FROM schema_version").first { $0.int() } ?? 0
        }
    }
#endif
