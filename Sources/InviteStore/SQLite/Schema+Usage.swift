#if SQLite
    extension Schema {
        /// Usage buckets, notices before a key's end, and what stands for audit events that were removed.
        ///
        /// A usage row with sixteen zero bytes for its key is the tenant's own. Starts are seconds.
        static let usageStep = """
            CREATE TABLE usage (
                tenant INTEGER NOT NULL, api_key BLOB NOT NULL, period INTEGER NOT NULL, start INTEGER NOT NULL,
                requests INTEGER NOT NULL, client_errors INTEGER NOT NULL, server_errors INTEGER NOT NULL,
                mints INTEGER NOT NULL, redeems INTEGER NOT NULL,
                PRIMARY KEY (tenant, api_key, period, start)
            ) WITHOUT ROWID;
            CREATE INDEX usage_age ON usage (period, start);

            CREATE TABLE notices (
                expires_at INTEGER NOT NULL, api_key BLOB NOT NULL, days INTEGER NOT NULL, at INTEGER NOT NULL,
                PRIMARY KEY (expires_at, api_key, days)
            ) WITHOUT ROWID;
            CREATE INDEX api_keys_expiry ON api_keys (expires_at, id) WHERE expires_at IS NOT NULL;

            CREATE TABLE audit_checkpoints (
                chain INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, mac BLOB NOT NULL, at INTEGER NOT NULL,
                seal BLOB NOT NULL
            );
            """
    }
#endif
