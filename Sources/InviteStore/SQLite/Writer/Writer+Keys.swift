#if SQLite
    internal import Platform

    extension Writer {
        func initialise(_ seed: DeploymentSeed) throws(SQLiteFailure) {
            if try keys.hasDeployment.first({ _ in }, { row in row.int64() }) != nil {
                throw .refused(.alreadyInitialised)
            }
            let deployment = seed.deployment
            try admit(deployment.createdAt)
            let written = try keys.insertDeployment.run {
                $0.add(deployment.issuer)
                $0.add(deployment.createdAt)
                $0.add(deployment.masterKeyCheck)
            }
            guard written == 1 else { throw .refused(.alreadyInitialised) }
            for (purpose, wrapped) in deployment.dataKeys {
                try keys.insertDataKey.run {
                    $0.add(purpose)
                    $0.add(wrapped)
                }
            }
            try insert(deployment.signingKeys)
            try keys.insertWorkspace.run { WorkspaceRow.bind(seed.workspace, to: &$0) }
            guard let tenant = try number(of: seed.apiKey.tenant) else {
                throw .damaged("the first API key belongs to another workspace than the first")
            }
            try keys.insert.run { APIKeyRow.bind(seed.apiKey, tenant: tenant, to: &$0) }
            try append(seed.audit)
        }

        func replaceSigningKeys(_ command: ReplaceSigningKeys) throws(SQLiteFailure) -> Bool {
            try admit(command.now)
            guard try keys.hasDeployment.first({ _ in }, { row in row.int64() }) != nil else {
                throw .refused(.notInitialised)
            }
            let found = try keys.signingKeys.all { _ in
            } _: { row in
                row.signingKey()
            }
            guard found == command.expected else { return false }
            try keys.deleteSigningKeys.run()
            try insert(command.keys)
            try append(command.audit)
            return true
        }

        private func insert(_ signingKeys: [SigningKeyRecord]) throws(SQLiteFailure) {
            for (position, key) in signingKeys.enumerated() {
                try keys.insertSigningKey.run { SigningKeyRow.bind(key, position: position, to: &$0) }
            }
        }

        func createAPIKey(_ command: CreateAPIKey) throws(SQLiteFailure) -> Idempotent<CreateAPIKeyOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<CreateAPIKeyOutcome> = try earlier(command.claim, now: command.now) {
                return earlier
            }
            guard let tenant = try number(of: command.key.tenant) else { throw .refused(.notInitialised) }
            guard try isActive(command.key.createdBy, at: command.now) else { return .done(.keyNotActive) }
            if let limit = command.activeKeysMax,
                try count(keys.countActive, tenant, at: command.now) >= limit
            {
                return .done(.tooManyKeys)
            }
            try keys.insert.run { APIKeyRow.bind(command.key, tenant: tenant, to: &$0) }
            try record(command.claim, now: command.now)
            try append(command.audit)
            return .done(.created)
        }

        func changeAPIKey(
            _ id: RecordID,
            of tenant: Tenant,
            change: APIKeyChange,
            now: UnixTime,
            audit: [AuditDraft]
        ) throws(SQLiteFailure) -> APIKeyRecord? {
            try admit(now)
            guard let number = try number(of: tenant), let key = try apiKey(id), key.tenant == tenant else {
                return nil
            }
            let changed = key.applying(change)
            guard changed != key else { return key }
            try write(changed, over: key, number)
            try append(audit)
            return changed
        }

        func editAPIKey(_ command: EditAPIKey) throws(SQLiteFailure) -> EditAPIKeyOutcome {
            try admit(command.now)
            guard try isActive(command.by, at: command.now) else { return .keyNotActive }
            let before = command.before
            guard let number = try number(of: before.tenant), let key = try apiKey(before.id),
                key.isUnchanged(since: before), key.revokedAt == nil
            else { return .stale }
            let changed = key.edited(as: command.after)
            guard changed != key else { return .changed(key) }
            try write(changed, over: key, number)
            try append(command.audit)
            return .changed(changed)
        }

        func rotateAPIKey(_ command: RotateAPIKey) throws(SQLiteFailure) -> Idempotent<RotateAPIKeyOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<RotateAPIKeyOutcome> = try earlier(command.claim, now: command.now) {
                return earlier
            }
            let (before, successor) = (command.before, command.successor)
            guard try isActive(successor.createdBy, at: command.now) else { return .done(.keyNotActive) }
            guard let number = try number(of: before.tenant), let key = try apiKey(before.id),
                key.isUnchanged(since: before),
                let replaced = key.replaced(by: successor.id, endingAt: command.endsAt, now: command.now)
            else { return .done(.stale) }
            if let limit = command.replacedKeysMax,
                try count(keys.countLeaving, number, at: command.now) >= limit
            {
                return .done(.tooManyKeys)
            }
            try write(replaced, over: key, number)
            try keys.insert.run { APIKeyRow.bind(successor, tenant: number, to: &$0) }
            try policies.copy(of: key.id, to: successor.id, tenant: number)
            try record(command.claim, now: command.now)
            try append(command.audit)
            return .done(.rotated)
        }

        /// Writes a key over what was read in the same transaction.
        private func write(_ changed: APIKeyRecord, over key: APIKeyRecord, _ tenant: Int64) throws(SQLiteFailure) {
            forgetKey(key.id)
            let written = try keys.change.run {
                $0.add(changed.name)
                $0.add(ListCodec.encode(changed.scopes))
                $0.add(ListCodec.encode(changed.ipAllowlist))
                $0.add(ListCodec.encode(changed.allowedOrigins))
                $0.add(changed.expiresAt)
                $0.add(changed.suspendedAt)
                $0.add(changed.revokedAt)
                $0.add(changed.replacedBy)
                $0.add(key.id)
                $0.add(tenant)
                $0.add(key.suspendedAt)
                $0.add(key.expiresAt)
                $0.add(key.replacedBy)
            }
            guard written == 1 else { throw .damaged("an API key changed inside a transaction") }
        }

        /// True for the operator and for members, who are no keys, and for a key that is active.
        func isActive(_ id: RecordID?, at now: UnixTime) throws(SQLiteFailure) -> Bool {
            guard let id else { return true }
            return try mayMint(id, now: now)
        }

        func count(_ statement: Statement, _ tenant: Int64, at now: UnixTime) throws(SQLiteFailure) -> Int {
            try statement.first {
                $0.add(tenant)
                $0.add(now)
            } _: { row in
                row.int()
            } ?? 0
        }

        func recordUse(_ lastUsed: [RecordID: UnixTime]) throws(SQLiteFailure) {
            for (id, at) in lastUsed {
                try keys.recordUse.run {
                    $0.add(at)
                    $0.add(id)
                    $0.add(at)
                }
                forgetKey(id)
            }
        }
    }
#endif
