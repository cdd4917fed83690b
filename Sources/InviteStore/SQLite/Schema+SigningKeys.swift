#if SQLite
    extension Schema {
        /// Since when a signing key is in its state; without it, since it was made.
        static let signingKeysStep = "ALTER TABLE signing_keys ADD COLUMN state_since INTEGER"
    }
#endif
