#if Postgres
    internal import Platform

    /// Makes connections that are set up the way the store needs them.
    struct PostgresConnector: Sendable {
        let address: String
        let options: PostgresStoreOptions
        let time: any TimeSource
        /// What the connections found out about the server.
        let health = PostgresHealth()

        /// Connects and sets what holds for the session; `statementMilliseconds` bounds each statement on the server,
        /// should this process not be there any more to give it up.
        func connect(statementMilliseconds: Int) throws(PostgresFailure) -> PostgresConnection {
            let deadline = time.monotonicNow().adding(milliseconds: options.connectDeadlineMilliseconds)
            let connection = try PostgresConnection(address, deadline: deadline, time: time)
            let settings = [
                ("statement_timeout", "\(statementMilliseconds)"), ("lock_timeout", "\(statementMilliseconds)"),
                ("idle_in_transaction_session_timeout", "\(2 * statementMilliseconds)"),
                ("default_transaction_isolation", "read committed"), ("standard_conforming_strings", "on"),
            ]
            var statements = settings.map { name, value in
                PostgresStatement("SELECT set_config($1, $2, false)") {
                    $0.add(name)
                    $0.add(value)
                }
            }
            // An answer means synced: a server or a role that is set to answer before is overruled.
            statements.append(
                PostgresStatement(
                    """
                    SELECT set_config('synchronous_commit', 'on', false)
                    WHERE current_setting('synchronous_commit') = 'off'
                    """
                )
            )
            try connection.run(statements)
            return connection
        }

        /// A deadline this long from now.
        func deadline(_ milliseconds: Int) -> MonotonicInstant {
            time.monotonicNow().adding(milliseconds: milliseconds)
        }
    }
#endif
