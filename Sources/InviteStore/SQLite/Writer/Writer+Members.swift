#if SQLite
    internal import Platform

    extension Writer {
        func createMember(_ command: CreateMember) throws(SQLiteFailure) -> Idempotent<CreateMemberOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<CreateMemberOutcome> = try earlier(command.claim, now: command.now) {
                return earlier
            }
            guard try isActive(command.by, at: command.now) else { return .done(.keyNotActive) }
            let inserted = try members.insert.run { MemberRow.bind(command.member, to: &$0) }
            guard inserted == 1 else { return .done(.addressTaken) }
            try insertMemberships(command.member)
            try record(command.claim, now: command.now)
            try append(command.audit)
            return .done(.created)
        }

        func changeMember(_ command: ChangeMember) throws(SQLiteFailure) -> ChangeMemberOutcome {
            try admit(command.now)
            guard try isActive(command.by, at: command.now) else { return .keyNotActive }
            let member = command.member
            let changed = try members.change.run {
                $0.add(member.sealedAddress)
                $0.add(member.sealedPassword)
                $0.add(member.passwordChangedAt)
                $0.add(member.disabledAt)
                $0.add(member.id)
                $0.add(member.revision)
            }
            guard changed == 1 else { return .stale }
            try members.deleteMemberships.run { $0.add(member.id) }
            try insertMemberships(member)
            if command.endsSessions { try members.endAllSessions.run { $0.add(member.id) } }
            try append(command.audit)
            return .changed
        }

        private func insertMemberships(_ member: MemberRecord) throws(SQLiteFailure) {
            for membership in member.memberships {
                try members.insertMembership.run {
                    $0.add(member.id)
                    $0.add(membership.workspace)
                    $0.add(membership.role.rawValue)
                }
            }
        }

        /// The INSERT decides: it finds the member at its revision and enabled, or changes nothing.
        func openMemberSession(_ command: OpenMemberSession) throws(SQLiteFailure) -> Bool {
            try admit(command.now)
            let session = command.session
            let opened = try members.openSession.run {
                $0.add(session.digest)
                $0.add(session.createdAt)
                $0.add(session.lastSeenAt)
                $0.add(session.expiresAt)
                $0.add(session.member)
                $0.add(command.revision)
            }
            guard opened == 1 else { return false }
            if let replaced = command.replaces { try members.endSession.run { $0.add(replaced) } }
            try members.endOldSessions.run {
                $0.add(session.member)
                $0.add(session.digest)
                $0.add(session.member)
                $0.add(session.digest)
                $0.add(max(0, command.sessionsMax - 1))
            }
            try append(command.audit)
            return true
        }

        func changeMemberSession(
            _ digest: [UInt8],
            _ change: MemberSessionChange,
            now: UnixTime
        ) throws(SQLiteFailure) -> Bool {
            try admit(now)
            switch change {
            case .seen(let at):
                return try members.seeSession.run {
                    $0.add(at)
                    $0.add(digest)
                } == 1
            case .end(let audit):
                guard try members.endSession.run({ $0.add(digest) }) == 1 else { return false }
                try append(audit)
                return true
            }
        }
    }

    /// The writer's statements on members.
    struct MemberStatements {
        let insert: Statement
        let change: Statement
        let insertMembership: Statement
        let deleteMemberships: Statement
        let openSession: Statement
        let seeSession: Statement
        let endSession: Statement
        let endAllSessions: Statement
        let endOldSessions: Statement
        let sweepSessions: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            insert = try connection.statement(MemberRow.insert + " ON CONFLICT (address) DO NOTHING")
            // Compares and sets: the row must still be as it was read.
            change = try connection.statement(
                """
                UPDATE members SET sealed_address = ?, sealed_password = ?, password_changed_at = ?, disabled_at = ?,
                revision = revision + 1 WHERE id = ? AND revision = ?
                """
            )
            insertMembership = try connection.statement(
                "INSERT INTO memberships (member, workspace, role) VALUES (?, ?, ?)"
            )
            deleteMemberships = try connection.statement("DELETE FROM memberships WHERE member = ?")
            openSession = try connection.statement(
                """
                INSERT INTO member_sessions (digest, member, created_at, last_seen_at, expires_at)
                SELECT ?1, id, ?2, ?3, ?4 FROM members WHERE id = ?5 AND revision = ?6 AND disabled_at IS NULL
                """
            )
            seeSession = try connection.statement(
                "UPDATE member_sessions SET last_seen_at = max(last_seen_at, ?) WHERE digest = ?"
            )
            endSession = try connection.statement("DELETE FROM member_sessions WHERE digest = ?")
            endAllSessions = try connection.statement("DELETE FROM member_sessions WHERE member = ?")
            endOldSessions = try connection.statement(
                """
                DELETE FROM member_sessions WHERE member = ? AND digest <> ? AND digest NOT IN
                (SELECT digest FROM member_sessions WHERE member = ? AND digest <> ?
                ORDER BY created_at DESC LIMIT ?)
                """
            )
            sweepSessions = try connection.statement(
                """
                DELETE FROM member_sessions WHERE digest IN
                (SELECT digest FROM member_sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
                """
            )
        }
    }
#endif
