#if SQLite || Postgres
    internal import Platform

    /// An invite with what only the store needs to know of it.
    struct StoredInvite {
        var record: InviteRecord
        /// The session of the latest use, where there was a use.
        var lastSession: RecordID
        /// When the latest use was committed.
        var lastUsedAt: UnixTime
    }

    /// The columns of `invites`, in the order that is bound and read.
    enum InviteRow {
        static let columns = """
            id, api_key, campaign, participant, address_index, sealed, allowed_origins, max_uses, uses, created_at, \
            expires_at, revoked_at, rev, last_session, last_used_at
            """
    }
#endif
