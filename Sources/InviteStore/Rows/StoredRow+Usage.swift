#if SQLite || Postgres
    internal import Platform

    extension StoredRow where Self: ~Copyable {
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
