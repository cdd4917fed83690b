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
        guard chain == 1, let start = Int(exactly: max(0, sequence)), start < auditLog.count else { return [] }
        return Array(auditLog[start...].prefix(max(0, limit)))
    }

    mutating func sweep(now: UnixTime, rowsMax: Int) throws(StoreError) -> Int {
        try admitRead()
        var left = max(0, rowsMax)
        sweepInvites(before: now.adding(seconds: -StoreRules.retentionSeconds), left: &left)
        sweepSessions(before: now.adding(seconds: -StoreRules.retentionSeconds), left: &left)
        for cutOff in cutOffs where cutOff.forgetAt <= now && left > 0 {
            liveCutOffs.remove(cutOff)
            cutOffs.removeAll { $0.number == cutOff.number }
            left -= 1
        }
        for mark in endedSessions where mark.forgetAt <= now && left > 0 {
            endedSessions.removeAll { $0 == mark }
            left -= 1
        }
        for (scope, claim) in claims where claim.expiresAt <= now && left > 0 {
            claims[scope] = nil
            left -= 1
        }
        let removed = max(0, rowsMax) - left
        rows -= removed
        return removed
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
