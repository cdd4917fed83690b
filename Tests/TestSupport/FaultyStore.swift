package import InviteStore
package import Platform
import Synchronization

/// Passes every call on to another store, and fails the one that it was told to fail.
package final class FaultyStore: InviteStore, RateShares {
    /// When the error comes: before the inner store was asked, or after it did what was asked.
    package enum Moment: Sendable {
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

    package let inner: any InviteStore
    private let state = Mutex(State())

    /// Whoever decides in the tests' stead what becomes of each call.
    let conductor: (any StoreConductor)?

    package init(_ inner: any InviteStore, conductor: (any StoreConductor)? = nil) {
        self.inner = inner
        self.conductor = conductor
    }

    /// From now on the nth call, counted from one, fails; nil for none.
    ///
    /// The count starts anew.
    package func arm(
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
    package func arm(name: String, error: StoreError = .unavailable("made to fail"), moment: Moment = .before) {
        arm(nil, error: error, moment: moment)
        state.withLock { $0.failingName = name }
    }

    /// Every workspace has these settings from now on, as far as it is not in a cache.
    package func set(settings: String) { state.withLock { $0.settings = Array(settings.utf8) } }

    /// Every workspace has this plan from now on, as far as it is not in a cache.
    package func set(plan: Plan) { state.withLock { $0.plan = plan } }

    /// Runs before the next call of this name, once.
    package func before(_ name: String, _ hook: @escaping @Sendable () async -> Void) {
        state.withLock { $0.hooks[name] = hook }
    }

    /// Runs after the next call of this name, before its answer is handed on, once.
    package func after(_ name: String, _ hook: @escaping @Sendable () async -> Void) {
        state.withLock { $0.lateHooks[name] = hook }
    }

    /// The names of the calls since the count started.
    package var calls: [String] { state.withLock { $0.calls } }

    func run<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        if let conductor { return try await conductor.conduct(name, body) }
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
    package func newestInstant() async throws(StoreError) -> UnixTime {
        try await run("newestInstant") { () async throws(StoreError) in try await self.inner.newestInstant() }
    }

    package func deployment() async throws(StoreError) -> DeploymentRecord? {
        try await run("deployment") { () async throws(StoreError) in try await self.inner.deployment() }
    }

    package func initialise(_ seed: DeploymentSeed) async throws(StoreError) {
        try await run("initialise") { () async throws(StoreError) in try await self.inner.initialise(seed) }
    }

    package func replaceSigningKeys(_ command: ReplaceSigningKeys) async throws(StoreError) -> Bool {
        let command = conductor?.adjusted(command) ?? command
        return try await run("replaceSigningKeys") { () async throws(StoreError) in
            try await self.inner.replaceSigningKeys(command)
        }
    }

    package func workspace(_ id: RecordID) async throws(StoreError) -> WorkspaceRecord? {
        let record = try await run("workspace") { () async throws(StoreError) in try await self.inner.workspace(id) }
        return record.map(altered)
    }

    package func workspaces(_ page: PageRequest) async throws(StoreError) -> Page<WorkspaceRecord> {
        let found = try await run("workspaces") { () async throws(StoreError) in try await self.inner.workspaces(page) }
        return Page(records: found.records.map(altered), next: found.next)
    }

    package func workspace(slug: String) async throws(StoreError) -> WorkspaceRecord? {
        let record = try await run("workspaceBySlug") { () async throws(StoreError) in
            try await self.inner.workspace(slug: slug)
        }
        return record.map(altered)
    }

    /// The workspace with what was set for every one.
    private func altered(_ record: WorkspaceRecord) -> WorkspaceRecord {
        var record = record
        let (settings, plan) = state.withLock { ($0.settings, $0.plan) }
        if let settings { record.settings = settings }
        if let plan { record.plan = plan }
        return record
    }

    package func createWorkspace(_ command: CreateWorkspace) async throws(StoreError) -> Idempotent<
        CreateWorkspaceOutcome
    > {
        try await run("createWorkspace") { () async throws(StoreError) in try await self.inner.createWorkspace(command)
        }
    }

    package func changeWorkspace(_ command: ChangeWorkspace) async throws(StoreError) -> ChangeWorkspaceOutcome {
        try await run("changeWorkspace") { () async throws(StoreError) in try await self.inner.changeWorkspace(command)
        }
    }

    package func tenantsWithKeys(now: UnixTime, limit: Int) async throws(StoreError) -> [Tenant] {
        try await run("tenantsWithKeys") { () async throws(StoreError) in
            try await self.inner.tenantsWithKeys(now: now, limit: limit)
        }
    }

    package func apiKey(digest: [UInt8]) async throws(StoreError) -> APIKeyRecord? {
        try await run("apiKey") { () async throws(StoreError) in try await self.inner.apiKey(digest: digest) }
    }

    package func apiKey(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> APIKeyRecord? {
        try await run("apiKey") { () async throws(StoreError) in try await self.inner.apiKey(id, of: tenant) }
    }

    package func apiKeys(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<APIKeyRecord> {
        try await run("apiKeys") { () async throws(StoreError) in try await self.inner.apiKeys(of: tenant, page: page) }
    }

    package func createAPIKey(_ command: CreateAPIKey) async throws(StoreError) -> Idempotent<CreateAPIKeyOutcome> {
        try await run("createAPIKey") { () async throws(StoreError) in try await self.inner.createAPIKey(command) }
    }

    package func changeAPIKey(
        _ id: RecordID,
        of tenant: Tenant,
        change: APIKeyChange,
        now: UnixTime,
        audit: [AuditDraft]
    )
        async throws(StoreError) -> APIKeyRecord?
    {
        try await run("changeAPIKey") { () async throws(StoreError) in
            try await self.inner.changeAPIKey(id, of: tenant, change: change, now: now, audit: audit)
        }
    }

    package func editAPIKey(_ command: EditAPIKey) async throws(StoreError) -> EditAPIKeyOutcome {
        try await run("editAPIKey") { () async throws(StoreError) in try await self.inner.editAPIKey(command) }
    }

    package func rotateAPIKey(_ command: RotateAPIKey) async throws(StoreError) -> Idempotent<RotateAPIKeyOutcome> {
        try await run("rotateAPIKey") { () async throws(StoreError) in try await self.inner.rotateAPIKey(command) }
    }

    package func importAPIKeys(_ command: ImportAPIKeys) async throws(StoreError) -> ImportAPIKeysOutcome {
        try await run("importAPIKeys") { () async throws(StoreError) in try await self.inner.importAPIKeys(command) }
    }

    package func importedPrefixes() async throws(StoreError) -> [String] {
        try await run("importedPrefixes") { () async throws(StoreError) in try await self.inner.importedPrefixes() }
    }

    package func importedAPIKeys(prefix: String, lead: String) async throws(StoreError) -> [ImportedAPIKey] {
        try await run("importedAPIKeys") { () async throws(StoreError) in
            try await self.inner.importedAPIKeys(prefix: prefix, lead: lead)
        }
    }

    package func settleImport(_ command: SettleImport) async throws(StoreError) -> Bool {
        try await run("settleImport") { () async throws(StoreError) in try await self.inner.settleImport(command) }
    }

    package func recordUse(_ lastUsed: [RecordID: UnixTime]) async throws(StoreError) {
        try await run("recordUse") { () async throws(StoreError) in try await self.inner.recordUse(lastUsed) }
    }

    package func createInvites(_ command: CreateInvites) async throws(StoreError) -> Idempotent<CreateOutcome> {
        let command = conductor?.adjusted(command) ?? command
        return try await run("createInvites") { () async throws(StoreError) in
            try await self.inner.createInvites(command)
        }
    }

    package func invite(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> InviteRecord? {
        try await run("invite") { () async throws(StoreError) in try await self.inner.invite(id, of: tenant) }
    }

    package func invites(of tenant: Tenant, filter: InviteFilter, page: PageRequest, now: UnixTime)
        async throws(StoreError)
        -> Page<InviteRecord>
    {
        try await run("invites") { () async throws(StoreError) in
            try await self.inner.invites(of: tenant, filter: filter, page: page, now: now)
        }
    }

    package func redeem(_ command: RedeemInvite) async throws(StoreError) -> RedeemOutcome {
        let outcome = try await run("redeem") { () async throws(StoreError) in try await self.inner.redeem(command) }
        return conductor?.adjusted(outcome, of: command) ?? outcome
    }

    package func revokeInvite(_ command: RevokeInvite) async throws(StoreError) -> RevokeInviteOutcome {
        try await run("revokeInvite") { () async throws(StoreError) in try await self.inner.revokeInvite(command) }
    }

    package func createSession(_ command: CreateSession) async throws(StoreError) -> Idempotent<CreateOutcome> {
        try await run("createSession") { () async throws(StoreError) in try await self.inner.createSession(command) }
    }

    package func session(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> SessionRecord? {
        try await run("session") { () async throws(StoreError) in try await self.inner.session(id, of: tenant) }
    }

    package func renewSession(_ command: RenewSession) async throws(StoreError) -> RenewOutcome {
        try await run("renewSession") { () async throws(StoreError) in try await self.inner.renewSession(command) }
    }

    package func endSession(_ command: EndSession) async throws(StoreError) -> EndedSession? {
        try await run("endSession") { () async throws(StoreError) in try await self.inner.endSession(command) }
    }

    package func sessions(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<SessionRecord> {
        try await run("sessions") { () async throws(StoreError) in try await self.inner.sessions(of: tenant, page: page)
        }
    }

    package func policy(at place: PolicyPlace) async throws(StoreError) -> PolicyVersion? {
        try await run("policy") { () async throws(StoreError) in try await self.inner.policy(at: place) }
    }

    package func policies(of tenant: Tenant, limit: Int) async throws(StoreError) -> [PolicyVersion] {
        try await run("policies") { () async throws(StoreError) in
            try await self.inner.policies(of: tenant, limit: limit)
        }
    }

    package func policyVersions(at place: PolicyPlace, page: PageRequest) async throws(StoreError) -> Page<
        PolicyVersion
    > {
        try await run("policyVersions") { () async throws(StoreError) in
            try await self.inner.policyVersions(at: place, page: page)
        }
    }

    package func changePolicy(_ command: ChangePolicy) async throws(StoreError) -> ChangePolicyOutcome {
        try await run("changePolicy") { () async throws(StoreError) in try await self.inner.changePolicy(command) }
    }

    package func createCutOff(_ command: CreateCutOff) async throws(StoreError) -> Idempotent<CutOffRecord> {
        try await run("createCutOff") { () async throws(StoreError) in try await self.inner.createCutOff(command) }
    }

    package func cutOffs(after number: Int64, now: UnixTime, limit: Int) async throws(StoreError) -> [CutOffRecord] {
        try await run("cutOffs") { () async throws(StoreError) in
            try await self.inner.cutOffs(after: number, now: now, limit: limit)
        }
    }

    package func lastCutOffNumber() async throws(StoreError) -> Int64 {
        try await run("lastCutOffNumber") { () async throws(StoreError) in try await self.inner.lastCutOffNumber() }
    }

    package func endedSessions(after last: EndedSession?, now: UnixTime, limit: Int)
        async throws(StoreError)
        -> [EndedSession]
    {
        try await run("endedSessions") { () async throws(StoreError) in
            try await self.inner.endedSessions(after: last, now: now, limit: limit)
        }
    }

    package func coverage(of target: CutOffTarget, in tenant: Tenant, now: UnixTime, rowsMax: Int)
        async throws(StoreError)
        -> CutOffCoverage
    {
        try await run("coverage") { () async throws(StoreError) in
            try await self.inner.coverage(of: target, in: tenant, now: now, rowsMax: rowsMax)
        }
    }

    package func recorded(scope: [UInt8], now: UnixTime) async throws(StoreError) -> (
        request: [UInt8], result: [UInt8]
    )? {
        try await run("recorded") { () async throws(StoreError) in try await self.inner.recorded(scope: scope, now: now)
        }
    }

    package func appendAudit(_ drafts: [AuditDraft], now: UnixTime) async throws(StoreError) {
        try await run("appendAudit") { () async throws(StoreError) in try await self.inner.appendAudit(drafts, now: now)
        }
    }

    package func auditEvents(of tenant: Tenant, filter: AuditFilter, page: PageRequest) async throws(StoreError)
        -> Page<
            AuditRecord
        >
    {
        try await run("auditEvents") { () async throws(StoreError) in
            try await self.inner.auditEvents(of: tenant, filter: filter, page: page)
        }
    }

    package func auditChain(_ chain: Int64, after sequence: Int64, limit: Int) async throws(StoreError) -> [AuditRecord]
    {
        try await run("auditChain") { () async throws(StoreError) in
            try await self.inner.auditChain(chain, after: sequence, limit: limit)
        }
    }

    package func auditChains() async throws(StoreError) -> [AuditChainState] {
        try await run("auditChains") { () async throws(StoreError) in try await self.inner.auditChains() }
    }

    package func sweepAudit(before limit: UnixTime, rowsMax: Int) async throws(StoreError) -> Int {
        try await run("sweepAudit") { () async throws(StoreError) in
            try await self.inner.sweepAudit(before: limit, rowsMax: rowsMax)
        }
    }

    package func addUsage(_ deltas: [UsageDelta]) async throws(StoreError) {
        try await run("addUsage") { () async throws(StoreError) in try await self.inner.addUsage(deltas) }
    }

    package func usage(
        of tenant: Tenant,
        apiKey: RecordID?,
        period: UsagePeriod,
        from: UnixTime,
        until: UnixTime,
        limit: Int
    ) async throws(StoreError) -> [UsageBucket] {
        try await run("usage") { () async throws(StoreError) in
            try await self.inner.usage(
                of: tenant,
                apiKey: apiKey,
                period: period,
                from: from,
                until: until,
                limit: limit
            )
        }
    }

    package func lastUse(of tenant: Tenant) async throws(StoreError) -> UnixTime? {
        try await run("lastUse") { () async throws(StoreError) in try await self.inner.lastUse(of: tenant) }
    }

    package func expiringKeys(after cursor: ExpiryCursor, until: UnixTime, limit: Int) async throws(StoreError)
        -> [ExpiringKey]
    {
        try await run("expiringKeys") { () async throws(StoreError) in
            try await self.inner.expiringKeys(after: cursor, until: until, limit: limit)
        }
    }

    package func recordNotice(_ notice: RecordNotice) async throws(StoreError) -> Bool {
        try await run("recordNotice") { () async throws(StoreError) in try await self.inner.recordNotice(notice) }
    }

    package func sweep(now: UnixTime, rowsMax: Int) async throws(StoreError) -> Int {
        try await run("sweep") { () async throws(StoreError) in try await self.inner.sweep(now: now, rowsMax: rowsMax) }
    }

    package func observeChanges(_ observer: any StoreChangesObserver) async throws(StoreError) {
        conductor?.observes(observer)
        try await inner.observeChanges(observer)
    }

    package func isReady() async -> Bool {
        await self.inner.isReady()
    }

    package var isClockOff: Bool { inner.isClockOff }

    package var rateShares: (any RateShares)? { inner.rateShares == nil ? nil : self }

    package func lease(_ ask: RateAsk) async throws(StoreError) -> RateShare {
        try await run("lease") { () async throws(StoreError) in
            guard let shares = self.inner.rateShares else { throw .unavailable("no shares") }
            return try await shares.lease(ask)
        }
    }

    package func close() async {
        await self.inner.close()
    }
}
