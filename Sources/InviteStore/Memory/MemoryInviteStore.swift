package import Platform
internal import Synchronization

/// A store without a disk: the same verdicts as the durable one, gone with the process.
///
/// For development, tests and demonstrations. It holds at most `rowsMax` rows of all kinds, audit events included,
/// and answers ``StoreError/overloaded`` beyond. Sweeping costs time in proportion to what is stored.
package final class MemoryInviteStore: InviteStore {
    private let tables: Mutex<MemoryTables>
    let webhookLease = WebhookLease()

    package init(auditSealer: any AuditSealer, rowsMax: Int = 200_000) {
        tables = Mutex(MemoryTables(sealer: auditSealer, rowsMax: rowsMax))
    }

    /// Runs one transaction under the lock.
    func with<Value: Sendable>(
        _ body: (inout MemoryTables) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = tables.withLock { tables in
            do throws(StoreError) { return .success(try body(&tables)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    package func newestInstant() async throws(StoreError) -> UnixTime {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            return tables.newest
        }
    }

    package func deployment() async throws(StoreError) -> DeploymentRecord? {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            return tables.deployment
        }
    }

    package func initialise(_ seed: DeploymentSeed) async throws(StoreError) {
        try with { (tables) throws(StoreError) in try tables.initialise(seed) }
    }

    package func replaceSigningKeys(_ command: ReplaceSigningKeys) async throws(StoreError) -> Bool {
        try with { (tables) throws(StoreError) in try tables.replaceSigningKeys(command) }
    }

    package func workspace(_ id: RecordID) async throws(StoreError) -> WorkspaceRecord? {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            return tables.workspaces[id]
        }
    }

    package func workspaces(_ page: PageRequest) async throws(StoreError) -> Page<WorkspaceRecord> {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            return tables.workspaces.page(page, id: \.id)
        }
    }

    package func workspace(slug: String) async throws(StoreError) -> WorkspaceRecord? {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            return tables.workspaces.ascending.first { $0.slug == slug }
        }
    }

    package func createWorkspace(
        _ command: CreateWorkspace
    ) async throws(StoreError) -> Idempotent<CreateWorkspaceOutcome> {
        try with { (tables) throws(StoreError) in try tables.createWorkspace(command) }
    }

    package func changeWorkspace(_ command: ChangeWorkspace) async throws(StoreError) -> ChangeWorkspaceOutcome {
        try with { (tables) throws(StoreError) in try tables.changeWorkspace(command) }
    }

    package func tenantsWithKeys(now: UnixTime, limit: Int) async throws(StoreError) -> [Tenant] {
        try with { (tables) throws(StoreError) in try tables.tenantsWithKeys(now: now, limit: limit) }
    }

    package func apiKey(digest: [UInt8]) async throws(StoreError) -> APIKeyRecord? {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            return tables.keysByDigest[digest].flatMap { tables.apiKeys[$0] }
        }
    }

    package func apiKey(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> APIKeyRecord? {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            return tables.apiKeys[id].flatMap { $0.tenant == tenant ? $0 : nil }
        }
    }

    package func apiKeys(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<APIKeyRecord> {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            return tables.apiKeys.page(page, id: \.id, where: { $0.tenant == tenant })
        }
    }

    package func createAPIKey(_ command: CreateAPIKey) async throws(StoreError) -> Idempotent<CreateAPIKeyOutcome> {
        try with { (tables) throws(StoreError) in try tables.createAPIKey(command) }
    }

    package func editAPIKey(_ command: EditAPIKey) async throws(StoreError) -> EditAPIKeyOutcome {
        try with { (tables) throws(StoreError) in try tables.editAPIKey(command) }
    }

    package func rotateAPIKey(_ command: RotateAPIKey) async throws(StoreError) -> Idempotent<RotateAPIKeyOutcome> {
        try with { (tables) throws(StoreError) in try tables.rotateAPIKey(command) }
    }

    package func importAPIKeys(_ command: ImportAPIKeys) async throws(StoreError) -> ImportAPIKeysOutcome {
        try with { (tables) throws(StoreError) in try tables.importAPIKeys(command) }
    }

    package func importedPrefixes() async throws(StoreError) -> [String] {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            return tables.importedPrefixes.sorted()
        }
    }

    package func importedAPIKeys(prefix: String, lead: String) async throws(StoreError) -> [ImportedAPIKey] {
        try with { (tables) throws(StoreError) in try tables.importedAPIKeys(prefix: prefix, lead: lead) }
    }

    package func settleImport(_ command: SettleImport) async throws(StoreError) -> Bool {
        try with { (tables) throws(StoreError) in try tables.settleImport(command) }
    }

    package func changeAPIKey(
        _ id: RecordID,
        of tenant: Tenant,
        change: APIKeyChange,
        now: UnixTime,
        audit: [AuditDraft]
    ) async throws(StoreError) -> APIKeyRecord? {
        try with { (tables) throws(StoreError) in
            try tables.changeAPIKey(id, of: tenant, change: change, now: now, audit: audit)
        }
    }

    package func recordUse(_ lastUsed: [RecordID: UnixTime]) async throws(StoreError) {
        try with { (tables) throws(StoreError) in try tables.recordUse(lastUsed) }
    }

    package func createInvites(_ command: CreateInvites) async throws(StoreError) -> Idempotent<CreateOutcome> {
        try with { (tables) throws(StoreError) in try tables.createInvites(command) }
    }

    package func invite(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> InviteRecord? {
        try with { (tables) throws(StoreError) in try tables.invite(id, of: tenant) }
    }

    package func invites(
        of tenant: Tenant,
        filter: InviteFilter,
        page: PageRequest,
        now: UnixTime
    ) async throws(StoreError) -> Page<InviteRecord> {
        try with { (tables) throws(StoreError) in
            try tables.invites(of: tenant, filter: filter, page: page, now: now)
        }
    }

    package func redeem(_ command: RedeemInvite) async throws(StoreError) -> RedeemOutcome {
        try with { (tables) throws(StoreError) in try tables.redeem(command) }
    }

    package func revokeInvite(_ command: RevokeInvite) async throws(StoreError) -> RevokeInviteOutcome {
        try with { (tables) throws(StoreError) in try tables.revokeInvite(command) }
    }
}

