#if Postgres
    internal import Platform

    /// Commands on keys and on the deployment: rare, so each has a transaction for itself.
    ///
    /// Locks are taken in the order workspace, keys, cut-off number, so that no two replicas wait for each other.
    extension PostgresWriter {
        func initialise(_ seed: DeploymentSeed) throws(PostgresFailure) {
            let deployment = seed.deployment
            try admit(deployment.createdAt)
            // A copy that is under way will make it a deployment.
            guard try run("SELECT value FROM meta WHERE name = 'copying'").rowCount == 0 else {
                throw .refused(.alreadyInitialised)
            }
            let written = try write(
                """
                INSERT INTO deployment (id, issuer, created_at, master_key_check) VALUES (1, $1, $2, $3)
                ON CONFLICT DO NOTHING
                """
            ) {
                $0.add(deployment.issuer)
                $0.add(deployment.createdAt)
                $0.add(deployment.masterKeyCheck)
            }
            guard written == 1 else {
                batch.hasWritten = false
                throw .refused(.alreadyInitialised)
            }
            let dataKeys = Array(deployment.dataKeys)
            try write("INSERT INTO data_keys (purpose, wrapped) SELECT * FROM unnest($1, $2)") {
                $0.add(each: dataKeys, \.key)
                $0.add(each: dataKeys, \.value)
            }
            try insert(deployment.signingKeys)
            try insert(seed.workspace)
            guard let tenant = try number(of: seed.apiKey.tenant) else {
                throw .damaged("the first API key belongs to another workspace than the first")
            }
            try insert(seed.apiKey, tenant)
            append(seed.audit)
        }

        func replaceSigningKeys(_ command: ReplaceSigningKeys) throws(PostgresFailure) -> Bool {
            try admit(command.now)
            guard try run("SELECT id FROM deployment FOR UPDATE").rowCount == 1 else {
                throw .refused(.notInitialised)
            }
            // Behind the lock, so that what is read here is what is replaced.
            guard try run(SigningKeyRow.select).all({ $0.signingKey() }) == command.expected else { return false }
            try write("DELETE FROM signing_keys")
            try insert(command.keys)
            note(.signingKeys)
            append(command.audit)
            return true
        }

        private func insert(_ keys: [SigningKeyRecord]) throws(PostgresFailure) {
            guard !keys.isEmpty else { return }
            let rows = Array(keys.enumerated())
            try write(
                """
                INSERT INTO signing_keys (position, \(SigningKeyRow.columns))
                SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
                """
            ) {
                $0.add(each: rows, \.offset)
                $0.add(each: rows, \.element.id)
                $0.add(each: rows, \.element.keyID)
                $0.add(each: rows, \.element.algorithm)
                $0.add(each: rows, \.element.wrappedPrivateKey)
                $0.add(each: rows, \.element.state.rawValue)
                $0.add(each: rows, \.element.createdAt)
                $0.add(each: rows, \.element.stateSince)
            }
        }

        func createAPIKey(_ command: CreateAPIKey) throws(PostgresFailure) -> Idempotent<CreateAPIKeyOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<CreateAPIKeyOutcome> = earlier(command.claim, now: command.now) {
                return earlier
            }
            guard let tenant = try lockedNumber(of: command.key.tenant) else { throw .refused(.notInitialised) }
            guard try isActive(command.key.createdBy, at: command.now) else { return .done(.keyNotActive) }
            if let limit = command.activeKeysMax, try countKeys(tenant, replaced: false, at: command.now) >= limit {
                return .done(.tooManyKeys)
            }
            try insert(command.key, tenant)
            record(command.claim, now: command.now)
            append(command.audit)
            return .done(.created)
        }

        func changeAPIKey(
            _ id: RecordID,
            of tenant: Tenant,
            change: APIKeyChange,
            now: UnixTime,
            audit: [AuditDraft]
        ) throws(PostgresFailure) -> APIKeyRecord? {
            try admit(now)
            guard let key = try lockedKeys([id])[id], key.tenant == tenant else { return nil }
            let changed = key.applying(change)
            guard changed != key else { return key }
            try write(changed, over: key)
            append(audit)
            return changed
        }

        func editAPIKey(_ command: EditAPIKey) throws(PostgresFailure) -> EditAPIKeyOutcome {
            try admit(command.now)
            let keys = try lockedKeys([command.by, command.before.id])
            guard Self.isActive(command.by, in: keys, at: command.now) else { return .keyNotActive }
            let before = command.before
            guard let key = keys[before.id], key.isUnchanged(since: before), key.revokedAt == nil else { return .stale }
            let changed = key.edited(as: command.after)
            guard changed != key else { return .changed(key) }
            try write(changed, over: key)
            append(command.audit)
            return .changed(changed)
        }

        func rotateAPIKey(_ command: RotateAPIKey) throws(PostgresFailure) -> Idempotent<RotateAPIKeyOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<RotateAPIKeyOutcome> = earlier(command.claim, now: command.now) {
                return earlier
            }
            let (before, successor) = (command.before, command.successor)
            guard let number = try lockedNumber(of: before.tenant) else { return .done(.stale) }
            let keys = try lockedKeys([successor.createdBy, before.id])
            guard Self.isActive(successor.createdBy, in: keys, at: command.now) else { return .done(.keyNotActive) }
            guard let key = keys[before.id], key.isUnchanged(since: before),
                let replaced = key.replaced(by: successor.id, endingAt: command.endsAt, now: command.now)
            else { return .done(.stale) }
            if let limit = command.replacedKeysMax, try countKeys(number, replaced: true, at: command.now) >= limit {
                return .done(.tooManyKeys)
            }
            try write(replaced, over: key)
            try insert(successor, number)
            for table in ["policies", "policy_versions"] { try copyPolicy(of: key.id, to: successor.id, number, table) }
            note(.policy, before.tenant.fullBytes)
            record(command.claim, now: command.now)
            append(command.audit)
            return .done(.rotated)
        }

        /// Raises last uses; the rows are locked in order first, since other replicas do the same.
        func recordUse(_ lastUsed: [RecordID: UnixTime]) throws(PostgresFailure) {
            guard !lastUsed.isEmpty else { return }
            let uses = Array(lastUsed)
            try run("SELECT id FROM api_keys WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE") {
                $0.add(each: uses, \.key)
            }
            try write(
                """
                UPDATE api_keys AS a SET last_used_at = k.at FROM unnest($1, $2) AS k (id, at)
                WHERE a.id = k.id AND (a.last_used_at IS NULL OR a.last_used_at < k.at)
                """
            ) {
                $0.add(each: uses, \.key)
                $0.add(each: uses, \.value)
            }
        }

        // MARK: Rows

        /// The tenant's number, with its workspace's row locked: what is counted in a workspace is counted by one
        /// transaction at a time.
        func lockedNumber(of tenant: Tenant) throws(PostgresFailure) -> Int64? {
            guard let number = try number(of: tenant) else { return nil }
            try lockWorkspace(number >> 1)
            return number
        }

        /// Number 0 is the deployment's own.
        func lockWorkspace(_ number: Int64) throws(PostgresFailure) {
            try run("SELECT number FROM workspaces WHERE number = $1 FOR NO KEY UPDATE") { $0.add(number) }
        }

        /// Keys with their rows locked, in one order for all.
        func lockedKeys(_ ids: [RecordID?]) throws(PostgresFailure) -> [RecordID: APIKeyRecord] {
            let wanted = Set(ids.compactMap { $0 })
            guard !wanted.isEmpty else { return [:] }
            let keys = try run(APIKeyRow.select + " WHERE k.id = ANY($1) ORDER BY k.id FOR NO KEY UPDATE OF k") {
                $0.add(each: Array(wanted))
            }.all { $0.apiKey() }
            return Dictionary(keys.map { ($0.id, $0) }) { $1 }
        }

        /// The same of one key that nothing else is asked of, its row locked: what ends it comes before the transaction or
        /// after it.
        func isActive(_ id: RecordID?, at now: UnixTime) throws(PostgresFailure) -> Bool {
            Self.isActive(id, in: try lockedKeys([id]), at: now)
        }

        /// True for the operator and for members, who are no keys, and for a key that is active.
        static func isActive(_ id: RecordID?, in keys: [RecordID: APIKeyRecord], at now: UnixTime) -> Bool {
            guard let id else { return true }
            return keys[id]?.isActive(at: now) ?? false
        }

        func countKeys(_ tenant: Int64, replaced: Bool, at now: UnixTime) throws(PostgresFailure) -> Int {
            try run(
                """
                SELECT count(*) FROM api_keys
                WHERE tenant = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
                AND replaced_by IS \(replaced ? "NOT NULL" : "NULL")
                """
            ) {
                $0.add(tenant)
                $0.add(now)
            }.first { $0.int() } ?? 0
        }

        func insert(_ key: APIKeyRecord, _ tenant: Int64) throws(PostgresFailure) {
            try write(
                """
                INSERT INTO api_keys (\(APIKeyRow.columns))
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
                """
            ) {
                $0.add(key.id)
                $0.add(tenant)
                $0.add(key.digest)
                $0.add(key.kind.rawValue)
                $0.add(key.name)
                $0.add(key.prefix)
                $0.add(key.last4)
                $0.add(ListCodec.encode(key.scopes))
                $0.add(ListCodec.encode(key.ipAllowlist))
                $0.add(ListCodec.encode(key.allowedOrigins))
                $0.add(key.createdAt)
                $0.add(key.createdBy)
                $0.add(key.expiresAt)
                $0.add(key.suspendedAt)
                $0.add(key.revokedAt)
                $0.add(key.lastUsedAt)
                $0.add(key.replacedBy)
            }
            note(.apiKey, key.id.bytes)
        }

        /// Writes a key over what was read in the same transaction: the row must still be as it was.
        private func write(_ changed: APIKeyRecord, over key: APIKeyRecord) throws(PostgresFailure) {
            let written = try write(
                """
                UPDATE api_keys SET name = $2, scopes = $3, ip_allowlist = $4, allowed_origins = $5, expires_at = $6,
                suspended_at = $7, revoked_at = $8, replaced_by = $9
                WHERE id = $1 AND revoked_at IS NULL AND suspended_at IS NOT DISTINCT FROM $10
                AND expires_at IS NOT DISTINCT FROM $11 AND replaced_by IS NOT DISTINCT FROM $12
                """
            ) {
                $0.add(key.id)
                $0.add(changed.name)
                $0.add(ListCodec.encode(changed.scopes))
                $0.add(ListCodec.encode(changed.ipAllowlist))
                $0.add(ListCodec.encode(changed.allowedOrigins))
                $0.add(changed.expiresAt)
                $0.add(changed.suspendedAt)
                $0.add(changed.revokedAt)
                $0.add(changed.replacedBy)
                $0.add(key.suspendedAt)
                $0.add(key.expiresAt)
                $0.add(key.replacedBy)
            }
            guard written == 1 else { throw .overtaken }
            note(.apiKey, key.id.bytes)
        }

        /// Binds a key's successor by the policy that binds the key, where there is one.
        private func copyPolicy(
            of key: RecordID,
            to successor: RecordID,
            _ tenant: Int64,
            _ table: String
        ) throws(PostgresFailure) {
            try write(
                """
                INSERT INTO \(table) (\(PolicyRow.columns)) SELECT tenant, kind, $1, id, version, document, standing,
                standing_version, created_at, created_by FROM policies
                WHERE tenant = $2 AND kind = 3 AND subject = $3 AND document IS NOT NULL
                """
            ) {
                $0.add(successor.bytes)
                $0.add(tenant)
                $0.add(key.bytes)
            }
        }
    }
#endif
