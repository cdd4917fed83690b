#if SQLite
    extension Schema {
        /// Rotation, and keys that come from another product with a slow hash.
        static let keysStep = """
            ALTER TABLE api_keys ADD COLUMN replaced_by BLOB;
            CREATE TABLE imported_keys (
                prefix TEXT NOT NULL, lead TEXT NOT NULL, id BLOB NOT NULL UNIQUE, key_index TEXT NOT NULL,
                hash TEXT NOT NULL,
                PRIMARY KEY (prefix, lead, id)
            ) WITHOUT ROWID;
            CREATE TABLE imported_prefixes (prefix TEXT PRIMARY KEY) WITHOUT ROWID;
            """
    }
#endif