extension MemoryInviteStore {
    package func createSession(_ command: CreateSession) async throws(StoreError) -> Idempotent<CreateOutcome> {
        try with { (tables) throws(StoreError) in try tables.createSession(command) }
    }

    package func session(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> SessionRecord? {
        try with { (tables) throws(StoreError) in try tables.session(id, of: tenant) }
    }

    package func renewSession(_ command: RenewSession) async throws(StoreError) -> RenewOutcome {
        try with { (tables) throws(StoreError) in try tables.renewSession(command) }
    }

    package func endSession(_ command: EndSession) async throws(StoreError) -> EndedSession? {
        try with { (tables) throws(StoreError) in try tables.endSession(command) }
    }

    package func sessions(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<SessionRecord> {
        try with { (tables) throws(StoreError) in try tables.sessions(of: tenant, page: page) }
    }

    package func policy(at place: PolicyPlace) async throws(StoreError) -> PolicyVersion? {
        try with { (tables) throws(StoreError) in try tables.policy(at: place) }
    }

    package func policies(of tenant: Tenant, limit: Int) async throws(StoreError) -> [PolicyVersion] {
        try with { (tables) throws(StoreError) in try tables.policies(of: tenant, limit: limit) }
    }

    package func policyVersions(
        at place: PolicyPlace,
        page: PageRequest
    ) async throws(StoreError) -> Page<PolicyVersion> {
        try with { (tables) throws(StoreError) in try tables.policyVersions(at: place, page: page) }
    }

    package func changePolicy(_ command: ChangePolicy) async throws(StoreError) -> ChangePolicyOutcome {
        try with { (tables) throws(StoreError) in try tables.changePolicy(command) }
    }

    package func createCutOff(_ command: CreateCutOff) async throws(StoreError) -> Idempotent<CutOffRecord> {
        try with { (tables) throws(StoreError) in try tables.createCutOff(command) }
    }

    package func cutOffs(after number: Int64, now: UnixTime, limit: Int) async throws(StoreError) -> [CutOffRecord] {
        try with { (tables) throws(StoreError) in try tables.cutOffs(after: number, now: now, limit: limit) }
    }

    package func lastCutOffNumber() async throws(StoreError) -> Int64 {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            return tables.lastCutOff
        }
    }

    package func endedSessions(
        after last: EndedSession?,
        now: UnixTime,
        limit: Int
    ) async throws(StoreError) -> [EndedSession] {
        try with { (tables) throws(StoreError) in try tables.endedSessions(after: last, now: now, limit: limit) }
    }

    package func coverage(
        of target: CutOffTarget,
        in tenant: Tenant,
        now: UnixTime,
        rowsMax: Int
    ) async throws(StoreError) -> CutOffCoverage {
        try with { (tables) throws(StoreError) in
            try tables.coverage(of: target, in: tenant, now: now, rowsMax: rowsMax)
        }
    }

    package func recorded(
        scope: [UInt8],
        now: UnixTime
    ) async throws(StoreError) -> (request: [UInt8], result: [UInt8])? {
        let claim = try with { (tables) throws(StoreError) -> IdempotencyClaim? in
            try tables.admitRead()
            return tables.claims[scope].flatMap { $0.expiresAt > now ? $0 : nil }
        }
        return claim.map { ($0.request, $0.result) }
    }

    package func appendAudit(_ drafts: [AuditDraft], now: UnixTime) async throws(StoreError) {
        try with { (tables) throws(StoreError) in
            try tables.admit(rows: drafts.count, now: now)
            tables.append(drafts)
        }
    }

    package func auditEvents(
        of tenant: Tenant,
        filter: AuditFilter,
        page: PageRequest
    ) async throws(StoreError) -> Page<AuditRecord> {
        try with { (tables) throws(StoreError) in try tables.auditEvents(of: tenant, filter: filter, page: page) }
    }

    package func auditChain(
        _ chain: Int64,
        after sequence: Int64,
        limit: Int
    ) async throws(StoreError) -> [AuditRecord] {
        try with { (tables) throws(StoreError) in try tables.auditChain(chain, after: sequence, limit: limit) }
    }

    package func auditChains() async throws(StoreError) -> [AuditChainState] {
        try with { (tables) throws(StoreError) in try tables.auditChains() }
    }

    package func sweepAudit(before limit: UnixTime, rowsMax: Int) async throws(StoreError) -> Int {
        try with { (tables) throws(StoreError) in try tables.sweepAudit(before: limit, rowsMax: rowsMax) }
    }

    package func addUsage(_ deltas: [UsageDelta]) async throws(StoreError) {
        try with { (tables) throws(StoreError) in try tables.addUsage(deltas) }
    }

    package func usage(
        of tenant: Tenant,
        apiKey: RecordID?,
        period: UsagePeriod,
        from: UnixTime,
        until: UnixTime,
        limit: Int
    ) async throws(StoreError) -> [UsageBucket] {
        try with { (tables) throws(StoreError) in
            try tables.usage(of: tenant, apiKey: apiKey, period: period, from: from, until: until, limit: limit)
        }
    }

    package func lastUse(of tenant: Tenant) async throws(StoreError) -> UnixTime? {
        try with { (tables) throws(StoreError) in try tables.lastUse(of: tenant) }
    }

    package func expiringKeys(
        after cursor: ExpiryCursor,
        until: UnixTime,
        limit: Int
    ) async throws(StoreError) -> [ExpiringKey] {
        try with { (tables) throws(StoreError) in
            try tables.expiringKeys(after: cursor, until: until, limit: limit)
        }
    }

    package func recordNotice(_ notice: RecordNotice) async throws(StoreError) -> Bool {
        try with { (tables) throws(StoreError) in try tables.recordNotice(notice) }
    }

    package func sweep(now: UnixTime, rowsMax: Int) async throws(StoreError) -> Int {
        try with { (tables) throws(StoreError) in try tables.sweep(now: now, rowsMax: rowsMax) }
    }

    package func isReady() async -> Bool { tables.withLock { !$0.isClosed } }

    package func close() async { tables.withLock { $0.isClosed = true } }
}
