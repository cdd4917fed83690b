#if SQLite || Postgres
    internal import Platform

    extension StoredRow where Self: ~Copyable {
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
    }
#endif
