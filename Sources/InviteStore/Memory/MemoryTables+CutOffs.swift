internal import Platform

extension MemoryTables {
    mutating func createCutOff(_ command: CreateCutOff) throws(StoreError) -> Idempotent<CutOffRecord> {
        try admit(rows: 2 + command.audit.count, now: command.now)
        if let earlier: Idempotent<CutOffRecord> = earlier(command.claim, now: command.now) { return earlier }
        guard knows(command.tenant) else { throw .notInitialised }
        let cutOff = addCutOff(
            id: command.id,
            tenant: command.tenant,
            target: command.target,
            createdAt: command.now,
            forgetAt: command.forgetAt
        )
        if case .invite(let id) = command.target, let invite = invites[command.tenant]?[id], invite.revokedAt == nil {
            invites[command.tenant]?[id]?.revokedAt = command.now
        }
        if command.endsKey, case .apiKey(let key) = command.target {
            let end = APIKeyChange.revoke(at: command.now)
            _ = try changeAPIKey(key, of: command.tenant, change: end, now: command.now, audit: [])
        }
        record(command.claim)
        append(command.audit)
        return .done(cutOff)
    }

    mutating func addCutOff(
        id: RecordID,
        tenant: Tenant,
        target: CutOffTarget,
        createdAt: UnixTime,
        forgetAt: UnixTime
    ) -> CutOffRecord {
        lastCutOff += 1
        let cutOff = CutOffRecord(
            number: lastCutOff,
            id: id,
            tenant: tenant,
            target: target,
            createdAt: createdAt,
            forgetAt: forgetAt
        )
        cutOffs.append(cutOff)
        liveCutOffs.insert(cutOff)
        rows += 1
        return cutOff
    }

    func cutOffs(after number: Int64, now: UnixTime, limit: Int) throws(StoreError) -> [CutOffRecord] {
        try admitRead()
        return Array(cutOffs.lazy.filter { $0.number > number && $0.forgetAt > now }.prefix(max(0, limit)))
    }

    func endedSessions(after last: EndedSession?, now: UnixTime, limit: Int) throws(StoreError) -> [EndedSession] {
        try admitRead()
        let place = EndedSession.place(after: last, now: now)
        return Array(endedSessions.filter { $0 > place }.sorted().prefix(max(0, limit)))
    }

    func coverage(
        of target: CutOffTarget,
        in tenant: Tenant,
        now: UnixTime,
        rowsMax: Int
    ) throws(StoreError) -> CutOffCoverage {
        try admitRead()
        var coverage = CutOffCoverage(invites: 0, sessions: 0, isComplete: true)
        var examined = 0
        for invite in (invites[tenant]?.ascending ?? []).reversed() {
            guard examined < rowsMax else { return coverage.stoppedShort() }
            examined += 1
            if target.covers(invite), liveCutOffs.applied(to: invite).status(at: now) == .pending {
                coverage.invites += 1
            }
        }
        for session in (sessions[tenant]?.ascending ?? []).reversed() {
            guard examined < rowsMax else { return coverage.stoppedShort() }
            examined += 1
            if target.covers(session), session.renewUntil > now, liveCutOffs.applied(to: session).endedAt == nil {
                coverage.sessions += 1
            }
        }
        return coverage
    }
}

extension CutOffCoverage {
    /// The same counts as lower bounds.
    func stoppedShort() -> CutOffCoverage {
        CutOffCoverage(invites: invites, sessions: sessions, isComplete: false)
    }
}
