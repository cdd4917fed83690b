package import Platform

/// Mints invites: all of them or none, in one transaction.
package struct CreateInvites: Sendable {
    /// `rev` is set by the store; what stands here is ignored.
    package var invites: [InviteRecord]
    package var claim: IdempotencyClaim?
    package var audit: [AuditDraft]
    package var now: UnixTime

    package init(invites: [InviteRecord], claim: IdempotencyClaim? = nil, audit: [AuditDraft], now: UnixTime) {
        self.invites = invites
        self.claim = claim
        self.audit = audit
        self.now = now
    }
}

/// What came of a mint.
package enum CreateOutcome: Equatable, Sendable {
    /// Stored. `rev` is the number of the last cut-off in the same transaction: the tokens must carry it.
    case created(rev: Int64)
    /// The minting key was revoked, suspended or expired by the time of the transaction; nothing was stored.
    case keyNotActive
}

/// Redeems an invite: one conditional UPDATE whose row count decides, and the new session, in one transaction.
package struct RedeemInvite: Sendable {
    package var tenant: Tenant
    package var invite: RecordID
    /// Id of the session to open.
    package var session: RecordID
    /// Keyed hash of the holder's nonce or bound key; the proof by which the same holder may ask again.
    package var holder: [UInt8]?
    /// RFC 7638 thumbprint of the browser key that the session gets bound to.
    package var boundKey: String?
    /// The browser-set `Origin` of the exchange.
    package var origin: String?
    package var renewUntil: UnixTime
    /// How long the session's first token is to live, and as long the one that the same holder gets who asks again.
    package var lifetimeSeconds: Int64
    /// What policy and the workspace's settings ask, by the key that minted the invite; nil where they ask no more than
    /// `renewUntil` and `lifetimeSeconds`.
    ///
    /// The session gets the origins that these and the invite's own list both allow (``OriginLists``).
    /// Called on the store's writer with the invite's row at hand; must look at memory only.
    package var terms: (@Sendable (_ apiKey: RecordID) -> RedeemTerms)?
    /// The same holder asking again within this many seconds of the first commit gets the same session.
    package var repeatSeconds: Int
    package var now: UnixTime
    /// Stored only where a new session is opened.
    package var audit: [AuditDraft]

    package init(
        tenant: Tenant,
        invite: RecordID,
        session: RecordID,
        holder: [UInt8]? = nil,
        boundKey: String? = nil,
        origin: String? = nil,
        renewUntil: UnixTime,
        lifetimeSeconds: Int64,
        terms: (@Sendable (_ apiKey: RecordID) -> RedeemTerms)? = nil,
        repeatSeconds: Int = 60,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.tenant = tenant
        self.invite = invite
        self.session = session
        self.holder = holder
        self.boundKey = boundKey
        self.origin = origin
        self.renewUntil = renewUntil
        self.lifetimeSeconds = lifetimeSeconds
        self.terms = terms
        self.repeatSeconds = repeatSeconds
        self.now = now
        self.audit = audit
    }
}

/// What came of redeeming; only `opened` changed anything.
package enum RedeemOutcome: Equatable, Sendable {
    /// One use was counted and the session opened, durably.
    case opened(SessionRecord)
    /// The same holder within the window: the session that the first exchange opened. No use was counted.
    case repeated(SessionRecord)
    /// No uses left, and the caller is not the holder (or showed no proof).
    case used
    case expired
    /// Revoked itself, or covered by a cut-off newer than its `rev`.
    case revoked
    /// The session of the same holder was ended in the meantime.
    case ended
    /// A list of origins stands, on the invite or above it, and the request's origin is not on it.
    case originNotAllowed
    /// Policy refuses exchanges of what this key minted.
    case refusedByPolicy(apiKey: RecordID)
    case unknown
}

/// Opens a session without an invite, for a backend.
package struct CreateSession: Sendable {
    /// `rev` is set by the store; what stands here is ignored.
    package var session: SessionRecord
    package var claim: IdempotencyClaim?
    package var audit: [AuditDraft]
    package var now: UnixTime

    package init(session: SessionRecord, claim: IdempotencyClaim? = nil, audit: [AuditDraft], now: UnixTime) {
        self.session = session
        self.claim = claim
        self.audit = audit
        self.now = now
    }
}

