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

    mutating func replaceSigningKeys(_ command: ReplaceSigningKeys) throws(StoreError) -> Bool {
        try admitRead()
        guard let deployment else { throw .notInitialised }
        try admit(rows: command.audit.count, now: command.now)
        guard deployment.signingKeys == command.expected else { return false }
        self.deployment?.signingKeys = command.keys
        append(command.audit)
        return true
    }

    mutating func createAPIKey(_ command: CreateAPIKey) throws(StoreError) -> Idempotent<CreateAPIKeyOutcome> {
        try admit(rows: 2 + command.audit.count, now: command.now)
        if let earlier: Idempotent<CreateAPIKeyOutcome> = earlier(command.claim, now: command.now) { return earlier }
        let key = command.key
        guard knows(key.tenant) else { throw .notInitialised }
        guard isActive(key.createdBy, at: command.now) else { return .done(.keyNotActive) }
        if let limit = command.activeKeysMax {
            let active = apiKeys.ascending.count { $0.tenant == key.tenant && $0.counts(at: command.now) }
            if active >= limit { return .done(.tooManyKeys) }
        }
        try insert(key)
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

    mutating func editAPIKey(_ command: EditAPIKey) throws(StoreError) -> EditAPIKeyOutcome {
        try admit(rows: command.audit.count, now: command.now)
        guard isActive(command.by, at: command.now) else { return .keyNotActive }
        let id = command.before.id
        guard let key = apiKeys[id], key.isUnchanged(since: command.before), key.revokedAt == nil else { return .stale }
        let changed = key.edited(as: command.after)
        if changed != key {
            apiKeys[id] = changed
            append(command.audit)
        }
        return .changed(changed)
    }

    mutating func rotateAPIKey(_ command: RotateAPIKey) throws(StoreError) -> Idempotent<RotateAPIKeyOutcome> {
        try admit(rows: 2 + command.audit.count, now: command.now)
        if let earlier: Idempotent<RotateAPIKeyOutcome> = earlier(command.claim, now: command.now) { return earlier }
        let successor = command.successor
        guard isActive(successor.createdBy, at: command.now) else { return .done(.keyNotActive) }
        guard let key = apiKeys[command.before.id], key.isUnchanged(since: command.before),
            let replaced = key.replaced(by: successor.id, endingAt: command.endsAt, now: command.now)
        else { return .done(.stale) }
        if let limit = command.replacedKeysMax {
            let leaving = apiKeys.ascending.count { $0.tenant == key.tenant && $0.isLeaving(at: command.now) }
            if leaving >= limit { return .done(.tooManyKeys) }
        }
        try insert(successor)
        apiKeys[key.id] = replaced
        copyPolicy(of: key, to: successor.id)
        record(command.claim)
        append(command.audit)
        return .done(.rotated)
    }

    /// The successor is bound by what bound its predecessor.
    private mutating func copyPolicy(of key: APIKeyRecord, to successor: RecordID) {
        guard var policy = policies[.apiKey(key.tenant, key.id)]?.last, policy.document != nil else { return }
        policy.place = .apiKey(key.tenant, successor)
        policies[policy.place] = [policy]
        rows += 1
    }

    /// True for the operator and for members, who are no keys, and for a key that is active.
    func isActive(_ id: RecordID?, at now: UnixTime) -> Bool {
        guard let id else { return true }
        return apiKeys[id]?.isActive(at: now) ?? false
    }

    mutating func insert(_ key: APIKeyRecord) throws(StoreError) {
        guard apiKeys[key.id] == nil, keysByDigest[key.digest] == nil else {
            throw .unavailable("an API key with this id or digest is stored already")
        }
        apiKeys[key.id] = key
        keysByDigest[key.digest] = key.id
        rows += 1
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
        for key in apiKeys.ascending where key.works(at: now) && !key.tenant.isDeployment && tenants.count < limit {
            if seen.insert(key.tenant).inserted { tenants.append(key.tenant) }
        }
        return tenants
    }
}
