#if SQLite || Postgres
    internal import Platform

    extension StoredRow where Self: ~Copyable {
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
