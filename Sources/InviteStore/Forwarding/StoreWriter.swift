#if SQLite || Postgres
    internal import Platform

    /// What a store's writer does on its own thread, inside a transaction: the commands of ``InviteStore``.
    ///
    /// Nothing is done where one throws.
    protocol StoreWriter: StoreContext {
        func initialise(_ seed: DeploymentSeed) throws(Failure)
        func replaceSigningKeys(_ command: ReplaceSigningKeys) throws(Failure) -> Bool
        func createWorkspace(_ command: CreateWorkspace) throws(Failure) -> Idempotent<CreateWorkspaceOutcome>
        func changeWorkspace(_ command: ChangeWorkspace) throws(Failure) -> ChangeWorkspaceOutcome
        func createAPIKey(_ command: CreateAPIKey) throws(Failure) -> Idempotent<CreateAPIKeyOutcome>
        func changeAPIKey(
            _ id: RecordID,
            of tenant: Tenant,
            change: APIKeyChange,
            now: UnixTime,
            audit: [AuditDraft]
        ) throws(Failure) -> APIKeyRecord?
        func editAPIKey(_ command: EditAPIKey) throws(Failure) -> EditAPIKeyOutcome
        func rotateAPIKey(_ command: RotateAPIKey) throws(Failure) -> Idempotent<RotateAPIKeyOutcome>
        func importAPIKeys(_ command: ImportAPIKeys) throws(Failure) -> ImportAPIKeysOutcome
        func settleImport(_ command: SettleImport) throws(Failure) -> Bool
        func recordUse(_ lastUsed: [RecordID: UnixTime]) throws(Failure)
        func createInvites(_ command: CreateInvites) throws(Failure) -> Idempotent<CreateOutcome>
        func redeem(_ command: RedeemInvite) throws(Failure) -> RedeemOutcome
        func revokeInvite(_ command: RevokeInvite) throws(Failure) -> RevokeInviteOutcome
        func createSession(_ command: CreateSession) throws(Failure) -> Idempotent<CreateOutcome>
        func renewSession(_ command: RenewSession) throws(Failure) -> RenewOutcome
        func endSession(_ command: EndSession) throws(Failure) -> EndedSession?
        func changePolicy(_ command: ChangePolicy) throws(Failure) -> ChangePolicyOutcome
        func createCutOff(_ command: CreateCutOff) throws(Failure) -> Idempotent<CutOffRecord>
        func appendAudit(_ drafts: [AuditDraft], now: UnixTime) throws(Failure)

        func createMember(_ command: CreateMember) throws(Failure) -> Idempotent<CreateMemberOutcome>
        func changeMember(_ command: ChangeMember) throws(Failure) -> ChangeMemberOutcome
        func openMemberSession(_ command: OpenMemberSession) throws(Failure) -> Bool
        func changeMemberSession(_ digest: [UInt8], _ change: MemberSessionChange, now: UnixTime) throws(Failure)
            -> Bool

        func createWebhook(_ command: CreateWebhook) throws(Failure) -> Idempotent<CreateWebhookOutcome>
        func changeWebhook(_ command: ChangeWebhook) throws(Failure) -> Idempotent<ChangeWebhookOutcome>
        func deleteWebhook(
            _ id: RecordID,
            of tenant: Tenant,
            now: UnixTime,
            audit: [AuditDraft]
        ) throws(Failure) -> Bool
        func recordWebhookProgress(_ progress: [WebhookProgress], now: UnixTime) throws(Failure)

        func sweepAudit(before limit: UnixTime, rowsMax: Int) throws(Failure) -> Int
        func addUsage(_ deltas: [UsageDelta]) throws(Failure)
        func recordNotice(_ notice: RecordNotice) throws(Failure) -> Bool
    }
#endif
