#if Postgres
    internal import Glibc
    internal import Platform

    /// A writer's place at the data base: the audit chain that it alone may continue, and the mark by which it can tell
    /// later whether a transaction whose answer was lost was committed.
    ///
    /// The place is held by an advisory lock of the connection's session, so it goes with the session, whatever ends it.
    /// The lock saves work and decides nothing: two writers on one chain would meet at its primary key.
    final class PostgresSeat: @unchecked Sendable {
        // Safe because: made and used by the writer thread alone.

        /// This store in `writers`, for as long as the process lives.
        let owner: RecordID
        let chain: Int64
        /// The server's process that holds the lock.
        let backend: Int64
        /// How many transactions of this store are known to be committed.
        var committed: Int64

        private init(owner: RecordID, chain: Int64, backend: Int64, committed: Int64) {
            self.owner = owner
            self.chain = chain
            self.backend = backend
            self.committed = committed
        }

        /// More chains than replicas there can be: each start of a replica takes the lowest that is free.
        private static let chainsMax: Int64 = 1_000
        private static let marksKeptMilliseconds: Int64 = 7 * 86_400_000
        private static let lockKey = "hashtext('token-service chain ' || current_schema())"

        /// Takes a place for a store that has none.
        static func first(_ connection: PostgresConnection) throws(PostgresFailure) -> PostgresSeat {
            let owner = RecordID(high: .random(in: 1 ... .max), low: .random(in: 0 ... .max))
            return try take(connection, owner: owner, committed: 0, preferred: 1)
        }

        /// Takes a place after the connection was lost, if possible the same.
        ///
        /// When it returns the lost session is over, so that ``committed`` says which of its transactions were.
        func again(_ connection: PostgresConnection, until end: MonotonicInstant) throws(PostgresFailure)
            -> PostgresSeat
        {
            while try !Self.lock(chain, connection) {
                guard try isHeldByLostSession(connection) else { break }
                // It may still commit what it was sent; ending it decides that.
                try connection.run("SELECT pg_terminate_backend($1::int)::int::bigint") { $0.add(backend) }
                guard connection.time.monotonicNow() < end else { throw .deadline }
                usleep(20_000)
            }
            let marked = try connection.run("SELECT committed FROM writers WHERE owner = $1") {
                $0.add(owner)
            }.first { $0.int64() }
            return try Self.take(connection, owner: owner, committed: marked ?? committed, preferred: chain)
        }

        private func isHeldByLostSession(_ connection: PostgresConnection) throws(PostgresFailure) -> Bool {
            try connection.run(
                """
                SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
                AND classid = (\(Self.lockKey)::bigint & 4294967295)::oid AND objid = $1::oid AND pid = $2
                """
            ) {
                $0.add(chain)
                $0.add(backend)
            }.first { $0.int() } != 0
        }

        private static func lock(_ chain: Int64, _ connection: PostgresConnection) throws(PostgresFailure) -> Bool {
            try connection.run("SELECT pg_try_advisory_lock(\(lockKey), $1::int)::int::bigint") {
                $0.add(chain)
            }.first { $0.int() } == 1
        }

        private static func take(
            _ connection: PostgresConnection,
            owner: RecordID,
            committed: Int64,
            preferred: Int64
        ) throws(PostgresFailure) -> PostgresSeat {
            var chain = preferred
            // Locks of one session count, so that to have the preferred one already is to get it again.
            if try !lock(preferred, connection) {
                chain = 1
                while try !lock(chain, connection) {
                    chain += 1
                    guard chain <= chainsMax else { throw .refused(.unavailable("\(chainsMax) writers are at work")) }
                }
            }
            // The row is locked by a lost session that still commits: what comes back is its last word.
            let settled = try connection.run(
                """
                INSERT INTO writers (owner, chain, committed, begun_at)
                VALUES ($1, $2, $3, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
                ON CONFLICT (owner) DO UPDATE SET chain = excluded.chain, begun_at = excluded.begun_at
                RETURNING committed
                """
            ) {
                $0.add(owner)
                $0.add(chain)
                $0.add(committed)
            }.first { $0.int64() }
            try connection.run(
                """
                DELETE FROM writers WHERE chain = $1 AND owner <> $2
                AND begun_at < (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $3
                """
            ) {
                $0.add(chain)
                $0.add(owner)
                $0.add(marksKeptMilliseconds)
            }
            // Asked of the server: a pooler between them tells its clients a number of its own.
            let backend = try connection.run("SELECT pg_backend_pid()::bigint").first { $0.int64() }
            return PostgresSeat(owner: owner, chain: chain, backend: backend ?? 0, committed: settled ?? committed)
        }
    }
#endif
