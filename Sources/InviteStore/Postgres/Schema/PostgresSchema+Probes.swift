#if Postgres
    extension PostgresSchema {
        /// What a probe of the writer fills, in transactions that are taken back: a table of its own, so that room in
        /// another one does not look like room on the disk.
        static let probesStep = """
            CREATE TABLE probes (filling bytea NOT NULL);
            ALTER TABLE probes ALTER COLUMN filling SET STORAGE EXTERNAL;
            """
    }
#endif
