#if SQLite
    internal import Platform

    /// The columns of `sessions`, in the order that is bound and read.
    enum SessionRow {
        static let columns = """
            id, invite, api_key, campaign, participant, sealed, holder, bound_key, origin, allowed_origins, rev, \
            created_at, renew_until, ended_at
            """

        static let insert = """
            INSERT INTO sessions (tenant, \(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """

        static func bind(_ session: SessionRecord, tenant: Int64, rev: Int64, to binder: inout Binder) {
            binder.add(tenant)
            binder.add(session.id)
            binder.add(session.invite)
            binder.add(session.apiKey)
            binder.add(session.campaign)
            binder.add(session.participant)
            binder.add(session.sealed)
            binder.add(session.holder)
            binder.add(session.boundKey)
            binder.add(session.origin)
            binder.add(ListCodec.encode(session.allowedOrigins))
            binder.add(rev)
            binder.add(session.createdAt)
            binder.add(session.renewUntil)
            binder.add(session.endedAt)
        }
    }

    extension Row {
        mutating func session(_ tenant: Tenant) -> SessionRecord {
            SessionRecord(
                id: id(),
                tenant: tenant,
                invite: optionalID(),
                apiKey: id(),
                campaign: text(),
                participant: digest(),
                sealed: bytes(),
                holder: optionalBytes(),
                boundKey: optionalText(),
                origin: optionalText(),
                allowedOrigins: list(),
                rev: int64(),
                createdAt: time(),
                renewUntil: time(),
                endedAt: optionalTime()
            )
        }
    }
#endif
