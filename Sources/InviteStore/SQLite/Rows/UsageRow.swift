#if SQLite
    internal import Platform

    /// The columns of `usage`.
    enum UsageRow {
        /// The key of rows that count for the whole tenant.
        static let wholeTenant = RecordID(high: 0, low: 0)

        static let counts = "requests, client_errors, server_errors, mints, redeems"

        static let add = """
            INSERT INTO usage (tenant, api_key, period, start, \(counts)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (tenant, api_key, period, start) DO UPDATE SET requests = requests + excluded.requests,
            client_errors = client_errors + excluded.client_errors,
            server_errors = server_errors + excluded.server_errors,
            mints = mints + excluded.mints, redeems = redeems + excluded.redeems
            """
    }

    extension Row {
        mutating func usageBucket() -> UsageBucket {
            UsageBucket(
                start: UnixTime(seconds: int64()),
                counts: UsageCounts(
                    requests: int64(),
                    clientErrors: int64(),
                    serverErrors: int64(),
                    mints: int64(),
                    redeems: int64()
                )
            )
        }
    }
#endif
