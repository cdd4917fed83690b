#if SQLite || Postgres
    internal import Platform

    /// The columns of `members`, `memberships` and `member_sessions`.
    enum MemberRow {
        static let columns = """
            id, address, sealed_address, sealed_password, created_at, password_changed_at, disabled_at, revision
            """
    }
#endif
