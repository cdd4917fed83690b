#if SQLite || Postgres
    internal import Platform

    /// The columns of `sessions`, in the order that is bound and read.
    enum SessionRow {
        static let columns = """
            id, invite, api_key, campaign, participant, sealed, holder, bound_key, origin, allowed_origins, rev, \
            created_at, renew_until, ended_at, tokens_until
            """
    }
#endif
