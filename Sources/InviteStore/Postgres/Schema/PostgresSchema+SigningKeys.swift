#if Postgres
    extension PostgresSchema {
        /// Since when a signing key is in its state; without it, as a release before leaves it, since it was made.
        static let signingKeysStep = "ALTER TABLE signing_keys ADD COLUMN state_since bigint"
    }
#endif
