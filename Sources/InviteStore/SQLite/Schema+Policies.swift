#if SQLite
    extension Schema {
        /// Policies: the newest version of each place, and the versions that are kept.
        ///
        /// `tenant` is -1 for the deployment's own. Both tables are small and change rarely.
        static let policiesStep = """
            CREATE TABLE policies (
                tenant INTEGER NOT NULL, kind INTEGER NOT NULL, subject BLOB NOT NULL, id BLOB NOT NULL,
                version INTEGER NOT NULL, document BLOB, standing BLOB, standing_version INTEGER NOT NULL,
                created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
                PRIMARY KEY (tenant, kind, subject)
            ) WITHOUT ROWID;
            CREATE TABLE policy_versions (
                tenant INTEGER NOT NULL, kind INTEGER NOT NULL, subject BLOB NOT NULL, id BLOB NOT NULL,
                version INTEGER NOT NULL, document BLOB, standing BLOB, standing_version INTEGER NOT NULL,
                created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
                PRIMARY KEY (tenant, kind, subject, version)
            ) WITHOUT ROWID;
            """
    }
#endif
