#if SQLite
    internal import Platform

    /// An invite with what only the store needs to know of it.
    struct StoredInvite {
        var record: InviteRecord
        /// The session of the latest use, where there was a use.
        var lastSession: RecordID
        /// When the latest use was committed.
        var lastUsedAt: UnixTime
    }

    /// The columns of `invites`, in the order that is bound and read.
    enum InviteRow {
        static let columns = """
            id, api_key, campaign, participant, address_index, sealed, allowed_origins, max_uses, uses, created_at, \
            expires_at, revoked_at, rev, last_session, last_used_at
            """

        static let insert = """
            INSERT INTO invites (tenant, \(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """

        /// Binds a new invite.
        ///
        /// The last two columns hold values as long as those of the first use, so that a redeem overwrites the row in
        /// place instead of pushing its neighbours about.
        static func bind(_ invite: InviteRecord, tenant: Int64, rev: Int64, to binder: inout Binder) {
            binder.add(tenant)
            binder.add(invite.id)
            binder.add(invite.apiKey)
            binder.add(invite.campaign)
            binder.add(invite.participant)
            binder.add(invite.addressIndex)
            binder.add(invite.sealed)
            binder.add(ListCodec.encode(invite.allowedOrigins))
            binder.add(invite.maxUses)
            binder.add(invite.uses)
            binder.add(invite.createdAt)
            binder.add(invite.expiresAt)
            binder.add(invite.revokedAt)
            binder.add(rev)
            binder.add(RecordID(high: 0, low: 0))
            binder.add(invite.createdAt)
        }
    }

    extension Row {
        mutating func storedInvite(_ tenant: Tenant) -> StoredInvite {
            StoredInvite(record: invite(tenant), lastSession: id(), lastUsedAt: time())
        }

        mutating func invite(_ tenant: Tenant) -> InviteRecord {
            InviteRecord(
                id: id(),
                tenant: tenant,
                apiKey: id(),
                campaign: text(),
                participant: digest(),
                addressIndex: digest(),
                sealed: bytes(),
                allowedOrigins: list(),
                maxUses: int(),
                uses: int(),
                createdAt: time(),
                expiresAt: time(),
                revokedAt: optionalTime(),
                rev: int64()
            )
        }

        /// A list as ``ListCodec`` wrote it.
        mutating func list() -> [String] {
            let list = ListCodec.decode(optionalBytes())
            if list == nil { markDamaged() }
            return list ?? []
        }
    }
#endif
