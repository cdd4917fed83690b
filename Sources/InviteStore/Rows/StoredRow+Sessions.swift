#if SQLite || Postgres
    internal import Platform

    extension StoredRow where Self: ~Copyable {
        mutating func session(_ tenant: Tenant) -> SessionRecord {
            var session = SessionRecord(
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
                // Known with the last column.
                tokensUntil: UnixTime(milliseconds: .max),
                endedAt: optionalTime()
            )
            // Sessions from before the column may have tokens for as long as they renew.
            session.tokensUntil = optionalTime() ?? session.renewUntil
            return session
        }
    }
#endif
