import InviteStore
import Platform
import Synchronization

/// Passes every call on to another store, and fails the one that it was told to fail.
final class FaultyStore: InviteStore, RateShares {
    /// When the error comes: before the inner store was asked, or after it did what was asked.
    enum Moment: Sendable {
        case before
        case after
    }

    private struct State {
        var calls: [String] = []
        var failing: Int?
        var failingName: String?
        var error = StoreError.unavailable("made to fail")
        var moment = Moment.before
        var settings: [UInt8]?
        var plan: Plan?
        var hooks: [String: @Sendable () async -> Void] = [:]
        var lateHooks: [String: @Sendable () async -> Void] = [:]
    }

    let inner: any InviteStore
    private let state = Mutex(State())

    init(_ inner: any InviteStore) { self.inner = inner }

    /// From now on the nth call, counted from one, fails; nil for none.
    ///
    /// The count starts anew.
    func arm(
        _ failing: Int?,
        error: StoreError = .unavailable("made to fail"),
        moment: Moment = .before
    ) {
        state.withLock { state in
            state.calls = []
            state.failing = failing
            state.failingName = nil
            state.error = error
            state.moment = moment
        }
    }

    /// Every call of this name fails.
    func arm(name: String, error: StoreError = .unavailable("made to fail"), moment: Moment = .before) {
        arm(nil, error: error, moment: moment)
        state.withLock { $0.failingName = name }
    }

    /// Every workspace has these settings from now on, as far as it is not in a cache.
    func set(settings: String) { state.withLock { $0.settings = Array(settings.utf8) } }

    /// Every workspace has this plan from now on, as far as it is not in a cache.
    func set(plan: Plan) { state.withLock { $0.plan = plan } }

    /// Runs before the next call of this name, once.
    func before(_ name: String, _ hook: @escaping @Sendable () async -> Void) {
        state.withLock { $0.hooks[name] = hook }
    }

    /// Runs after the next call of this name, before its answer is handed on, once.
    func after(_ name: String, _ hook: @escaping @Sendable () async -> Void) {
        state.withLock { $0.lateHooks[name] = hook }
    }

    /// The names of the calls since the count started.
    var calls: [String] { state.withLock { $0.calls } }

    func run<Value>(
        _ name: String,
        _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        if let hook = state.withLock({ $0.hooks.removeValue(forKey: name) }) { await hook() }
        let fault: (error: StoreError, moment: Moment)? = state.withLock { state in
            state.calls.append(name)
            guard state.calls.count == state.failing || name == state.failingName else { return nil }
            return (state.error, state.moment)
        }
        if let fault, fault.moment == .before { throw fault.error }
        let lateHook = state.withLock { $0.lateHooks.removeValue(forKey: name) }
        let value = try await body()
        if let lateHook { await lateHook() }
        if let fault { throw fault.error }
        return value
    }
}

// MARK: - Passing on

extension FaultyStore {
    func deployment() async throws(StoreError) -> DeploymentRecord? {
        try await run("deployment") { () async throws(StoreError) in try await inner.deployment() }
    }

    func initialise(_ seed: DeploymentSeed) async throws(StoreError) {
        try await run("initialise") { () async throws(StoreError) in try await inner.initialise(seed) }
    }

    func replaceSigningKeys(_ keys: [SigningKeyRecord], now: UnixTime, audit: [AuditDraft]) async throws(StoreError) {
        try await run("replaceSigningKeys") { () async throws(StoreError) in
            try await inner.replaceSigningKeys(keys, now: now, audit: audit)
        }
    }

    func workspace(_ id: RecordID) async throws(StoreError) -> WorkspaceRecord? {
        var record = try await run("workspace") { () async throws(StoreError) in try await inner.workspace(id) }
        let (settings, plan) = state.withLock { ($0.settings, $0.plan) }
        if let settings { record?.settings = settings }
        if let plan { record?.plan = plan }
        return record
    }

