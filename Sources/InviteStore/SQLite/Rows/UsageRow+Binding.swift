#if SQLite
    extension UsageRow {
        static let add = """
            INSERT INTO usage (tenant, api_key, period, start, \(counts)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (tenant, api_key, period, start) DO UPDATE SET requests = requests + excluded.requests,
            client_errors = client_errors + excluded.client_errors,
            server_errors = server_errors + excluded.server_errors,
            mints = mints + excluded.mints, redeems = redeems + excluded.redeems
            """
    }
#endif
