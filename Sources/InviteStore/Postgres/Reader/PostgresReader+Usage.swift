#if Postgres
    internal import Platform

    extension PostgresReader {
        // MARK: Audit

        func auditEvents(
            of tenant: Tenant,
            filter: AuditFilter,
            page: PageRequest
        ) throws(PostgresFailure) -> Page<AuditRecord> {
            try self.page(page) { before, rows throws(PostgresFailure) in
                let found = try run(
                    """
                    SELECT \(AuditRow.columns) FROM audit_events WHERE tenant = $1 AND id < $2
                    ORDER BY id DESC LIMIT $3
                    """
                ) {
                    $0.add(tenant.fullBytes)
                    $0.add(before)
                    $0.add(rows)
                }.all { $0.auditRecord() }
                return found.map { ($0.draft.id, filter.matches($0.draft) ? $0 : nil) }
            }
        }

        func auditChain(_ chain: Int64, after sequence: Int64, limit: Int) throws(PostgresFailure) -> [AuditRecord] {
            try run(
                """
                SELECT \(AuditRow.columns) FROM audit_events WHERE chain = $1 AND sequence > $2
                ORDER BY sequence LIMIT $3
                """
            ) {
                $0.add(chain)
                $0.add(sequence)
                $0.add(max(0, limit))
            }.all { $0.auditRecord() }
        }

        /// Every chain's number, each found by one step into the primary key.
        static let chainNumbers = """
            WITH RECURSIVE found (chain) AS (
                SELECT min(chain) FROM audit_events
                UNION ALL
                SELECT (SELECT min(e.chain) FROM audit_events AS e WHERE e.chain > found.chain)
                FROM found WHERE found.chain IS NOT NULL
            )
            SELECT chain FROM found WHERE chain IS NOT NULL UNION SELECT chain FROM audit_checkpoints ORDER BY 1
            """

        func auditChains() throws(PostgresFailure) -> [AuditChainState] {
            let results = try snapshot([
                PostgresStatement("SELECT chain, sequence, mac, at, seal FROM audit_checkpoints"),
                PostgresStatement(
                    """
                    SELECT n.chain, h.sequence, h.mac, h.id FROM (\(Self.chainNumbers)) AS n LEFT JOIN LATERAL
                    (SELECT sequence, mac, id FROM audit_events AS e WHERE e.chain = n.chain
                    ORDER BY sequence DESC LIMIT 1) AS h ON true ORDER BY n.chain
                    """
                ),
            ])
            guard results.count == 2 else { throw .connection("the answers are out of step") }
            let checkpoints = Dictionary(try results[0].all { $0.auditCheckpoint() }.map { ($0.chain, $0) }) { $1 }
            return try results[1].all { row in
                let chain = row.int64()
                guard let sequence = row.optionalInt64() else {
                    return AuditChainState(chain: chain, checkpoint: checkpoints[chain])
                }
                let head = AuditHead(chain: chain, sequence: sequence, mac: row.bytes(), event: row.id())
                return AuditChainState(chain: chain, checkpoint: checkpoints[chain], head: head)
            }
        }

        // MARK: Usage and notices

        func usage(
            of tenant: Tenant,
            apiKey: RecordID?,
            period: UsagePeriod,
            from: UnixTime,
            until: UnixTime,
            limit: Int
        ) throws(PostgresFailure) -> [UsageBucket] {
            guard let number = try number(of: tenant) else { return [] }
            return try run(
                """
                SELECT start, \(UsageRow.counts) FROM usage
                WHERE tenant = $1 AND api_key = $2 AND period = $3 AND start >= $4 AND start < $5
                ORDER BY start LIMIT $6
                """
            ) {
                $0.add(number)
                $0.add(apiKey ?? UsageRow.wholeTenant)
                $0.add(period.rawValue)
                $0.add(from.seconds)
                $0.add(until.seconds)
                $0.add(max(0, limit))
            }.all { $0.usageBucket() }
        }

        func lastUse(of tenant: Tenant) throws(PostgresFailure) -> UnixTime? {
            guard let number = try number(of: tenant) else { return nil }
            for period in UsagePeriod.allCases {
                let start = try run(
                    """
                    SELECT start FROM usage WHERE tenant = $1 AND api_key = $2 AND period = $3 AND requests > 0
                    ORDER BY start DESC LIMIT 1
                    """
                ) {
                    $0.add(number)
                    $0.add(UsageRow.wholeTenant)
                    $0.add(period.rawValue)
                }.first { $0.int64() }
                if let start { return UnixTime(seconds: start) }
            }
            return nil
        }

        func expiringKeys(
            after cursor: ExpiryCursor,
            until: UnixTime,
            limit: Int
        ) throws(PostgresFailure) -> [ExpiringKey] {
            try run(
                """
                SELECT \(APIKeyRow.selected),
                (SELECT min(n.days) FROM notices AS n WHERE n.expires_at = k.expires_at AND n.api_key = k.id)
                FROM api_keys AS k JOIN workspaces AS w ON w.number = k.tenant >> 1
                WHERE k.expires_at IS NOT NULL AND (k.expires_at, k.id) > ($1, $2) AND k.expires_at <= $3
                AND k.revoked_at IS NULL ORDER BY k.expires_at, k.id LIMIT $4
                """
            ) {
                $0.add(cursor.expiresAt)
                $0.add(cursor.key)
                $0.add(until)
                $0.add(max(0, limit))
            }.all { ExpiringKey(key: $0.apiKey(), noticedDays: $0.optionalInt64().map { Int($0) }) }
        }
    }
#endif
