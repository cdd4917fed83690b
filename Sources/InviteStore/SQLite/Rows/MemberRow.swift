#if SQLite
    internal import Platform

    /// The columns of `members`, `memberships` and `member_sessions`.
    enum MemberRow {
        static let columns = """
            id, address, sealed_address, sealed_password, created_at, password_changed_at, disabled_at, revision
            """
        static let insert = "INSERT INTO members (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        static let memberships = "SELECT workspace, role FROM memberships WHERE member = ? ORDER BY workspace"
        static let session = """
            SELECT digest, member, created_at, last_seen_at, expires_at FROM member_sessions WHERE digest = ?
            """

        static func bind(_ member: MemberRecord, to binder: inout Binder) {
            binder.add(member.id)
            binder.add(member.address)
            binder.add(member.sealedAddress)
            binder.add(member.sealedPassword)
            binder.add(member.createdAt)
            binder.add(member.passwordChangedAt)
            binder.add(member.disabledAt)
            binder.add(member.revision)
        }
    }

    extension Row {
        /// Without its memberships, which stand in a table of their own.
        mutating func member() -> MemberRecord {
            MemberRecord(
                id: id(),
                address: digest(),
                sealedAddress: bytes(),
                sealedPassword: bytes(),
                memberships: [],
                createdAt: time(),
                passwordChangedAt: time(),
                disabledAt: optionalTime(),
                revision: int64()
            )
        }

        mutating func membership() -> Membership {
            // A role that names none marks the row as damaged, so that nobody acts with what stands for it.
            Membership(workspace: id(), role: named(MemberRole.self) ?? .viewer)
        }

        mutating func memberSession() -> MemberSession {
            MemberSession(digest: bytes(), member: id(), createdAt: time(), lastSeenAt: time(), expiresAt: time())
        }
    }
#endif
