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

        func endedSessions(now: UnixTime, limit: Int) throws(SQLiteFailure) -> [EndedSession] {
            try statements.endedSessions.all {
                $0.add(now)
                $0.add(max(0, limit))
            } _: { row in
                EndedSession(session: row.id(), forgetAt: row.time())
            }
        }

        /// Counts newest first: what can still be used is young, so a bound cuts off what matters least.
        func coverage(
            of target: CutOffTarget,
            in tenant: Tenant,
            now: UnixTime,
            rowsMax: Int
        ) throws(SQLiteFailure) -> CutOffCoverage {
            var coverage = CutOffCoverage(invites: 0, sessions: 0, isComplete: true)
            guard let number = try number(of: tenant) else { return coverage }
            let bound = max(0, min(rowsMax, .max - 1))
            var examined = 0
            try snapshot { () throws(SQLiteFailure) in
                try statements.invites.each {
                    $0.add(number)
                    $0.add(.highest)
                    $0.add(bound + 1)
                } _: { row in
                    guard examined < bound else {
                        coverage.isComplete = false
                        return false
                    }
                    examined += 1
                    let invite = row.invite(tenant)
                    if target.covers(invite), cutOffs.applied(to: invite).status(at: now) == .pending {
                        coverage.invites += 1
                    }
                    return true
                }
                try statements.sessions.each {
                    $0.add(number)
                    $0.add(bound - examined + 1)
                } _: { row in
                    guard examined < bound else {
                        coverage.isComplete = false
                        return false
                    }
                    examined += 1
                    let session = row.session(tenant)
                    if target.covers(session), session.renewUntil > now, cutOffs.applied(to: session).endedAt == nil {
                        coverage.sessions += 1
                    }
                    return true
                }
            }
            return coverage
        }
    }
#endif
