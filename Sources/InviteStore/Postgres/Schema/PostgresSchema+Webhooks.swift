#if Postgres
    extension PostgresSchema {
        /// Endpoints, how far each is in the trail, and which replica delivers.
        static let webhooksStep = """
            CREATE TABLE webhooks (
                id uuid PRIMARY KEY, tenant bigint NOT NULL, version bigint NOT NULL, events bytea NOT NULL,
                description text NOT NULL, sealed bytea NOT NULL, previous_until bigint, created_at bigint NOT NULL,
                disabled_at bigint, disabling text, failing_since bigint
            );
            CREATE INDEX webhooks_tenant ON webhooks (tenant, id);
            CREATE TABLE webhook_positions (
                webhook uuid NOT NULL, chain bigint NOT NULL, sequence bigint NOT NULL, PRIMARY KEY (webhook, chain)
            ) WITH (fillfactor = 70);
            CREATE TABLE webhook_deliveries (
                webhook uuid NOT NULL, event uuid NOT NULL, type text NOT NULL, chain bigint NOT NULL,
                sequence bigint NOT NULL, status bigint NOT NULL, attempts bigint NOT NULL, last_at bigint,
                next_at bigint, response_status bigint, failure text, duration bigint, PRIMARY KEY (webhook, event)
            );
            CREATE INDEX webhook_deliveries_open ON webhook_deliveries (webhook, event) WHERE status < 2;
            CREATE TABLE webhook_lease (
                id bigint PRIMARY KEY CHECK (id = 1), holder uuid NOT NULL, until bigint NOT NULL
            );
            """
    }
#endif
