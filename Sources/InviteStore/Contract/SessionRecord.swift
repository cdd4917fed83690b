package import Platform

/// What redeeming an invite opens; yields participant tokens until `renewUntil`.
package struct SessionRecord: Equatable, Sendable {
    package var id: RecordID
    package var tenant: Tenant
    /// The invite it came of; nil where a backend made it.
    package var invite: RecordID?
    package var apiKey: RecordID
    package var campaign: String
    package var participant: KeyedDigest16
    /// Ciphertext of the e-mail address, as on the invite.
    package var sealed: [UInt8]
    /// Keyed hash of the holder's nonce, where one was given at the exchange.
    package var holder: [UInt8]?
    /// RFC 7638 thumbprint of the browser key that its tokens are bound to (RFC 9449), where one was proven.
    package var boundKey: String?
    /// The browser-set `Origin` of the exchange, where there was one.
    package var origin: String?
    /// The list of origins that its tokens may be used from, as it stood at the opening; empty for no list.
    package var allowedOrigins: [String]
    /// Inherited from the invite: a cut-off with a higher number that covers the session ends it.
    package var rev: Int64
    package var createdAt: UnixTime
    package var renewUntil: UnixTime
    /// No token of the session is valid from here on.
    ///
    /// At most the row's `renewUntil`; moved by renewing, and by nothing else.
    package var tokensUntil: UnixTime
    package var endedAt: UnixTime?

    package init(
        id: RecordID,
        tenant: Tenant,
        invite: RecordID?,
        apiKey: RecordID,
        campaign: String,
        participant: KeyedDigest16,
        sealed: [UInt8],
        holder: [UInt8]? = nil,
        boundKey: String? = nil,
        origin: String? = nil,
        allowedOrigins: [String] = [],
        rev: Int64 = 0,
        createdAt: UnixTime,
        renewUntil: UnixTime,
        tokensUntil: UnixTime,
        endedAt: UnixTime? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.invite = invite
        self.apiKey = apiKey
        self.campaign = campaign
        self.participant = participant
        self.sealed = sealed
        self.holder = holder
        self.boundKey = boundKey
        self.origin = origin
        self.allowedOrigins = allowedOrigins
        self.rev = rev
        self.createdAt = createdAt
        self.renewUntil = renewUntil
        self.tokensUntil = tokensUntil
        self.endedAt = endedAt
    }
}

/// A session that was ended before its time, as validators hold it in memory; in order of when it is forgotten.
package struct EndedSession: Equatable, Comparable, Sendable {
    package var session: RecordID
    /// When the entry can be forgotten: ``marginSeconds`` after the last token of the session.
    package var forgetAt: UnixTime

    /// For how long the entry outlives the last token: 5 s, by which the clocks of two replicas may differ, and the longest
    /// that a request which was read while the token was good may take until it is judged.
    package static let marginSeconds: Int64 = 60

    package init(session: RecordID, forgetAt: UnixTime) {
        self.session = session
        self.forgetAt = forgetAt
    }

    /// What must be remembered of a session that ends.
    init(_ session: SessionRecord) {
        self.init(session: session.id, forgetAt: session.tokensUntil.adding(seconds: Self.marginSeconds))
    }

    package static func < (left: EndedSession, right: EndedSession) -> Bool {
        (left.forgetAt, left.session) < (right.forgetAt, right.session)
    }

    /// Where reading begins: behind all that are forgotten at `now`, and behind `last`.
    static func place(after last: EndedSession?, now: UnixTime) -> EndedSession {
        let first = EndedSession(session: .highest, forgetAt: now)
        return last.map { max($0, first) } ?? first
    }
}
