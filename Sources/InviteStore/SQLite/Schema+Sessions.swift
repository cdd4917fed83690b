#if SQLite
    extension Schema {
        /// Until when a session's tokens live; without it, as long as it renews.
        static let sessionTokensStep = "ALTER TABLE sessions ADD COLUMN tokens_until INTEGER"
    }
#endif