    func workspaces(_ page: PageRequest) async throws(StoreError) -> Page<WorkspaceRecord> {
        try await run("workspaces") { () async throws(StoreError) in try await inner.workspaces(page) }
    }

    func workspace(slug: String) async throws(StoreError) -> WorkspaceRecord? {
        try await run("workspaceBySlug") { () async throws(StoreError) in try await inner.workspace(slug: slug) }
    }

    func createWorkspace(_ command: CreateWorkspace) async throws(StoreError) -> Idempotent<CreateWorkspaceOutcome> {
        try await run("createWorkspace") { () async throws(StoreError) in try await inner.createWorkspace(command) }
    }

    func changeWorkspace(_ command: ChangeWorkspace) async throws(StoreError) -> ChangeWorkspaceOutcome {
        try await run("changeWorkspace") { () async throws(StoreError) in try await inner.changeWorkspace(command) }
    }

    func tenantsWithKeys(now: UnixTime, limit: Int) async throws(StoreError) -> [Tenant] {
        try await run("tenantsWithKeys") { () async throws(StoreError) in
            try await inner.tenantsWithKeys(now: now, limit: limit)
        }
    }

    func apiKey(digest: [UInt8]) async throws(StoreError) -> APIKeyRecord? {
        try await run("apiKey") { () async throws(StoreError) in try await inner.apiKey(digest: digest) }
    }

