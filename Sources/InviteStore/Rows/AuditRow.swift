#if SQLite || Postgres
    internal import Platform

    /// The columns of `audit_events`, in the order that is bound and read.
    ///
    /// The tenant stands there in full, not as a number: the trail must make sense without the other tables.
    enum AuditRow {
        static let columns = "chain, sequence, id, type, at, tenant, actor, target, request_id, detail, mac"
    }
#endif