/// Asks whether a session may still renew, and records that it did.
package struct RenewSession: Sendable {
    package var tenant: Tenant
    package var session: RecordID
    /// True where the presented token has expired, so that only the session's own proof can renew it.
    package var needsProof: Bool
    /// Keyed hash of the presented nonce.
    package var holder: [UInt8]?
    /// RFC 7638 thumbprint of the key that was proven with this request.
    package var boundKey: String?
    /// The browser-set `Origin` of the request.
    package var origin: String?
    /// What policy asks; nil where it asks no more than the session's row.
    package var terms: RenewTerms?
    /// How long the token is to live that a renewal yields.
    package var lifetimeSeconds: Int64
    package var now: UnixTime
    /// Stored only where the session renews.
    package var audit: [AuditDraft]

    package init(
        tenant: Tenant,
        session: RecordID,
        needsProof: Bool,
        holder: [UInt8]? = nil,
        boundKey: String? = nil,
        origin: String? = nil,
        terms: RenewTerms? = nil,
        lifetimeSeconds: Int64,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.tenant = tenant
        self.session = session
        self.needsProof = needsProof
        self.holder = holder
        self.boundKey = boundKey
        self.origin = origin
        self.terms = terms
        self.lifetimeSeconds = lifetimeSeconds
        self.now = now
        self.audit = audit
    }
}

/// What came of renewing; only `renewed` wrote anything.
package enum RenewOutcome: Equatable, Sendable {
    /// The session as policy lets it go on: `renewUntil` and `allowedOrigins` may be narrower than the row's.
    case renewed(SessionRecord)
    /// A list of origins stands, on the session or in the policy, and the request's origin is not on it.
    case originNotAllowed
    /// Past `renewUntil`.
    case over
    /// Ended, or covered by a cut-off newer than its `rev`.
    case ended
    /// The proof is missing or another's.
    case holderMismatch
    case unknown
}

/// Ends a session before its time.
package struct EndSession: Sendable {
    package var tenant: Tenant
    package var session: RecordID
    package var now: UnixTime
    /// Stored only where the session was not ended before.
    package var audit: [AuditDraft]

    package init(tenant: Tenant, session: RecordID, now: UnixTime, audit: [AuditDraft]) {
        self.tenant = tenant
        self.session = session
        self.now = now
        self.audit = audit
    }
}

/// Makes one cut-off.
package struct CreateCutOff: Sendable {
    package var id: RecordID
    package var tenant: Tenant
    package var target: CutOffTarget
    package var forgetAt: UnixTime
    /// With a key as target: revokes the key itself too, in the same transaction.
    package var endsKey: Bool
    package var claim: IdempotencyClaim?
    package var now: UnixTime
    package var audit: [AuditDraft]

    package init(
        id: RecordID,
        tenant: Tenant,
        target: CutOffTarget,
        forgetAt: UnixTime,
        endsKey: Bool = false,
        claim: IdempotencyClaim? = nil,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.id = id
        self.tenant = tenant
        self.target = target
        self.forgetAt = forgetAt
        self.endsKey = endsKey
        self.claim = claim
        self.now = now
        self.audit = audit
    }
}

/// Revokes one invite and, by a cut-off, everything that came of it.
package struct RevokeInvite: Sendable {
    package var tenant: Tenant
    package var invite: RecordID
    /// Id of the cut-off that is made with it.
    package var cutOff: RecordID
    package var forgetAt: UnixTime
    package var now: UnixTime
    /// Stored only where the invite was not revoked before.
    package var audit: [AuditDraft]

    package init(
        tenant: Tenant,
        invite: RecordID,
        cutOff: RecordID,
        forgetAt: UnixTime,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.tenant = tenant
        self.invite = invite
        self.cutOff = cutOff
        self.forgetAt = forgetAt
        self.now = now
        self.audit = audit
    }
}

/// What came of revoking an invite.
package enum RevokeInviteOutcome: Equatable, Sendable {
    case revoked(CutOffRecord)
    /// It was revoked before; nothing was done.
    case alreadyRevoked
    case unknown
}
