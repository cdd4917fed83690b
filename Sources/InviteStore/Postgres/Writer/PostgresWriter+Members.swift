#if Postgres
    internal import Platform

    extension PostgresWriter {
        func createMember(_ command: CreateMember) throws(PostgresFailure) -> Idempotent<CreateMemberOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<CreateMemberOutcome> = earlier(command.claim, now: command.now) {
                return earlier
            }
            guard try isActive(command.by, at: command.now) else { return .done(.keyNotActive) }
            let member = command.member
            let inserted = try write(
                """
                INSERT INTO members (\(MemberRow.columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                ON CONFLICT (address) DO NOTHING
                """
            ) {
                $0.add(member.id)
                $0.add(member.address)
                $0.add(member.sealedAddress)
                $0.add(member.sealedPassword)
                $0.add(member.createdAt)
                $0.add(member.passwordChangedAt)
                $0.add(member.disabledAt)
                $0.add(member.revision)
            }
            guard inserted == 1 else {
                batch.hasWritten = false
                return .done(.addressTaken)
            }
            try insertMemberships(member)
            record(command.claim, now: command.now)
            append(command.audit)
            return .done(.created)
        }

        /// Compares and sets: the row must still be as it was read.
        func changeMember(_ command: ChangeMember) throws(PostgresFailure) -> ChangeMemberOutcome {
            try admit(command.now)
            guard try isActive(command.by, at: command.now) else { return .keyNotActive }
            let member = command.member
            let changed = try write(
                """
                UPDATE members SET sealed_address = $1, sealed_password = $2, password_changed_at = $3,
                disabled_at = $4, revision = revision + 1 WHERE id = $5 AND revision = $6
                """
            ) {
                $0.add(member.sealedAddress)
                $0.add(member.sealedPassword)
                $0.add(member.passwordChangedAt)
                $0.add(member.disabledAt)
                $0.add(member.id)
                $0.add(member.revision)
            }
            guard changed == 1 else {
                batch.hasWritten = false
                return .stale
            }
            try write("DELETE FROM memberships WHERE member = $1") { $0.add(member.id) }
            try insertMemberships(member)
            if command.endsSessions { try write("DELETE FROM member_sessions WHERE member = $1") { $0.add(member.id) } }
            append(command.audit)
            return .changed
        }

        private func insertMemberships(_ member: MemberRecord) throws(PostgresFailure) {
            guard !member.memberships.isEmpty else { return }
            try write("INSERT INTO memberships (member, workspace, role) SELECT $1, * FROM unnest($2, $3)") {
                $0.add(member.id)
                $0.add(each: member.memberships, \.workspace)
                $0.add(each: member.memberships, \.role.rawValue)
            }
        }

        /// Opens a session of a member who is at the revision and enabled, with the member's row locked: a change that
        /// ends all sessions comes before or after, and sees this one.
        func openMemberSession(_ command: OpenMemberSession) throws(PostgresFailure) -> Bool {
            try admit(command.now)
            let session = command.session
            let found = try run(
                "SELECT id FROM members WHERE id = $1 AND revision = $2 AND disabled_at IS NULL FOR UPDATE"
            ) {
                $0.add(session.member)
                $0.add(command.revision)
            }
            guard found.rowCount == 1 else { return false }
            try write(
                """
                INSERT INTO member_sessions (digest, member, created_at, last_seen_at, expires_at)
                VALUES ($1, $2, $3, $4, $5)
                """
            ) {
                $0.add(session.digest)
                $0.add(session.member)
                $0.add(session.createdAt)
                $0.add(session.lastSeenAt)
                $0.add(session.expiresAt)
            }
            if let replaced = command.replaces { try endMemberSession(replaced) }
            try write(
                """
                DELETE FROM member_sessions WHERE member = $1 AND digest <> $2 AND digest NOT IN
                (SELECT digest FROM member_sessions WHERE member = $1 AND digest <> $2
                ORDER BY created_at DESC LIMIT $3)
                """
            ) {
                $0.add(session.member)
                $0.add(session.digest)
                $0.add(max(0, command.sessionsMax - 1))
            }
            append(command.audit)
            return true
        }

        @discardableResult
        private func endMemberSession(_ digest: [UInt8]) throws(PostgresFailure) -> Int {
            try write("DELETE FROM member_sessions WHERE digest = $1") { $0.add(digest) }
        }

        func changeMemberSession(
            _ digest: [UInt8],
            _ change: MemberSessionChange,
            now: UnixTime
        ) throws(PostgresFailure) -> Bool {
            try admit(now)
            switch change {
            case .seen(let at):
                return try write(
                    "UPDATE member_sessions SET last_seen_at = GREATEST(last_seen_at, $1) WHERE digest = $2"
                ) {
                    $0.add(at)
                    $0.add(digest)
                } == 1
            case .end(let audit):
                guard try endMemberSession(digest) == 1 else { return false }
                append(audit)
                return true
            }
        }
    }
#endif
