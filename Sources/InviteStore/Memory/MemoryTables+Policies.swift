internal import Platform

extension MemoryTables {
    func sessions(of tenant: Tenant, page: PageRequest) throws(StoreError) -> Page<SessionRecord> {
        try admitRead()
        return (sessions[tenant] ?? OrderedTable()).page(page, id: \.id, as: { liveCutOffs.applied(to: $0) })
    }

    func policy(at place: PolicyPlace) throws(StoreError) -> PolicyVersion? {
        try admitRead()
        return policies[place]?.last
    }

    func policies(of tenant: Tenant, limit: Int) throws(StoreError) -> [PolicyVersion] {
        try admitRead()
        let standing = policies.values.compactMap(\.last).filter { version in
            version.document != nil && (version.place.tenant == nil || version.place.tenant == tenant)
        }
        return Array(standing.sorted { $0.id < $1.id }.prefix(max(0, limit)))
    }

    func policyVersions(at place: PolicyPlace, page: PageRequest) throws(StoreError) -> Page<PolicyVersion> {
        try admitRead()
        let kept = (policies[place] ?? []).reversed().filter { version in page.before.map { version.id < $0 } ?? true }
        let shown = Array(kept.prefix(page.boundedLimit))
        return Page(records: shown, next: kept.count > shown.count ? shown.last?.id : nil)
    }

    mutating func changePolicy(_ command: ChangePolicy) throws(StoreError) -> ChangePolicyOutcome {
        try admit(rows: 2 + command.audit.count, now: command.now)
        let version = command.version
        if let tenant = version.place.tenant, workspaces[tenant.workspace] == nil { throw .notInitialised }
        guard isActive(command.by, at: command.now) else { return .keyNotActive }
        let newest = policies[version.place]?.last
        guard version.version == (newest?.version ?? 0) + 1 else { return .conflict }
        if version.document != nil, newest?.document == nil {
            let count = policies.values.count {
                $0.last?.document != nil && $0.last?.place.tenant == version.place.tenant
            }
            guard count < command.policiesMax else { return .tooManyPolicies }
        }
        policies[version.place, default: []].append(version)
        rows += 1
        if let kept = policies[version.place], kept.count > Int(StoreRules.policyVersionsKept) {
            policies[version.place]?.removeFirst()
            rows -= 1
        }
        if version.document == nil { forgetOldestRemoved(of: version.place.tenant) }
        append(command.audit)
        return .changed
    }

    /// Keeps the places without a policy within their bound.
    private mutating func forgetOldestRemoved(of tenant: Tenant?) {
        let removed = policies.values.compactMap(\.last).filter { $0.document == nil && $0.place.tenant == tenant }
        guard removed.count > StoreRules.removedPoliciesKept, let oldest = removed.min(by: { $0.id < $1.id }) else {
            return
        }
        rows -= policies.removeValue(forKey: oldest.place)?.count ?? 0
    }
}
