#if SQLite
    internal import Platform

    extension InviteRow {
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
#endif
