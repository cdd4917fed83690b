package import InviteStore
package import Platform

/// What becomes of one recorded issuance under other policies than those that it was done under.
package enum ReplayVerdict: Equatable, Sendable {
    /// Issued, with this lifetime in seconds.
    case issued(lifetimeSeconds: Int64)
    case refused(PolicyViolation)
    /// No rule refuses it, but what it was done with would have expired by then.
    case lapsed
    /// What it came of was refused or lapsed: it would not have happened.
    case follows
    /// What it came of is not known any more.
    case unknown
}

/// What the store knows of records that were made before the events that are replayed.
package protocol ReplayRecords: Sendable {
    func invite(_ id: RecordID) async throws -> InviteRecord?
    func session(_ id: RecordID) async throws -> SessionRecord?
    /// The list of origins that stands on a key; empty for none.
    func origins(ofKey id: RecordID) async throws -> [String]
}

/// Does recorded issuance again, in order, in a world with other policies.
///
/// Judges by the same code as the routes do, and follows what each refusal would have kept from happening.
package struct PolicyReplay {
    private struct Invite {
        var apiKey: RecordID
        var origins: [String]
        /// Nil for one that was minted before the first event, which is as it is.
        var expiresAt: UnixTime?
        var isLost = false
    }

    private struct Session {
        var apiKey: RecordID
        var origins: [String]
        var openedAt: UnixTime
        var renewUntil: UnixTime
        var isBound: Bool
        var hasHolder: Bool
        /// The newest token; nil where it was issued before the first event.
        var token: (issuedAt: UnixTime, expiresAt: UnixTime)?
        var isLost = false
    }

    private let policies: TenantPolicies
    private let now: UnixTime
    private let records: any ReplayRecords
    private var invites: [RecordID: Invite] = [:]
    private var sessions: [RecordID: Session] = [:]

    /// - Parameter now: the moment whose policies apply to everything, whenever it was recorded.
    package init(policies: TenantPolicies, now: UnixTime, records: any ReplayRecords) {
        self.policies = policies
        self.now = now
        self.records = records
    }

    /// The next event; events must come in the order of their sequence.
    package mutating func judge(_ event: RecordedIssuance) async throws -> (verdict: ReplayVerdict, apiKey: RecordID?) {
        switch event.kind {
        case .invite: try await mint(event)
        case .session: try await open(event)
        case .exchange: try await exchange(event)
        case .renewal: try await renew(event)
        }
    }

    // MARK: Backends

    private func request(_ event: RecordedIssuance, _ key: RecordID) async throws -> IssuanceRequest {
        var request = IssuanceRequest(event.kind)
        request.expiresIn = event.expiresIn
        request.maxUses = event.maxUses
        request.ownOrigins = event.ownOrigins
        // The operator mints in the name of a key, but is not bound by its list.
        if event.apiKey != nil { request.keyOrigins = try await records.origins(ofKey: key) }
        request.isBound = event.isBound
        return request
    }

    private mutating func mint(_ event: RecordedIssuance) async throws -> (ReplayVerdict, RecordID?) {
        var key = event.apiKey
        if key == nil { key = try await records.invite(event.target)?.apiKey }
        guard let key else { return (.unknown, nil) }
        let request = try await request(event, key)
        let policy = policies.resolve(campaign: event.campaign, apiKey: key, now: now).enforced
        var invite = Invite(apiKey: key, origins: policy.originList(request) ?? [])
        if let violation = policy.violation(of: request) {
            invite.isLost = true
            invites[event.target] = invite
            return (.refused(violation), key)
        }
        let lifetime = policy.lifetime(of: request)
        invite.expiresAt = UnixTime(seconds: event.at.seconds).adding(seconds: lifetime)
        invites[event.target] = invite
        return (.issued(lifetimeSeconds: lifetime), key)
    }

    private mutating func open(_ event: RecordedIssuance) async throws -> (ReplayVerdict, RecordID?) {
        var key = event.apiKey
        if key == nil { key = try await records.session(event.target)?.apiKey }
        guard let key else { return (.unknown, nil) }
        let request = try await request(event, key)
        let policy = policies.resolve(campaign: event.campaign, apiKey: key, now: now).enforced
        var session = session(event, key, policy, origins: policy.originList(request) ?? [])
        if let violation = policy.violation(of: request) {
            session.isLost = true
            sessions[event.target] = session
            return (.refused(violation), key)
        }
        let lifetime = issue(policy.lifetime(of: request), at: event.at, &session)
        sessions[event.target] = session
        return (.issued(lifetimeSeconds: lifetime), key)
    }

    // MARK: Widgets

    private mutating func exchange(_ event: RecordedIssuance) async throws -> (ReplayVerdict, RecordID?) {
        if invites[event.target] == nil, let stored = try await records.invite(event.target) {
            invites[event.target] = Invite(apiKey: stored.apiKey, origins: stored.allowedOrigins)
        }
        guard let invite = invites[event.target], let id = event.session else { return (.unknown, nil) }
        let policy = policies.resolve(campaign: event.campaign, apiKey: invite.apiKey, now: now).enforced
        var request = IssuanceRequest(.exchange)
        request.origin = event.origin
        request.ownOrigins = invite.origins
        request.isBound = event.isBound
        var session = session(event, invite.apiKey, policy, origins: policy.originList(request) ?? [])
        session.isLost = true
        defer { sessions[id] = session }
        if invite.isLost { return (.follows, invite.apiKey) }
        if let violation = policy.violation(of: request) { return (.refused(violation), invite.apiKey) }
        if let end = invite.expiresAt, event.at >= end { return (.lapsed, invite.apiKey) }
        session.isLost = false
        let lifetime = issue(policy.participant.default.value, at: event.at, &session)
        return (.issued(lifetimeSeconds: lifetime), invite.apiKey)
    }

    private mutating func renew(_ event: RecordedIssuance) async throws -> (ReplayVerdict, RecordID?) {
        if sessions[event.target] == nil, let stored = try await records.session(event.target) {
            sessions[event.target] = Session(
                apiKey: stored.apiKey,
                origins: stored.allowedOrigins,
                openedAt: stored.createdAt,
                renewUntil: stored.renewUntil,
                isBound: stored.boundKey != nil,
                hasHolder: stored.holder != nil
            )
        }
        guard var session = sessions[event.target] else { return (.unknown, event.apiKey) }
        if session.isLost { return (.follows, session.apiKey) }
        let policy = policies.resolve(campaign: event.campaign, apiKey: session.apiKey, now: now).enforced
        let end = UnixTime(seconds: session.openedAt.seconds).adding(seconds: policy.renewSeconds.value)
        session.renewUntil = min(session.renewUntil, end)
        if event.at >= session.renewUntil {
            return (.refused(policy.renewalViolation(event.at.seconds - session.openedAt.seconds)), session.apiKey)
        }
        var request = IssuanceRequest(.renewal)
        request.origin = event.origin
        request.ownOrigins = session.origins
        request.isBound = session.isBound
        if let violation = policy.violation(of: request) { return (.refused(violation), session.apiKey) }
        let isProven = session.isBound || (event.hasProof && session.hasHolder)
        if let token = session.token, event.at >= token.expiresAt, !isProven { return (.lapsed, session.apiKey) }
        session.origins = policy.originList(request) ?? []
        let earlier = session.token.map { $0.expiresAt.seconds - $0.issuedAt.seconds } ?? 0
        let lifetime = issue(policy.renewedLifetime(after: earlier), at: event.at, &session)
        sessions[event.target] = session
        return (.issued(lifetimeSeconds: lifetime), session.apiKey)
    }

    private func session(
        _ event: RecordedIssuance,
        _ key: RecordID,
        _ policy: EffectivePolicy,
        origins: [String]
    ) -> Session {
        let openedAt = UnixTime(seconds: event.at.seconds)
        return Session(
            apiKey: key,
            origins: origins,
            openedAt: openedAt,
            renewUntil: openedAt.adding(seconds: policy.renewSeconds.value),
            isBound: event.isBound,
            hasHolder: event.hasProof
        )
    }

    /// Gives the session its newest token, and its lifetime in seconds.
    private func issue(_ lifetime: Int64, at now: UnixTime, _ session: inout Session) -> Int64 {
        let issuedAt = UnixTime(seconds: now.seconds)
        let expiresAt = min(issuedAt.adding(seconds: lifetime), session.renewUntil)
        session.token = (issuedAt, expiresAt)
        return expiresAt.seconds - issuedAt.seconds
    }
}

extension EffectivePolicy {
    /// What is told of a renewal that comes too long after its session's opening.
    package func renewalViolation(_ seconds: Int64) -> PolicyViolation {
        PolicyViolation(
            rule: .renewSeconds,
            source: renewSeconds.source,
            requested: "a renewal \(seconds) s after the opening",
            allowed: "renewals for \(renewSeconds.value) s"
        )
    }
}
