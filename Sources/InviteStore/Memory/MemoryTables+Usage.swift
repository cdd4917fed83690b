internal import Platform

extension MemoryTables.UsageKey {
    /// True where the bucket's time is over.
    func isOver(at now: UnixTime) -> Bool {
        start.adding(seconds: period.rawValue + period.keptSeconds) <= now
    }
}

extension MemoryTables {
    mutating func addUsage(_ deltas: [UsageDelta]) throws(StoreError) {
        try admitRead()
        guard rowsMax - rows >= deltas.count * 6 else { throw .overloaded }
        for delta in deltas where workspaces[delta.tenant.workspace] != nil {
            for period in UsagePeriod.allCases {
                for key in [delta.apiKey, nil] {
                    let bucket = UsageKey(
                        tenant: delta.tenant,
                        apiKey: key,
                        period: period,
                        start: period.start(of: delta.minute)
                    )
                    if usage[bucket] == nil { rows += 1 }
                    usage[bucket, default: UsageCounts()].add(delta.counts)
                }
            }
        }
    }

    func usage(
        of tenant: Tenant,
        apiKey: RecordID?,
        period: UsagePeriod,
        from: UnixTime,
        until: UnixTime,
        limit: Int
    ) throws(StoreError) -> [UsageBucket] {
        try admitRead()
        let found = usage.filter { bucket, _ in
            bucket.tenant == tenant && bucket.apiKey == apiKey && bucket.period == period && bucket.start >= from
                && bucket.start < until
        }
        let buckets = found.map { UsageBucket(start: $0.key.start, counts: $0.value) }
        return Array(buckets.sorted { $0.start < $1.start }.prefix(max(0, limit)))
    }

    func lastUse(of tenant: Tenant) throws(StoreError) -> UnixTime? {
        try admitRead()
        for period in UsagePeriod.allCases {
            let starts = usage.lazy.filter { bucket, counts in
                bucket.tenant == tenant && bucket.apiKey == nil && bucket.period == period && counts.requests > 0
            }
            if let last = starts.map(\.key.start).max() { return last }
        }
        return nil
    }

    func expiringKeys(after cursor: ExpiryCursor, until: UnixTime, limit: Int) throws(StoreError) -> [ExpiringKey] {
        try admitRead()
        var found: [(expiresAt: UnixTime, key: APIKeyRecord)] = []
        for key in apiKeys.ascending {
            guard let expiresAt = key.expiresAt, key.revokedAt == nil, expiresAt <= until,
                expiresAt > cursor.expiresAt || (expiresAt == cursor.expiresAt && key.id > cursor.key)
            else { continue }
            found.append((expiresAt, key))
        }
        // Stable, so that keys with one end stay in the order of their ids.
        return found.sorted { $0.expiresAt < $1.expiresAt }.prefix(max(0, limit)).map { expiresAt, key in
            let days = notices.lazy.filter { $0.key == key.id && $0.expiresAt == expiresAt }.map(\.days).min()
            return ExpiringKey(key: key, noticedDays: days)
        }
    }

    mutating func recordNotice(_ notice: RecordNotice) throws(StoreError) -> Bool {
        try admit(rows: 1 + notice.audit.count, now: notice.now)
        let key = NoticeKey(key: notice.key, expiresAt: notice.expiresAt, days: notice.days)
        guard notices.insert(key).inserted else { return false }
        rows += 1
        append(notice.audit)
        return true
    }
}
