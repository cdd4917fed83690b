#if Postgres
    extension PostgresSchema {
        /// Until when a session's tokens live; without it, as long as it renews.
        ///
        /// A replica that knows nothing of it would renew a session and leave this as it was. There is none: the step is older
        /// than the first release.
        static let sessionTokensStep = "ALTER TABLE sessions ADD COLUMN tokens_until bigint"
    }
#endif
