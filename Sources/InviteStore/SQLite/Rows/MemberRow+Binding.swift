#if SQLite
    internal import Platform

    extension MemberRow {
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
#endif
