internal import Platform

/// The cut-offs that still hold, looked up by what they cover; both stores decide by it.
///
/// For each target only the highest number counts: it covers all that a lower one covers.
struct LiveCutOffs: Sendable {
    private struct Key: Hashable {
        let tenant: Tenant
        let target: CutOffTarget
    }

    private struct Mark {
        let number: Int64
        let createdAt: UnixTime
    }

    private var marks: [Key: Mark] = [:]
    private var highest: Int64 = 0

    init() {}

    /// Adds a cut-off; one with a lower number than the target's present one changes nothing.
    mutating func insert(_ cutOff: CutOffRecord) {
        let key = Key(tenant: cutOff.tenant, target: cutOff.target)
        highest = max(highest, cutOff.number)
        if let present = marks[key], present.number >= cutOff.number { return }
        marks[key] = Mark(number: cutOff.number, createdAt: cutOff.createdAt)
    }

    /// Forgets a cut-off whose time is over; does nothing where the target has a newer one.
    mutating func remove(_ cutOff: CutOffRecord) {
        let key = Key(tenant: cutOff.tenant, target: cutOff.target)
        if marks[key]?.number == cutOff.number { marks[key] = nil }
    }

    /// When the invite was cut off; nil where no cut-off newer than its `rev` covers it.
    func end(of invite: InviteRecord) -> UnixTime? {
        guard highest > invite.rev else { return nil }
        return end(
            in: invite.tenant,
            after: invite.rev,
            targets: .token(invite.id),
            .invite(invite.id),
            .participant(invite.participant),
            .campaign(invite.campaign),
            .apiKey(invite.apiKey),
            .workspace
        ) ?? end(in: .deployment(invite.tenant.environment), after: invite.rev, targets: .apiKey(invite.apiKey))
    }

    /// When the session was cut off; nil where no cut-off newer than its `rev` covers it.
    func end(of session: SessionRecord) -> UnixTime? {
        guard highest > session.rev else { return nil }
        if let invite = session.invite,
            let ended = end(in: session.tenant, after: session.rev, targets: .invite(invite))
        {
            return ended
        }
        return end(
            in: session.tenant,
            after: session.rev,
            targets: .session(session.id),
            .participant(session.participant),
            .campaign(session.campaign),
            .apiKey(session.apiKey),
            .workspace
        ) ?? end(in: .deployment(session.tenant.environment), after: session.rev, targets: .apiKey(session.apiKey))
    }

    private func end(in tenant: Tenant, after rev: Int64, targets: CutOffTarget...) -> UnixTime? {
        for target in targets {
            if let mark = marks[Key(tenant: tenant, target: target)], mark.number > rev { return mark.createdAt }
        }
        return nil
    }
}

extension LiveCutOffs {
    /// The invite as lists show it: one that a cut-off covers counts as revoked.
    func applied(to invite: InviteRecord) -> InviteRecord {
        guard invite.revokedAt == nil, let ended = end(of: invite) else { return invite }
        var covered = invite
        covered.revokedAt = ended
        return covered
    }

    /// The session as it stands: one that a cut-off covers counts as ended.
    func applied(to session: SessionRecord) -> SessionRecord {
        guard session.endedAt == nil, let ended = end(of: session) else { return session }
        var covered = session
        covered.endedAt = ended
        return covered
    }
}
