#if SQLite
    extension Schema {
        /// Members of the console, their roles, and their sessions.
        static let membersStep = """
            CREATE TABLE members (
                id BLOB PRIMARY KEY, address BLOB NOT NULL UNIQUE, sealed_address BLOB NOT NULL,
                sealed_password BLOB NOT NULL, created_at INTEGER NOT NULL, password_changed_at INTEGER NOT NULL,
                disabled_at INTEGER, revision INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE TABLE memberships (
                member BLOB NOT NULL, workspace BLOB NOT NULL, role TEXT NOT NULL, PRIMARY KEY (member, workspace)
            ) WITHOUT ROWID;
            CREATE INDEX memberships_workspace ON memberships (workspace, member);
            CREATE TABLE member_sessions (
                digest BLOB PRIMARY KEY, member BLOB NOT NULL, created_at INTEGER NOT NULL,
                last_seen_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE INDEX member_sessions_member ON member_sessions (member, created_at);
            CREATE INDEX member_sessions_expiry ON member_sessions (expires_at);
            """
    }
#endif
