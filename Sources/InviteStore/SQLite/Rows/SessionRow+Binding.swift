#if SQLite
    internal import Platform

    extension SessionRow {
        static let insert = """
            INSERT INTO sessions (tenant, \(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
            binder.add(session.tokensUntil)
        }
    }
#endif
