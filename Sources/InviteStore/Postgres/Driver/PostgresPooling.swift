#if Postgres
    /// Recognises a pooler before the server that hands a session from client to client between transactions.
    ///
    /// Behind one of these nothing holds that is a session's: the lock of a writer's audit chain, the settings of a
    /// connection, its prepared statements, what it listens to. One that keeps a session for each client is none the
    /// worse for being there.
    enum PostgresPooling {
        static let sentence = """
            a pooler before PostgreSQL shares its sessions between clients: let it keep one for each connection \
            (PgBouncer: pool_mode = session, and server_reset_query = DISCARD ALL)
            """

        /// How often two connections are compared: a pooler with many idle sessions may happen to give them different
        /// ones.
        private static let looks = 3

        /// Throws where two connections that are open at once were seen in one session, or one of them in two, which
        /// happens for no other reason.
        static func check(_ first: PostgresConnection, _ second: PostgresConnection) throws(PostgresFailure) {
            for _ in 0..<looks {
                let (one, other, again) = (try session(first), try session(second), try session(first))
                guard one == again, one != other else { throw .refused(.unavailable(sentence)) }
            }
        }

        /// The server's process behind a connection, in a transaction of its own.
        private static func session(_ connection: PostgresConnection) throws(PostgresFailure) -> Int64? {
            try connection.run("SELECT pg_backend_pid()::bigint").first { $0.int64() }
        }

        /// Puts into words what the start meets behind such a pooler: prepared statements of somebody else (42P05), or
        /// none where there was one (26000).
        static func explained(_ failure: PostgresFailure) -> PostgresFailure {
            guard case .statement(let code, _) = failure, ["42P05", "26000"].contains(code) else { return failure }
            return .refused(.unavailable(sentence))
        }
    }
#endif
