#if SQLite
    /// The tables, as the steps that made them.
    ///
    /// Steps are only ever added at the end.
    ///
    /// Tenants are numbers (workspace number times two plus environment), ids and digests 16-byte blobs, times
    /// milliseconds. Tables that a mint writes to are keyed by ids that rise with time, and have no second index: an
    /// index over a scattered column costs several times the row itself (docs: performance). What is looked up by
    /// address or campaign goes through `lookup_pages`, see ``LookupWriter``.
    enum Schema {
        static let steps = [
            version1, keysStep, deploymentTenantStep, policiesStep, usageStep, membersStep, webhooksStep,
            signingKeysStep, sessionTokensStep,
        ]

        private static let version1 = """
            CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

            CREATE TABLE deployment (
                id INTEGER PRIMARY KEY CHECK (id = 1), issuer TEXT NOT NULL, created_at INTEGER NOT NULL,
                master_key_check BLOB NOT NULL
            );
            CREATE TABLE data_keys (purpose TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;
            CREATE TABLE signing_keys (
                position INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, key_id TEXT NOT NULL, algorithm TEXT NOT NULL,
                wrapped BLOB NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL
            );
            CREATE TABLE workspaces (
                number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
                plan TEXT NOT NULL, settings BLOB NOT NULL, created_at INTEGER NOT NULL
            );
            CREATE TABLE api_keys (
                id BLOB PRIMARY KEY, tenant INTEGER NOT NULL, digest BLOB NOT NULL UNIQUE, kind TEXT NOT NULL,
                name TEXT NOT NULL, prefix TEXT NOT NULL, last4 TEXT NOT NULL, scopes BLOB, ip_allowlist BLOB,
                allowed_origins BLOB, created_at INTEGER NOT NULL, created_by BLOB, expires_at INTEGER,
                suspended_at INTEGER, revoked_at INTEGER, last_used_at INTEGER
            ) WITHOUT ROWID;
            CREATE INDEX api_keys_tenant ON api_keys (tenant, id);

            CREATE TABLE invites (
                tenant INTEGER NOT NULL, id BLOB NOT NULL, api_key BLOB NOT NULL, campaign TEXT NOT NULL,
                participant BLOB NOT NULL, address_index BLOB NOT NULL, sealed BLOB NOT NULL, allowed_origins BLOB,
                max_uses INTEGER NOT NULL, uses INTEGER NOT NULL, created_at INTEGER NOT NULL,
                expires_at INTEGER NOT NULL, revoked_at INTEGER, rev INTEGER NOT NULL,
                last_session BLOB NOT NULL, last_used_at INTEGER NOT NULL,
                PRIMARY KEY (tenant, id)
            ) WITHOUT ROWID;
            CREATE TABLE redemptions (
                tenant INTEGER NOT NULL, invite BLOB NOT NULL, holder BLOB NOT NULL, session BLOB NOT NULL,
                at INTEGER NOT NULL,
                PRIMARY KEY (tenant, invite, holder)
            ) WITHOUT ROWID;
            CREATE TABLE sessions (
                tenant INTEGER NOT NULL, id BLOB NOT NULL, invite BLOB, api_key BLOB NOT NULL, campaign TEXT NOT NULL,
                participant BLOB NOT NULL, sealed BLOB NOT NULL, holder BLOB, bound_key TEXT, origin TEXT,
                allowed_origins BLOB,
                rev INTEGER NOT NULL, created_at INTEGER NOT NULL, renew_until INTEGER NOT NULL, ended_at INTEGER,
                PRIMARY KEY (tenant, id)
            ) WITHOUT ROWID;
            CREATE TABLE ended_sessions (
                forget_at INTEGER NOT NULL, session BLOB NOT NULL, PRIMARY KEY (forget_at, session)
            ) WITHOUT ROWID;
            CREATE TABLE cut_offs (
                number INTEGER PRIMARY KEY, id BLOB NOT NULL, tenant INTEGER NOT NULL, kind INTEGER NOT NULL,
                target BLOB NOT NULL, created_at INTEGER NOT NULL, forget_at INTEGER NOT NULL
            );
            CREATE INDEX cut_offs_forget ON cut_offs (forget_at);

            CREATE TABLE idempotency (
                scope BLOB PRIMARY KEY, request BLOB NOT NULL, result BLOB NOT NULL, expires_at INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE INDEX idempotency_expiry ON idempotency (expires_at);

            CREATE TABLE audit_events (
                chain INTEGER NOT NULL, sequence INTEGER NOT NULL, id BLOB NOT NULL, type TEXT NOT NULL,
                at INTEGER NOT NULL, tenant BLOB, actor TEXT NOT NULL, target TEXT NOT NULL, request_id TEXT NOT NULL,
                detail BLOB NOT NULL, mac BLOB NOT NULL,
                PRIMARY KEY (chain, sequence)
            ) WITHOUT ROWID;

            CREATE TABLE lookup_journal (number INTEGER PRIMARY KEY, entries BLOB NOT NULL);
            CREATE TABLE lookup_epochs (
                epoch INTEGER PRIMARY KEY, family INTEGER NOT NULL, level INTEGER NOT NULL,
                pages INTEGER NOT NULL, newest INTEGER NOT NULL, state INTEGER NOT NULL
            );
            CREATE TABLE lookup_pages (number INTEGER PRIMARY KEY, entries BLOB NOT NULL);

            INSERT INTO meta (name, value) VALUES ('last_cut_off', 0), ('newest_instant', -9223372036854775808);
            """
    }
#endif
