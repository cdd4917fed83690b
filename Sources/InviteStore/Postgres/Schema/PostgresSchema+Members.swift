#if Postgres
    extension PostgresSchema {
        /// Who signs in to the console.
        static let membersStep = """
            CREATE TABLE members (
                id uuid PRIMARY KEY, address uuid NOT NULL UNIQUE, sealed_address bytea NOT NULL,
                sealed_password bytea NOT NULL, created_at bigint NOT NULL, password_changed_at bigint NOT NULL,
                disabled_at bigint, revision bigint NOT NULL
            );
            CREATE TABLE memberships (
                member uuid NOT NULL, workspace uuid NOT NULL, role text NOT NULL, PRIMARY KEY (member, workspace)
            );
            CREATE INDEX memberships_workspace ON memberships (workspace, member);
            CREATE TABLE member_sessions (
                digest bytea PRIMARY KEY, member uuid NOT NULL, created_at bigint NOT NULL,
                last_seen_at bigint NOT NULL, expires_at bigint NOT NULL
            );
            CREATE INDEX member_sessions_member ON member_sessions (member, created_at);
            CREATE INDEX member_sessions_expiry ON member_sessions (expires_at);
            """
    }
#endif
