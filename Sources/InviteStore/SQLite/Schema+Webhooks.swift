#if SQLite
    extension Schema {
        /// Endpoints that are told of events, how far each has come in the trail, and its last deliveries.
        ///
        /// What is to be told stands in `audit_events` alone. Open deliveries have a status below 2.
        static let webhooksStep = """
            CREATE TABLE webhooks (
                id BLOB PRIMARY KEY, tenant INTEGER NOT NULL, version INTEGER NOT NULL, events BLOB NOT NULL,
                description TEXT NOT NULL, sealed BLOB NOT NULL, previous_until INTEGER, created_at INTEGER NOT NULL,
                disabled_at INTEGER, disabling TEXT, failing_since INTEGER
            ) WITHOUT ROWID;
            CREATE INDEX webhooks_tenant ON webhooks (tenant, id);
            CREATE TABLE webhook_positions (
                webhook BLOB NOT NULL, chain INTEGER NOT NULL, sequence INTEGER NOT NULL,
                PRIMARY KEY (webhook, chain)
            ) WITHOUT ROWID;
            CREATE TABLE webhook_deliveries (
                webhook BLOB NOT NULL, event BLOB NOT NULL, type TEXT NOT NULL, chain INTEGER NOT NULL,
                sequence INTEGER NOT NULL, status INTEGER NOT NULL, attempts INTEGER NOT NULL, last_at INTEGER,
                next_at INTEGER, response_status INTEGER, failure TEXT, duration INTEGER,
                PRIMARY KEY (webhook, event)
            ) WITHOUT ROWID;
            CREATE INDEX webhook_deliveries_open ON webhook_deliveries (webhook, event) WHERE status < 2;
            """
    }
#endif