    func apiKey(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> APIKeyRecord? {
        try await run("apiKey") { () async throws(StoreError) in try await inner.apiKey(id, of: tenant) }
    }

    func apiKeys(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<APIKeyRecord> {
        try await run("apiKeys") { () async throws(StoreError) in try await inner.apiKeys(of: tenant, page: page) }
    }

    func createAPIKey(_ command: CreateAPIKey) async throws(StoreError) -> Idempotent<CreateAPIKeyOutcome> {
        try await run("createAPIKey") { () async throws(StoreError) in try await inner.createAPIKey(command) }
    }

    func changeAPIKey(_ id: RecordID, of tenant: Tenant, change: APIKeyChange, now: UnixTime, audit: [AuditDraft])
        async throws(StoreError) -> APIKeyRecord?
    {
        try await run("changeAPIKey") { () async throws(StoreError) in
            try await inner.changeAPIKey(id, of: tenant, change: change, now: now, audit: audit)
        }
    }

    func editAPIKey(_ command: EditAPIKey) async throws(StoreError) -> EditAPIKeyOutcome {
        try await run("editAPIKey") { () async throws(StoreError) in try await inner.editAPIKey(command) }
    }

    func rotateAPIKey(_ command: RotateAPIKey) async throws(StoreError) -> Idempotent<RotateAPIKeyOutcome> {
        try await run("rotateAPIKey") { () async throws(StoreError) in try await inner.rotateAPIKey(command) }
    }

    func importAPIKeys(_ command: ImportAPIKeys) async throws(StoreError) -> ImportAPIKeysOutcome {
        try await run("importAPIKeys") { () async throws(StoreError) in try await inner.importAPIKeys(command) }
    }

    func importedPrefixes() async throws(StoreError) -> [String] {
        try await run("importedPrefixes") { () async throws(StoreError) in try await inner.importedPrefixes() }
    }

    func importedAPIKeys(prefix: String, lead: String) async throws(StoreError) -> [ImportedAPIKey] {
        try await run("importedAPIKeys") { () async throws(StoreError) in
            try await inner.importedAPIKeys(prefix: prefix, lead: lead)
        }
    }

    func settleImport(_ command: SettleImport) async throws(StoreError) -> Bool {
        try await run("settleImport") { () async throws(StoreError) in try await inner.settleImport(command) }
    }

    func recordUse(_ lastUsed: [RecordID: UnixTime]) async throws(StoreError) {
        try await run("recordUse") { () async throws(StoreError) in try await inner.recordUse(lastUsed) }
    }

    func createInvites(_ command: CreateInvites) async throws(StoreError) -> Idempotent<CreateOutcome> {
        try await run("createInvites") { () async throws(StoreError) in try await inner.createInvites(command) }
    }

    func invite(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> InviteRecord? {
        try await run("invite") { () async throws(StoreError) in try await inner.invite(id, of: tenant) }
    }

    func invites(of tenant: Tenant, filter: InviteFilter, page: PageRequest, now: UnixTime) async throws(StoreError)
        -> Page<InviteRecord>
    {
        try await run("invites") { () async throws(StoreError) in
            try await inner.invites(of: tenant, filter: filter, page: page, now: now)
        }
    }

    func redeem(_ command: RedeemInvite) async throws(StoreError) -> RedeemOutcome {
        try await run("redeem") { () async throws(StoreError) in try await inner.redeem(command) }
    }

    func revokeInvite(_ command: RevokeInvite) async throws(StoreError) -> RevokeInviteOutcome {
        try await run("revokeInvite") { () async throws(StoreError) in try await inner.revokeInvite(command) }
    }

    func createSession(_ command: CreateSession) async throws(StoreError) -> Idempotent<CreateOutcome> {
        try await run("createSession") { () async throws(StoreError) in try await inner.createSession(command) }
    }

    func session(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> SessionRecord? {
        try await run("session") { () async throws(StoreError) in try await inner.session(id, of: tenant) }
    }

    func renewSession(_ command: RenewSession) async throws(StoreError) -> RenewOutcome {
        try await run("renewSession") { () async throws(StoreError) in try await inner.renewSession(command) }
    }

    func endSession(_ command: EndSession) async throws(StoreError) -> Bool {
        try await run("endSession") { () async throws(StoreError) in try await inner.endSession(command) }
    }

    func sessions(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<SessionRecord> {
        try await run("sessions") { () async throws(StoreError) in try await inner.sessions(of: tenant, page: page) }
    }

    func policy(at place: PolicyPlace) async throws(StoreError) -> PolicyVersion? {
        try await run("policy") { () async throws(StoreError) in try await inner.policy(at: place) }
    }

    func policies(of tenant: Tenant, limit: Int) async throws(StoreError) -> [PolicyVersion] {
        try await run("policies") { () async throws(StoreError) in try await inner.policies(of: tenant, limit: limit) }
    }

    func policyVersions(at place: PolicyPlace, page: PageRequest) async throws(StoreError) -> Page<PolicyVersion> {
        try await run("policyVersions") { () async throws(StoreError) in
            try await inner.policyVersions(at: place, page: page)
        }
    }

    func changePolicy(_ command: ChangePolicy) async throws(StoreError) -> ChangePolicyOutcome {
        try await run("changePolicy") { () async throws(StoreError) in try await inner.changePolicy(command) }
    }

    func createCutOff(_ command: CreateCutOff) async throws(StoreError) -> Idempotent<CutOffRecord> {
        try await run("createCutOff") { () async throws(StoreError) in try await inner.createCutOff(command) }
    }

    func cutOffs(after number: Int64, now: UnixTime, limit: Int) async throws(StoreError) -> [CutOffRecord] {
        try await run("cutOffs") { () async throws(StoreError) in
            try await inner.cutOffs(after: number, now: now, limit: limit)
        }
    }

    func lastCutOffNumber() async throws(StoreError) -> Int64 {
        try await run("lastCutOffNumber") { () async throws(StoreError) in try await inner.lastCutOffNumber() }
    }

    func endedSessions(now: UnixTime, limit: Int) async throws(StoreError) -> [EndedSession] {
        try await run("endedSessions") { () async throws(StoreError) in
            try await inner.endedSessions(now: now, limit: limit)
        }
    }

    func coverage(of target: CutOffTarget, in tenant: Tenant, now: UnixTime, rowsMax: Int) async throws(StoreError)
        -> CutOffCoverage
    {
        try await run("coverage") { () async throws(StoreError) in
            try await inner.coverage(of: target, in: tenant, now: now, rowsMax: rowsMax)
        }
    }

    func recorded(scope: [UInt8], now: UnixTime) async throws(StoreError) -> (request: [UInt8], result: [UInt8])? {
        try await run("recorded") { () async throws(StoreError) in try await inner.recorded(scope: scope, now: now) }
    }

    func appendAudit(_ drafts: [AuditDraft], now: UnixTime) async throws(StoreError) {
        try await run("appendAudit") { () async throws(StoreError) in try await inner.appendAudit(drafts, now: now) }
    }

    func auditEvents(of tenant: Tenant, filter: AuditFilter, page: PageRequest) async throws(StoreError) -> Page<
        AuditRecord
    > {
        try await run("auditEvents") { () async throws(StoreError) in
            try await inner.auditEvents(of: tenant, filter: filter, page: page)
        }
    }

    func auditChain(_ chain: Int64, after sequence: Int64, limit: Int) async throws(StoreError) -> [AuditRecord] {
        try await run("auditChain") { () async throws(StoreError) in
            try await inner.auditChain(chain, after: sequence, limit: limit)
        }
    }

    func auditChains() async throws(StoreError) -> [AuditChainState] {
        try await run("auditChains") { () async throws(StoreError) in try await inner.auditChains() }
    }

    func sweepAudit(before limit: UnixTime, rowsMax: Int) async throws(StoreError) -> Int {
        try await run("sweepAudit") { () async throws(StoreError) in
            try await inner.sweepAudit(before: limit, rowsMax: rowsMax)
        }
    }

    func addUsage(_ deltas: [UsageDelta]) async throws(StoreError) {
        try await run("addUsage") { () async throws(StoreError) in try await inner.addUsage(deltas) }
    }

    func usage(
        of tenant: Tenant,
        apiKey: RecordID?,
        period: UsagePeriod,
        from: UnixTime,
        until: UnixTime,
        limit: Int
    ) async throws(StoreError) -> [UsageBucket] {
        try await run("usage") { () async throws(StoreError) in
            try await inner.usage(of: tenant, apiKey: apiKey, period: period, from: from, until: until, limit: limit)
        }
    }

    func lastUse(of tenant: Tenant) async throws(StoreError) -> UnixTime? {
        try await run("lastUse") { () async throws(StoreError) in try await inner.lastUse(of: tenant) }
    }

    func expiringKeys(after cursor: ExpiryCursor, until: UnixTime, limit: Int) async throws(StoreError)
        -> [ExpiringKey]
    {
        try await run("expiringKeys") { () async throws(StoreError) in
            try await inner.expiringKeys(after: cursor, until: until, limit: limit)
        }
    }

    func recordNotice(_ notice: RecordNotice) async throws(StoreError) -> Bool {
        try await run("recordNotice") { () async throws(StoreError) in try await inner.recordNotice(notice) }
    }

    func sweep(now: UnixTime, rowsMax: Int) async throws(StoreError) -> Int {
        try await run("sweep") { () async throws(StoreError) in try await inner.sweep(now: now, rowsMax: rowsMax) }
    }

    func observeChanges(_ observer: any StoreChangesObserver) async throws(StoreError) {
        try await inner.observeChanges(observer)
    }

    func isReady() async -> Bool {
        await inner.isReady()
    }

    var isClockOff: Bool { inner.isClockOff }

    var rateShares: (any RateShares)? { inner.rateShares == nil ? nil : self }

    func lease(_ ask: RateAsk) async throws(StoreError) -> RateShare {
        try await run("lease") { () async throws(StoreError) in
            guard let shares = inner.rateShares else { throw .unavailable("no shares") }
            return try await shares.lease(ask)
        }
    }

    func close() async {
        await inner.close()
    }
}
