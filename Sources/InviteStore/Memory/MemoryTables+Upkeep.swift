internal import Platform

extension MemoryTables {
    func auditEvents(of tenant: Tenant, filter: AuditFilter, page: PageRequest) throws(StoreError) -> Page<AuditRecord>
    {
        try admitRead()
        return (auditByTenant[tenant] ?? OrderedTable()).page(
            page,
            id: \.draft.id,
            where: { filter.matches($0.draft) }
        )
    }

    func auditChain(_ chain: Int64, after sequence: Int64, limit: Int) throws(StoreError) -> [AuditRecord] {
        try admitRead()
        let removed = auditCheckpoint?.sequence ?? 0
        // Where a walk begins is before everything, which may be as low as there are numbers.
        guard chain == 1, let start = Int(exactly: max(sequence, removed) - removed), start < auditLog.count else {
            return []
        }
        return Array(auditLog[start...].prefix(max(0, limit)))
    }

    func auditChains() throws(StoreError) -> [AuditChainState] {
        try admitRead()
        guard let last = auditLog.last else { return [] }
        let head = AuditHead(chain: 1, sequence: last.sequence, mac: last.mac, event: last.draft.id)
        return [AuditChainState(chain: 1, checkpoint: auditCheckpoint, head: head)]
    }

    mutating func sweepAudit(before limit: UnixTime, rowsMax: Int) throws(StoreError) -> Int {
        try admitRead()
        let aged = auditLog.dropLast().prefix(max(0, rowsMax)).prefix { $0.draft.at < limit }
        guard let last = aged.last else { return 0 }
        var checkpoint = AuditCheckpoint(
            chain: 1,
            sequence: last.sequence,
            mac: last.mac,
            at: last.draft.at
        )
        checkpoint.seal = sealer.seal(checkpoint.canonicalBytes)
        auditCheckpoint = checkpoint
        for record in aged {
            if let tenant = record.draft.tenant { auditByTenant[tenant]?[record.draft.id] = nil }
        }
        let removed = aged.count
        auditLog.removeFirst(removed)
        rows -= removed
        return removed
    }

    mutating func sweep(now: UnixTime, rowsMax: Int) throws(StoreError) -> Int {
        // What is removed because its time was over must stay over: the instant counts as stored.
        let known = newest
        try admit(rows: 0, now: now)
        var left = max(0, rowsMax)
        var pending = Set(SweepStage.allCases)
        while left > 0, let stage = sweepTurns.next(of: pending) {
            pending.remove(stage)
            removeOld(stage, now: now, left: &left)
        }
        let removed = max(0, rowsMax) - left
        rows -= removed
        if removed == 0 { newest = known }
        return removed
    }

    /// What is swept.
    enum SweepStage: CaseIterable {
        case invites
        case sessions
        case cutOffs
        case endedSessions
        case claims
        case usage
        case notices
        case memberSessions
    }

    private mutating func removeOld(_ stage: SweepStage, now: UnixTime, left: inout Int) {
        let kept = now.adding(seconds: -StoreRules.retentionSeconds)
        switch stage {
        case .invites: sweepInvites(before: kept, left: &left)
        case .sessions: sweepSessions(before: kept, left: &left)
        case .cutOffs:
            for cutOff in cutOffs where cutOff.forgetAt <= now && left > 0 {
                liveCutOffs.remove(cutOff)
                cutOffs.removeAll { $0.number == cutOff.number }
                left -= 1
            }
        case .endedSessions:
            for mark in endedSessions where mark.forgetAt <= now && left > 0 {
                endedSessions.removeAll { $0 == mark }
                left -= 1
            }
        case .claims:
            for (scope, claim) in claims where claim.expiresAt <= now && left > 0 {
                claims[scope] = nil
                left -= 1
            }
        case .usage:
            for bucket in usage.keys where left > 0 && bucket.isOver(at: now) {
                usage[bucket] = nil
                left -= 1
            }
        case .notices:
            for notice in notices where left > 0 && notice.expiresAt <= now {
                notices.remove(notice)
                left -= 1
            }
        case .memberSessions:
            for session in memberSessions.values where left > 0 && session.expiresAt <= now {
                memberSessions[session.digest] = nil
                left -= 1
            }
        }
    }

    private mutating func sweepInvites(before limit: UnixTime, left: inout Int) {
        for (tenant, table) in invites {
            for invite in table.ascending where invite.expiresAt <= limit && left > 0 {
                invites[tenant]?[invite.id] = nil
                let held = redemptions.keys.filter { $0.tenant == tenant && $0.invite == invite.id }
                for key in held { redemptions[key] = nil }
                rows -= held.count
                left -= 1
            }
        }
    }

    private mutating func sweepSessions(before limit: UnixTime, left: inout Int) {
        for (tenant, table) in sessions {
            for session in table.ascending where session.renewUntil <= limit && left > 0 {
                sessions[tenant]?[session.id] = nil
                left -= 1
            }
        }
    }
}
