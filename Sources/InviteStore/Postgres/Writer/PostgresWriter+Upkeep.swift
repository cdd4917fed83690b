#if Postgres
    internal import Platform

    extension PostgresWriter {
        /// Rows that one step of a sweep removes.
        static let sweptRowsMax = 1_000

        /// What is swept, in its order.
        enum SweepStage: Int, CaseIterable {
            case invites
            case sessions
            case cutOffs
            case endedSessions
            case claims
            case usage
            case notices
            case memberSessions
            case rateWindows
            case changes
        }

        /// Does one bounded step of a sweep and returns how many rows it removed.
        ///
        /// Rows that another replica is at are passed over: it sweeps them, or uses them.
        ///
        /// What is removed because its time was over must stay over: the instant counts as stored. A replica whose clock
        /// is wrong removes nothing.
        func sweep(_ stage: SweepStage, now: UnixTime, rowsMax: Int) throws(PostgresFailure) -> Int {
            let newest = state.newest
            try admit(now)
            let removed = try removeOld(stage, now: now, rowsMax: rowsMax)
            // Where nothing is removed nothing is written, not even the time.
            if removed == 0 { state.newest = newest }
            return removed
        }

        private func removeOld(_ stage: SweepStage, now: UnixTime, rowsMax: Int) throws(PostgresFailure) -> Int {
            let rows = min(rowsMax, Self.sweptRowsMax)
            let kept = now.adding(seconds: -StoreRules.retentionSeconds)
            switch stage {
            case .invites: return try sweepInvites(before: kept, rows)
            case .sessions: return try sweep("sessions", key: "tenant, id", end: "renew_until", kept, rows)
            case .cutOffs:
                cutOffs.forget(now: now)
                return try sweep("cut_offs", key: "number", end: "forget_at", now, rows)
            case .endedSessions:
                return try sweep("ended_sessions", key: "forget_at, session", end: "forget_at", now, rows)
            case .claims: return try sweep("idempotency", key: "scope", end: "expires_at", now, rows)
            case .usage: return try sweepUsage(now: now, rows)
            case .notices:
                return try sweep("notices", key: "expires_at, api_key, days", end: "expires_at", now, rows)
            case .memberSessions: return try sweep("member_sessions", key: "digest", end: "expires_at", now, rows)
            case .rateWindows:
                // Two windows of a minute, and what clocks may be apart.
                let over = now.adding(seconds: -180)
                return try sweep("rate_windows", key: "subject, start", end: "start", over, rows)
            case .changes:
                // Not counted: they are the store's own, as old as any replica's catching up can be.
                let old = UnixTime(milliseconds: batch.serverTime.milliseconds).adding(seconds: -86_400)
                _ = try sweep("changes", key: "number", end: "at", old, rows)
                return 0
            }
        }

        private func sweep(
            _ table: String,
            key: String,
            end: String,
            _ limit: UnixTime,
            _ rows: Int
        ) throws(PostgresFailure) -> Int {
            try write(
                """
                DELETE FROM \(table) WHERE (\(key)) IN
                (SELECT \(key) FROM \(table) WHERE \(end) <= $1 ORDER BY \(end) LIMIT $2 FOR UPDATE SKIP LOCKED)
                """
            ) {
                $0.add(limit)
                $0.add(rows)
            }
        }

        private func sweepInvites(before limit: UnixTime, _ rows: Int) throws(PostgresFailure) -> Int {
            batch.hasWritten = true
            return try run(
                """
                WITH gone AS (
                    DELETE FROM invites WHERE (tenant, id) IN
                    (SELECT tenant, id FROM invites WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
                    FOR UPDATE SKIP LOCKED) RETURNING tenant, id
                ), redeemed AS (
                    DELETE FROM redemptions AS r USING gone WHERE r.tenant = gone.tenant AND r.invite = gone.id
                )
                SELECT count(*) FROM gone
                """
            ) {
                $0.add(limit)
                $0.add(rows)
            }.first { $0.int() } ?? 0
        }

        private func sweepUsage(now: UnixTime, _ rows: Int) throws(PostgresFailure) -> Int {
            var removed = 0
            for period in UsagePeriod.allCases where removed < rows {
                let limit = now.adding(seconds: -period.rawValue - period.keptSeconds).seconds
                let left = rows - removed
                removed += try write(
                    """
                    DELETE FROM usage WHERE (tenant, api_key, period, start) IN
                    (SELECT tenant, api_key, period, start FROM usage WHERE period = $1 AND start <= $2
                    ORDER BY start LIMIT $3 FOR UPDATE SKIP LOCKED)
                    """
                ) {
                    $0.add(period.rawValue)
                    $0.add(limit)
                    $0.add(left)
                }
            }
            return removed
        }

        // MARK: Usage and notices

        private struct Bucket: Hashable, Comparable {
            let tenant: Int64
            let apiKey: RecordID
            let period: Int64
            let start: Int64

            static func < (left: Bucket, right: Bucket) -> Bool {
                (left.tenant, left.apiKey, left.period, left.start)
                    < (right.tenant, right.apiKey, right.period, right.start)
            }
        }

        /// Sums up first, so that each row is written once; in one order, since other replicas write the same rows.
        func addUsage(_ deltas: [UsageDelta]) throws(PostgresFailure) {
            var sums: [Bucket: UsageCounts] = [:]
            for delta in deltas {
                guard let tenant = try number(of: delta.tenant) else { continue }
                for period in UsagePeriod.allCases {
                    let start = period.start(of: delta.minute).seconds
                    for key in [delta.apiKey, UsageRow.wholeTenant] {
                        let bucket = Bucket(tenant: tenant, apiKey: key, period: period.rawValue, start: start)
                        sums[bucket, default: UsageCounts()].add(delta.counts)
                    }
                }
            }
            guard !sums.isEmpty else { return }
            let rows = sums.sorted { $0.key < $1.key }
            try write(
                """
                INSERT INTO usage AS u (tenant, api_key, period, start, \(UsageRow.counts))
                SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
                ON CONFLICT (tenant, api_key, period, start) DO UPDATE SET requests = u.requests + excluded.requests,
                client_errors = u.client_errors + excluded.client_errors,
                server_errors = u.server_errors + excluded.server_errors,
                mints = u.mints + excluded.mints, redeems = u.redeems + excluded.redeems
                """
            ) {
                $0.add(each: rows, \.key.tenant)
                $0.add(each: rows, \.key.apiKey)
                $0.add(each: rows, \.key.period)
                $0.add(each: rows, \.key.start)
                $0.add(each: rows, \.value.requests)
                $0.add(each: rows, \.value.clientErrors)
                $0.add(each: rows, \.value.serverErrors)
                $0.add(each: rows, \.value.mints)
                $0.add(each: rows, \.value.redeems)
            }
        }

        /// The row count of the INSERT decides.
        func recordNotice(_ notice: RecordNotice) throws(PostgresFailure) -> Bool {
            try admit(notice.now)
            let recorded = try write(
                "INSERT INTO notices (expires_at, api_key, days, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
            ) {
                $0.add(notice.expiresAt)
                $0.add(notice.key)
                $0.add(notice.days)
                $0.add(notice.now)
            }
            guard recorded == 1 else {
                batch.hasWritten = false
                return false
            }
            append(notice.audit)
            return true
        }

        // MARK: The start of the audit chains

        /// Removes the oldest events of the chain that has the oldest, and seals what continues it in their place.
        func sweepAudit(before limit: UnixTime, rowsMax: Int) throws(PostgresFailure) -> Int {
            for chain in try run(PostgresReader.chainNumbers).all({ $0.int64() }) {
                let removed = try sweepAudit(chain, before: limit, rowsMax: rowsMax)
                if removed > 0 { return removed }
            }
            return 0
        }

        private func sweepAudit(_ chain: Int64, before limit: UnixTime, rowsMax: Int) throws(PostgresFailure) -> Int {
            // One replica at a time cuts a chain.
            let isMine = try run(
                """
                SELECT pg_try_advisory_xact_lock(hashtext('token-service trail ' || current_schema()), $1::int)
                ::int::bigint
                """
            ) {
                $0.add(chain)
            }.first { $0.int() }
            guard isMine == 1 else { return 0 }
            let found = try run(
                """
                SELECT sequence, at, mac FROM audit_events WHERE chain = $1 AND sequence <
                (SELECT max(sequence) FROM audit_events WHERE chain = $1) ORDER BY sequence LIMIT $2
                """
            ) {
                $0.add(chain)
                $0.add(max(0, min(rowsMax, Self.sweptRowsMax)))
            }.all { (sequence: $0.int64(), at: $0.time(), mac: $0.bytes()) }
            guard let last = found.prefix(while: { $0.at < limit }).last else { return 0 }
            var checkpoint = AuditCheckpoint(chain: chain, sequence: last.sequence, mac: last.mac, at: last.at)
            checkpoint.seal = sealer.seal(checkpoint.canonicalBytes)
            let sealed = checkpoint
            try write(
                """
                INSERT INTO audit_checkpoints (chain, sequence, mac, at, seal) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (chain) DO UPDATE SET sequence = excluded.sequence, mac = excluded.mac,
                at = excluded.at, seal = excluded.seal WHERE audit_checkpoints.sequence < excluded.sequence
                """
            ) {
                $0.add(sealed.chain)
                $0.add(sealed.sequence)
                $0.add(sealed.mac)
                $0.add(sealed.at)
                $0.add(sealed.seal)
            }
            return try write("DELETE FROM audit_events WHERE chain = $1 AND sequence <= $2") {
                $0.add(chain)
                $0.add(last.sequence)
            }
        }
    }
#endif
