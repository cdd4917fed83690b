#if SQLite
    /// Brings a data base to the newest schema: one transaction for each step, numbered by `user_version`.
    struct Migrator {
        /// SQL scripts; the script at index n leads from version n to version n + 1.
        let steps: [String]

        /// Runs the steps that the data base lacks; refuses one that is newer than the steps.
        func run(on connection: Connection) throws(SQLiteFailure) {
            let found = try version(of: connection)
            guard found >= 0, found <= steps.count else {
                throw .refused(.newerSchema(found: found, supported: steps.count))
            }
            for (version, script) in steps.enumerated().dropFirst(found) {
                try connection.execute("BEGIN IMMEDIATE")
                do throws(SQLiteFailure) {
                    try connection.executeScript(script)
                    try connection.execute("PRAGMA user_version = \(version + 1)")
                    try connection.execute("COMMIT")
                } catch {
                    if connection.isInTransaction { try? connection.execute("ROLLBACK") }
                    throw error
                }
            }
        }

        private func version(of connection: Connection) throws(SQLiteFailure) -> Int {
            try connection.statement("PRAGMA user_version").first { row in row.int() } ?? 0
        }
    }
#endif
