#if Postgres
    internal import Platform

    /// Finds out whether the server takes what a store writes, and leaves nothing behind.
    enum PostgresProbe {
        /// About what a small batch needs; stored uncompressed.
        private static let bytes = 65_536

        /// Every table but those that only setting up and migrating write.
        static let tables = [
            "api_keys", "audit_checkpoints", "audit_events", "changes", "cut_offs", "ended_sessions", "idempotency",
            "imported_keys", "imported_prefixes", "invites", "member_sessions", "members", "memberships", "meta",
            "notices", "policies", "policy_versions", "probes", "rate_windows", "redemptions", "sessions",
            "signing_keys", "usage", "webhook_deliveries", "webhook_lease", "webhook_positions", "webhooks",
            "workspaces", "writers",
        ]
        /// Rights that are needed on all of these.
        private static let rights = ["SELECT", "INSERT"]
        /// Tables whose rows change or are locked, and those whose rows go.
        private static let updated = [
            "api_keys", "changes", "cut_offs", "ended_sessions", "idempotency", "invites", "member_sessions", "members",
            "meta", "notices", "rate_windows", "sessions", "usage", "webhooks", "workspaces", "writers",
        ]
        private static let deleted = [
            "audit_events", "changes", "cut_offs", "ended_sessions", "idempotency", "imported_keys", "invites",
            "member_sessions", "memberships", "notices", "policies", "policy_versions", "rate_windows", "redemptions",
            "sessions", "signing_keys", "usage", "webhook_deliveries", "webhook_positions", "webhooks", "writers",
        ]

        private static let needed =
            rights.flatMap { right in tables.map { (table: $0, right: right) } }
            + updated.map { (table: $0, right: "UPDATE") } + deleted.map { (table: $0, right: "DELETE") }

        /// Asks for the rights, writes as a batch does, and takes it back.
        ///
        /// - Throws: ``PostgresFailure`` where the server does not take it, with 42501 where a right is missing.
        static func run(on connection: PostgresConnection) throws(PostgresFailure) {
            do throws(PostgresFailure) {
                let results = try connection.run([
                    PostgresStatement("BEGIN"),
                    PostgresStatement(
                        """
                        SELECT count(*) FROM unnest($1, $2) AS n (name, needed)
                        WHERE NOT has_table_privilege(name, needed)
                        """
                    ) {
                        $0.add(each: needed, \.table)
                        $0.add(each: needed, \.right)
                    },
                    PostgresStatement("INSERT INTO probes (filling) VALUES ($1)") {
                        $0.add([UInt8](repeating: 0, count: bytes))
                    },
                ])
                guard results.count == 3, try results[1].first({ $0.int() }) == 0 else {
                    throw .statement(code: "42501", text: "a right on a table is missing")
                }
            } catch {
                if !error.isDisconnected { _ = try? connection.run("ROLLBACK") }
                throw error
            }
            try connection.run("ROLLBACK")
        }
    }
#endif
