package import Platform

/// What a revocation covers, inside one tenant.
package enum CutOffTarget: Hashable, Sendable {
    /// One token, by its `jti`.
    case token(RecordID)
    /// An invite and all that came of it.
    case invite(RecordID)
    case session(RecordID)
    case participant(KeyedDigest16)
    case campaign(String)
    /// A key's whole family: its invites, their sessions, their tokens.
    case apiKey(RecordID)
    /// Everything in the tenant.
    case workspace
}

/// One revocation record.
///
/// It kills every token that it covers whose `rev` is lower than its number.
package struct CutOffRecord: Equatable, Sendable {
    /// Position in the one sequence of the store, from 1; the numbers of committed cut-offs only ever rise.
    package var number: Int64
    package var id: RecordID
    package var tenant: Tenant
    package var target: CutOffTarget
    package var createdAt: UnixTime
    /// When the last token that it can hit has expired, so that it can be forgotten.
    package var forgetAt: UnixTime

    package init(
        number: Int64,
        id: RecordID,
        tenant: Tenant,
        target: CutOffTarget,
        createdAt: UnixTime,
        forgetAt: UnixTime
    ) {
        self.number = number
        self.id = id
        self.tenant = tenant
        self.target = target
        self.createdAt = createdAt
        self.forgetAt = forgetAt
    }
}

/// How much a cut-off would end, counted before it is made.
package struct CutOffCoverage: Equatable, Sendable {
    /// Invites that could still be redeemed.
    package var invites: Int
    /// Sessions that could still renew.
    package var sessions: Int
    /// False where counting stopped at its bound: then both are lower bounds.
    package var isComplete: Bool

    package init(invites: Int, sessions: Int, isComplete: Bool) {
        self.invites = invites
        self.sessions = sessions
        self.isComplete = isComplete
    }
}
