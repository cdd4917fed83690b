#if Postgres
    extension PostgresSchema {
        /// What replicas took of limits on requests: `most` is the limit, `taken` what all have, `granted` what the last
        /// one got.
        static let ratesStep = """
            CREATE TABLE rate_windows (
                subject uuid NOT NULL, start bigint NOT NULL, most bigint NOT NULL, taken bigint NOT NULL,
                granted bigint NOT NULL, PRIMARY KEY (subject, start)
            ) WITH (fillfactor = 50);
            CREATE INDEX rate_windows_start ON rate_windows (start);
            """
    }
#endif
