#if SQLite
    internal import Platform

    extension Reader {
        func session(_ id: RecordID, of tenant: Tenant) throws(SQLiteFailure) -> SessionRecord? {
            guard let number = try number(of: tenant) else { return nil }
            let found = try statements.session.first {
                $0.add(number)
                $0.add(id)
            } _: { row in
                row.session(tenant)
            }
            return found.map { cutOffs.applied(to: $0) }
        }

        func cutOffs(after number: Int64, now: UnixTime, limit: Int) throws(SQLiteFailure) -> [CutOffRecord] {
            try statements.cutOffs.all {
                $0.add(number)
                $0.add(now)
                $0.add(max(0, limit))
            } _: { row in
                row.cutOff()
            }
        }

        func lastCutOffNumber() throws(SQLiteFailure) -> Int64 {
            guard let number = try statements.lastCutOff.first({ _ in }, { row in row.int64() }) else {
                throw .damaged("a row of meta is missing")
            }
            return number
        }

        func newestInstant() throws(SQLiteFailure) -> UnixTime {
            // Once, when a service starts: not worth a statement that is kept.
            let statement = try connection.statement("SELECT value FROM meta WHERE name = 'newest_instant'")
            guard let newest = try statement.first({ _ in }, { row in row.time() }) else {
                throw .damaged("a row of meta is missing")
            }
            return newest
        }

        func endedSessions(
            after last: EndedSession?,
            now: UnixTime,
            limit: Int
        ) throws(SQLiteFailure) -> [EndedSession] {
            let place = EndedSession.place(after: last, now: now)
            return try statements.endedSessions.all {
                $0.add(place.forgetAt)
                $0.add(place.session)
                $0.add(max(0, limit))
            } _: { row in
                EndedSession(session: row.id(), forgetAt: row.time())
            }
        }
    }
#endif
