#if Postgres
    internal import Platform

    /// Carries out commands on the one connection of this replica that writes.
    ///
    /// A transaction has three round trips, however many commands share it: it reads what they want to know and locks
    /// the rows that they may change, in one order for all replicas; the commands then decide one after the other on what
    /// was read and on what those before them decided; what they decided is written by statements whose row counts must
    /// come out as decided. Where one does not, another replica was first, and the transaction is repeated.
    final class PostgresWriter: StoreWriter, @unchecked Sendable {
        // Safe because: made on the writer thread, which alone uses it.
        typealias Failure = PostgresFailure

        /// What a rollback restores.
        struct Mark {
            /// The last link of this writer's audit chain.
            var sequence: Int64
            var mac: [UInt8]
            /// The newest instant that was stored or admitted.
            var newest: UnixTime
            /// The newest instant as the data base has it.
            var savedNewest: UnixTime
        }

        let connection: PostgresConnection
        let cutOffs: PostgresCutOffs
        let sealer: any AuditSealer
        let seat: PostgresSeat
        let clockToleranceMilliseconds: Int64?
        var state: Mark
        var batch = PostgresBatch()
        private var tenants: PostgresTenantNumbers

        /// Sits down at a chain that no other writer has, and reads where it ends.
        init(
            _ connection: PostgresConnection,
            seat: PostgresSeat,
            cutOffs: PostgresCutOffs,
            sealer: any AuditSealer,
            options: PostgresStoreOptions
        ) throws(PostgresFailure) {
            self.connection = connection
            self.seat = seat
            self.cutOffs = cutOffs
            self.sealer = sealer
            clockToleranceMilliseconds = options.clockToleranceMilliseconds
            tenants = PostgresTenantNumbers(rememberedMax: options.workspacesRemembered)
            let last = try connection.run(
                "SELECT sequence, mac, at FROM audit_events WHERE chain = $1 ORDER BY sequence DESC LIMIT 1"
            ) {
                $0.add(seat.chain)
            }.first { (sequence: $0.int64(), mac: $0.bytes(), at: $0.time()) }
            state = Mark(
                sequence: last?.sequence ?? 0,
                mac: last?.mac ?? [UInt8](repeating: 0, count: 32),
                newest: last?.at ?? UnixTime(milliseconds: .min),
                savedNewest: UnixTime(milliseconds: .min)
            )
        }

        // MARK: A transaction

        /// Opens a transaction and reads what its commands want to know.
        func begin(_ needs: PostgresNeeds = PostgresNeeds()) throws(PostgresFailure) {
            batch = PostgresBatch()
            try tenants.load(needs.tenants, on: connection)
            // The number of the last cut-off comes first: whatever is read after it is at least as new, so that no
            // token can carry a number which its key's state does not know of.
            var statements = [PostgresStatement("BEGIN"), PostgresStatement(Self.readMeta), cutOffs.catchUp]
            let readers = reading(needs)
            statements += readers.map(\.statement)
            let results = try connection.run(statements)
            guard results.count == statements.count, let meta = try results[1].first(Self.meta) else {
                throw .damaged("a row of meta is missing")
            }
            batch.rev = meta.rev
            batch.serverTime = meta.serverTime
            state.savedNewest = meta.newest
            state.newest = max(state.newest, meta.newest)
            try cutOffs.apply(results[2], on: connection)
            for (reader, result) in zip(readers, results.dropFirst(3)) { try reader.take(result) }
            try readEarlierSessions(needs)
        }

        private static let readMeta = """
            SELECT (SELECT value FROM meta WHERE name = 'last_cut_off'),
            (SELECT value FROM meta WHERE name = 'newest_instant'),
            (extract(epoch FROM clock_timestamp()) * 1000)::bigint
            """

        private static func meta(_ row: inout PostgresRow) -> (rev: Int64, newest: UnixTime, serverTime: UnixTime) {
            (row.int64(), row.time(), row.time())
        }

        /// Takes the open transaction back.
        func rollBack(to mark: Mark) throws(PostgresFailure) {
            state = mark
            batch = PostgresBatch()
            tenants.forget()
            try connection.run("ROLLBACK")
        }

        // MARK: What every command asks

        /// Refuses a command whose time is behind what is stored already, or too far from PostgreSQL's clock.
        func admit(_ now: UnixTime) throws(PostgresFailure) {
            let (lag, overflow) = state.newest.milliseconds.subtractingReportingOverflow(now.milliseconds)
            if !overflow, lag > StoreRules.clockLagMillisecondsMax { throw .refused(.clockBehind) }
            if let tolerance = clockToleranceMilliseconds {
                let (off, overflow) = now.milliseconds.subtractingReportingOverflow(batch.serverTime.milliseconds)
                if overflow || off.magnitude > tolerance.magnitude { throw .refused(.clockBehind) }
            }
            state.newest = max(state.newest, now)
        }

        /// The tenant's number; nil where there is no such workspace.
        func number(of tenant: Tenant) throws(PostgresFailure) -> Int64? {
            try tenants.number(of: tenant, on: connection)
        }

        /// The tenant's number, where it was asked for at the begin of the transaction.
        func known(_ tenant: Tenant) -> Int64? { tenants.known(tenant) }

        /// True where the key may mint at `now`, as the open transaction has read it; false for one that does not exist.
        func mayMint(_ id: RecordID, now: UnixTime) -> Bool { batch.keys[id]?.isActive(at: now) ?? false }

        /// Runs one statement of a command that has its transaction for itself.
        @discardableResult
        func run(
            _ sql: String,
            _ bind: (inout PostgresParameters) -> Void = { _ in }
        ) throws(PostgresFailure) -> PostgresResult {
            try connection.run(sql, bind)
        }

        /// Runs one statement that writes.
        @discardableResult
        func write(
            _ sql: String,
            _ bind: (inout PostgresParameters) -> Void = { _ in }
        ) throws(PostgresFailure) -> Int {
            batch.hasWritten = true
            return try connection.run(sql, bind).affected
        }

        // MARK: Audit

        /// Links events to this writer's chain, to be stored with the transaction.
        func append(_ drafts: [AuditDraft]) {
            for draft in drafts {
                let next = state.sequence + 1
                let canonical = AuditRecord.canonicalBytes(
                    previous: state.mac,
                    chain: seat.chain,
                    sequence: next,
                    draft: draft
                )
                state.mac = sealer.seal(canonical)
                state.sequence = next
                batch.events.append(
                    AuditRecord(draft: draft, chain: seat.chain, sequence: next, mac: state.mac)
                )
            }
        }

        /// Tells the other replicas, with the transaction.
        func note(_ kind: PostgresChange.Kind, _ subject: [UInt8] = []) {
            batch.changes.append(PostgresChange(kind: kind, subject: subject))
        }
    }
#endif
