internal import Platform

extension MemoryTables {
    mutating func initialise(_ seed: DeploymentSeed) throws(StoreError) {
        try admitRead()
        guard deployment == nil else { throw .alreadyInitialised }
        try admit(rows: 3 + seed.audit.count, now: seed.deployment.createdAt)
        deployment = seed.deployment
        workspaces[seed.workspace.id] = seed.workspace
        apiKeys[seed.apiKey.id] = seed.apiKey
        keysByDigest[seed.apiKey.digest] = seed.apiKey.id
        rows += 3
        append(seed.audit)
    }

    mutating func replaceSigningKeys(
        _ keys: [SigningKeyRecord],
        now: UnixTime,
        audit: [AuditDraft]
    ) throws(StoreError) {
        try admitRead()
        guard deployment != nil else { throw .notInitialised }
        try admit(rows: audit.count, now: now)
        deployment?.signingKeys = keys
        append(audit)
    }

    mutating func createAPIKey(_ command: CreateAPIKey) throws(StoreError) -> Idempotent<CreateAPIKeyOutcome> {
        try admit(rows: 2 + command.audit.count, now: command.now)
        if let earlier: Idempotent<CreateAPIKeyOutcome> = earlier(command.claim, now: command.now) { return earlier }
        let key = command.key
        guard knows(key.tenant) else { throw .notInitialised }
        if let limit = command.activeKeysMax {
            let active = apiKeys.ascending.count { $0.tenant == key.tenant && $0.counts(at: command.now) }
            if active >= limit { return .done(.tooManyKeys) }
        }
        guard apiKeys[key.id] == nil, keysByDigest[key.digest] == nil else {
            throw .unavailable("an API key with this id or digest is stored already")
        }
        apiKeys[key.id] = key
        keysByDigest[key.digest] = key.id
        rows += 1
        record(command.claim)
        append(command.audit)
        return .done(.created)
    }

    mutating func changeAPIKey(
        _ id: RecordID,
        of tenant: Tenant,
        change: APIKeyChange,
        now: UnixTime,
        audit: [AuditDraft]
    ) throws(StoreError) -> APIKeyRecord? {
        try admit(rows: audit.count, now: now)
        guard let key = apiKeys[id], key.tenant == tenant else { return nil }
        let changed = key.applying(change)
        if changed != key {
            apiKeys[id] = changed
            append(audit)
        }
        return changed
    }

    mutating func recordUse(_ lastUsed: [RecordID: UnixTime]) throws(StoreError) {
        try admitRead()
        for (id, at) in lastUsed {
            guard let key = apiKeys[id] else { continue }
            apiKeys[id]?.lastUsedAt = max(key.lastUsedAt ?? at, at)
        }
    }

    func tenantsWithKeys(now: UnixTime, limit: Int) throws(StoreError) -> [Tenant] {
        try admitRead()
        var seen: Set<Tenant> = []
        var tenants: [Tenant] = []
        for key in apiKeys.ascending where key.counts(at: now) && !key.tenant.isDeployment && tenants.count < limit {
            if seen.insert(key.tenant).inserted { tenants.append(key.tenant) }
        }
        return tenants
    }
}
