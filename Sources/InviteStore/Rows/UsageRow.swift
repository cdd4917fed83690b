#if SQLite || Postgres
    internal import Platform

    /// The columns of `usage`.
    enum UsageRow {
        /// The key of rows that count for the whole tenant.
        static let wholeTenant = RecordID(high: 0, low: 0)

        static let counts = "requests, client_errors, server_errors, mints, redeems"
    }
#endif
