package import Platform

/// One invite: the right to open a session for one campaign and one participant.
package struct InviteRecord: Equatable, Sendable {
    package var id: RecordID
    package var tenant: Tenant
    /// The key that minted it: the root of its family.
    package var apiKey: RecordID
    package var campaign: String
    /// The participant's pseudonym.
    package var participant: KeyedDigest16
    /// Blind index of the e-mail address, under another key than the pseudonym.
    package var addressIndex: KeyedDigest16
    /// Ciphertext of the e-mail address and the metadata; opaque to the store.
    package var sealed: [UInt8]
    /// Browser origins that may redeem it; empty for no list.
    package var allowedOrigins: [String]
    package var maxUses: Int
    package var uses: Int
    package var createdAt: UnixTime
    package var expiresAt: UnixTime
    package var revokedAt: UnixTime?
    /// Number of the last cut-off that existed when it was minted.
    package var rev: Int64

    package init(
        id: RecordID,
        tenant: Tenant,
        apiKey: RecordID,
        campaign: String,
        participant: KeyedDigest16,
        addressIndex: KeyedDigest16,
        sealed: [UInt8],
        allowedOrigins: [String] = [],
        maxUses: Int = 1,
        uses: Int = 0,
        createdAt: UnixTime,
        expiresAt: UnixTime,
        revokedAt: UnixTime? = nil,
        rev: Int64 = 0
    ) {
        self.id = id
        self.tenant = tenant
        self.apiKey = apiKey
        self.campaign = campaign
        self.participant = participant
        self.addressIndex = addressIndex
        self.sealed = sealed
        self.allowedOrigins = allowedOrigins
        self.maxUses = maxUses
        self.uses = uses
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.rev = rev
    }

    /// Where the invite stands at `now`: `revoked` outranks `redeemed`, which outranks `expired`, then `pending`.
    package func status(at now: UnixTime) -> InviteStatus {
        if revokedAt != nil { return .revoked }
        if uses >= maxUses { return .redeemed }
        return now >= expiresAt ? .expired : .pending
    }
}

/// The public states of an invite.
package enum InviteStatus: String, Sendable, CaseIterable {
    case pending
    case redeemed
    case expired
    case revoked
}

/// Which invites a list shows; fields that are nil do not filter.
package struct InviteFilter: Equatable, Sendable {
    package var campaign: String?
    package var addressIndex: KeyedDigest16?
    package var status: InviteStatus?

    package init(campaign: String? = nil, addressIndex: KeyedDigest16? = nil, status: InviteStatus? = nil) {
        self.campaign = campaign
        self.addressIndex = addressIndex
        self.status = status
    }
}
