#if SQLite || Postgres
    internal import Platform

    extension ForwardingStore {
        package func initialise(_ seed: DeploymentSeed) async throws(StoreError) {
            try await write { writer throws(Writer.Failure) in try writer.initialise(seed) }
        }

        package func replaceSigningKeys(_ command: ReplaceSigningKeys) async throws(StoreError) -> Bool {
            try await write { writer throws(Writer.Failure) in try writer.replaceSigningKeys(command) }
        }

        package func createWorkspace(
            _ command: CreateWorkspace
        ) async throws(StoreError) -> Idempotent<CreateWorkspaceOutcome> {
            try await write(command.claim) { writer throws(Writer.Failure) in try writer.createWorkspace(command) }
        }

        package func changeWorkspace(_ command: ChangeWorkspace) async throws(StoreError) -> ChangeWorkspaceOutcome {
            try await write { writer throws(Writer.Failure) in try writer.changeWorkspace(command) }
        }

        package func createAPIKey(
            _ command: CreateAPIKey
        ) async throws(StoreError) -> Idempotent<CreateAPIKeyOutcome> {
            try await write(command.claim) { writer throws(Writer.Failure) in try writer.createAPIKey(command) }
        }

        package func changeAPIKey(
            _ id: RecordID,
            of tenant: Tenant,
            change: APIKeyChange,
            now: UnixTime,
            audit: [AuditDraft]
        ) async throws(StoreError) -> APIKeyRecord? {
            try await write { writer throws(Writer.Failure) in
                try writer.changeAPIKey(id, of: tenant, change: change, now: now, audit: audit)
            }
        }

        package func editAPIKey(_ command: EditAPIKey) async throws(StoreError) -> EditAPIKeyOutcome {
            try await write { writer throws(Writer.Failure) in try writer.editAPIKey(command) }
        }

        package func rotateAPIKey(
            _ command: RotateAPIKey
        ) async throws(StoreError) -> Idempotent<RotateAPIKeyOutcome> {
            try await write(command.claim) { writer throws(Writer.Failure) in try writer.rotateAPIKey(command) }
        }

        package func importAPIKeys(_ command: ImportAPIKeys) async throws(StoreError) -> ImportAPIKeysOutcome {
            try await write { writer throws(Writer.Failure) in try writer.importAPIKeys(command) }
        }

        package func settleImport(_ command: SettleImport) async throws(StoreError) -> Bool {
            try await write { writer throws(Writer.Failure) in try writer.settleImport(command) }
        }

        package func recordUse(_ lastUsed: [RecordID: UnixTime]) async throws(StoreError) {
            try await write { writer throws(Writer.Failure) in try writer.recordUse(lastUsed) }
        }

        package func createInvites(_ command: CreateInvites) async throws(StoreError) -> Idempotent<CreateOutcome> {
            try await write { writer throws(Writer.Failure) in try writer.createInvites(command) }
        }

        package func redeem(_ command: RedeemInvite) async throws(StoreError) -> RedeemOutcome {
            try await write { writer throws(Writer.Failure) in try writer.redeem(command) }
        }

        package func revokeInvite(_ command: RevokeInvite) async throws(StoreError) -> RevokeInviteOutcome {
            try await write { writer throws(Writer.Failure) in try writer.revokeInvite(command) }
        }

        package func createSession(_ command: CreateSession) async throws(StoreError) -> Idempotent<CreateOutcome> {
            try await write { writer throws(Writer.Failure) in try writer.createSession(command) }
        }

        package func renewSession(_ command: RenewSession) async throws(StoreError) -> RenewOutcome {
            try await write { writer throws(Writer.Failure) in try writer.renewSession(command) }
        }

        package func endSession(_ command: EndSession) async throws(StoreError) -> EndedSession? {
            try await write { writer throws(Writer.Failure) in try writer.endSession(command) }
        }

        package func changePolicy(_ command: ChangePolicy) async throws(StoreError) -> ChangePolicyOutcome {
            try await write { writer throws(Writer.Failure) in try writer.changePolicy(command) }
        }

        package func createCutOff(_ command: CreateCutOff) async throws(StoreError) -> Idempotent<CutOffRecord> {
            try await write(command.claim) { writer throws(Writer.Failure) in try writer.createCutOff(command) }
        }

        package func appendAudit(_ drafts: [AuditDraft], now: UnixTime) async throws(StoreError) {
            try await write { writer throws(Writer.Failure) in try writer.appendAudit(drafts, now: now) }
        }
    }
#endif
