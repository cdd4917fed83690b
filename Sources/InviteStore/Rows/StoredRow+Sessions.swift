#if SQLite || Postgres
    internal import Platform

    extension StoredRow where Self: ~Copyable {
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
