#if Postgres
    extension PostgresSchema {
        /// Until when a session's tokens live; without it, as long as it renews.
        ///
        /// The step is older than the first release: there is no replica that renews a session and leaves this as it was.
        static let sessionTokensStep = "ALTER TABLE sessions ADD COLUMN tokens_until bigint"
    }
#endif
