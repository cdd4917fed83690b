package import Platform

/// The system of record: deployments, keys, invites, sessions, cut-offs and the audit trail.
///
/// What every store promises:
///
/// - **One row decides.** Single use, idempotency, key limits and revocation are each settled by one conditional
///   statement inside the transaction; there is no lock, lease or cache that a second process could miss.
/// - **Durable before visible.** A method returns normally only after its transaction has been synced.
/// - **State and audit together.** The audit drafts of a command commit with its effect, or neither does.
/// - **Fail closed.** An error means that nothing was done, but for ``StoreError/unknownOutcome(_:)``.
/// - **Only digests and ciphertext.** No method takes a secret, an address or a token.
/// - **Bounded.** Waiting commands stand in queues of a fixed length (``StoreError/overloaded``) and under a deadline
///   (``StoreError/deadlineExceeded``); rows past their use are removed by ``sweep(now:rowsMax:)``.
///
/// Methods may be called from any thread or task. Times are passed in; a store asks no clock for anything that it
/// stores. A command whose `now` is more than 5 s behind the newest stored instant fails with
/// ``StoreError/clockBehind``.
package protocol InviteStore: AuditSource, MemberStore, WebhookStore {
    // MARK: Time

    /// The newest instant that the store has seen, in whichever process, to a second: a clock that is behind it by more
    /// than 5 s is wrong. Long ago where nothing was stored.
    func newestInstant() async throws(StoreError) -> UnixTime

    // MARK: Deployment

    /// The deployment, or nil where nothing was set up.
    func deployment() async throws(StoreError) -> DeploymentRecord?

    /// Writes a new deployment in one transaction; ``StoreError/alreadyInitialised`` where there is one.
    func initialise(_ seed: DeploymentSeed) async throws(StoreError)

    /// Replaces the set of signing keys, if it still is as it was read; false, and nothing done, where it is not.
    func replaceSigningKeys(_ command: ReplaceSigningKeys) async throws(StoreError) -> Bool

    // MARK: Workspaces

    func workspace(_ id: RecordID) async throws(StoreError) -> WorkspaceRecord?

    /// The workspace with this slug.
    func workspace(slug: String) async throws(StoreError) -> WorkspaceRecord?

    /// All workspaces, newest first.
    func workspaces(_ page: PageRequest) async throws(StoreError) -> Page<WorkspaceRecord>

    /// Makes a workspace; whoever asks must be active in the same transaction.
    func createWorkspace(_ command: CreateWorkspace) async throws(StoreError) -> Idempotent<CreateWorkspaceOutcome>

    /// Changes a workspace that still is as it was read; whoever asks must be active in the same transaction.
    func changeWorkspace(_ command: ChangeWorkspace) async throws(StoreError) -> ChangeWorkspaceOutcome

    /// The tenants that hold a key that is neither revoked nor expired at `now`; at most `limit`. The deployment, which
    /// holds platform keys, is none of them.
    func tenantsWithKeys(now: UnixTime, limit: Int) async throws(StoreError) -> [Tenant]

    // MARK: API keys

    /// The key with this digest (32 bytes), whatever its state.
    func apiKey(digest: [UInt8]) async throws(StoreError) -> APIKeyRecord?

    /// The key with this id, if it belongs to the tenant.
    func apiKey(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> APIKeyRecord?

    func apiKeys(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<APIKeyRecord>

    func createAPIKey(_ command: CreateAPIKey) async throws(StoreError) -> Idempotent<CreateAPIKeyOutcome>

    /// Changes a key that still is as it was read; whoever asks must be active in the same transaction.
    func editAPIKey(_ command: EditAPIKey) async throws(StoreError) -> EditAPIKeyOutcome

    /// Makes a key's successor and gives the key its end; of several that try, one does it.
    func rotateAPIKey(_ command: RotateAPIKey) async throws(StoreError) -> Idempotent<RotateAPIKeyOutcome>

    /// Changes a key and returns it as it is afterwards; nil where the tenant has no such key. The audit drafts are
    /// stored only where something changed.
    func changeAPIKey(
        _ id: RecordID,
        of tenant: Tenant,
        change: APIKeyChange,
        now: UnixTime,
        audit: [AuditDraft]
    ) async throws(StoreError) -> APIKeyRecord?

    /// Raises the last-used time of keys; ids that are unknown are passed over.
    func recordUse(_ lastUsed: [RecordID: UnixTime]) async throws(StoreError)

    // MARK: Imported API keys

    func importAPIKeys(_ command: ImportAPIKeys) async throws(StoreError) -> ImportAPIKeysOutcome

    /// Every prefix that a key was ever imported with, at most ``ImportedAPIKey/prefixesMax``.
    func importedPrefixes() async throws(StoreError) -> [String]

    /// Imported keys that were not used yet and are not revoked, by prefix and the first characters after it; at most
    /// ``ImportedAPIKey/alikeMax``.
    func importedAPIKeys(prefix: String, lead: String) async throws(StoreError) -> [ImportedAPIKey]

    /// Settles an imported key; false where it was settled before.
    func settleImport(_ command: SettleImport) async throws(StoreError) -> Bool

    // MARK: Invites

    func createInvites(_ command: CreateInvites) async throws(StoreError) -> Idempotent<CreateOutcome>

    func invite(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> InviteRecord?

    /// Invites of the tenant, newest first. Complete at every instant: an invite is listed as soon as it is stored.
    func invites(
        of tenant: Tenant,
        filter: InviteFilter,
        page: PageRequest,
        now: UnixTime
    ) async throws(StoreError) -> Page<InviteRecord>

    func redeem(_ command: RedeemInvite) async throws(StoreError) -> RedeemOutcome

    func revokeInvite(_ command: RevokeInvite) async throws(StoreError) -> RevokeInviteOutcome

    // MARK: Sessions

    func createSession(_ command: CreateSession) async throws(StoreError) -> Idempotent<CreateOutcome>

    func session(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> SessionRecord?

    func renewSession(_ command: RenewSession) async throws(StoreError) -> RenewOutcome

    /// Ends a session; what validators must remember of it, nil where the tenant has no such session. Ending an ended one
    /// changes nothing.
    func endSession(_ command: EndSession) async throws(StoreError) -> EndedSession?

    /// Sessions of the tenant, newest first, whatever their state.
    func sessions(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<SessionRecord>

    // MARK: Policies

    /// The newest version of a place, be it one that took the policy away; nil where there never was one.
    func policy(at place: PolicyPlace) async throws(StoreError) -> PolicyVersion?

    /// The newest versions of the tenant's places that have a policy, and the deployment's; at most `limit`.
    func policies(of tenant: Tenant, limit: Int) async throws(StoreError) -> [PolicyVersion]

    /// The versions of a place that are still kept (the last 100), newest first.
    func policyVersions(at place: PolicyPlace, page: PageRequest) async throws(StoreError) -> Page<PolicyVersion>

    /// Makes the next version of a place, unless somebody else made one in the meantime; whoever asks must be active in
    /// the same transaction.
    func changePolicy(_ command: ChangePolicy) async throws(StoreError) -> ChangePolicyOutcome

    // MARK: Revocation

    /// Makes one cut-off; one on an invite also marks the invite as revoked, so that it shows.
    func createCutOff(_ command: CreateCutOff) async throws(StoreError) -> Idempotent<CutOffRecord>

    /// Cut-offs with a higher number that are not yet forgotten at `now`, in order; at most `limit`.
    func cutOffs(after number: Int64, now: UnixTime, limit: Int) async throws(StoreError) -> [CutOffRecord]

    /// The highest number ever given, 0 where there was none; survives forgotten cut-offs.
    func lastCutOffNumber() async throws(StoreError) -> Int64

    /// Sessions ended before their time that are not yet forgotten at `now`, in the order of ``EndedSession``, those behind
    /// `last` alone where it is given; at most `limit`.
    func endedSessions(
        after last: EndedSession?,
        now: UnixTime,
        limit: Int
    ) async throws(StoreError) -> [EndedSession]

    /// Counts what a cut-off would end; stops at `rowsMax` rows examined.
    func coverage(
        of target: CutOffTarget,
        in tenant: Tenant,
        now: UnixTime,
        rowsMax: Int
    ) async throws(StoreError) -> CutOffCoverage

    // MARK: Idempotency

    /// What was recorded under this scope and is not expired at `now`: the request digest and the result.
    func recorded(
        scope: [UInt8],
        now: UnixTime
    ) async throws(StoreError) -> (request: [UInt8], result: [UInt8])?

    // MARK: Audit

    /// Stores events that belong to no other change, such as a refused credential.
    func appendAudit(_ drafts: [AuditDraft], now: UnixTime) async throws(StoreError)

    /// Events of the tenant, newest first by id.
    func auditEvents(
        of tenant: Tenant,
        filter: AuditFilter,
        page: PageRequest
    ) async throws(StoreError) -> Page<AuditRecord>

    /// Removes at most `rowsMax` events from the start of the chains, those from before `limit`, and returns how many.
    ///
    /// A sealed ``AuditCheckpoint`` takes their place in the same transaction, so that the chain still verifies. The
    /// newest event of a chain always stays.
    func sweepAudit(before limit: UnixTime, rowsMax: Int) async throws(StoreError) -> Int

    // MARK: Usage

    /// Adds what was counted to the minute, the hour and the day of each key and of its tenant, all in one transaction.
    ///
    /// Deltas of a workspace that does not exist are passed over.
    func addUsage(_ deltas: [UsageDelta]) async throws(StoreError)

    /// The buckets that start from `from` up to but not including `until` and hold something, oldest first; at most
    /// `limit`. Without a key those of the whole tenant.
    func usage(
        of tenant: Tenant,
        apiKey: RecordID?,
        period: UsagePeriod,
        from: UnixTime,
        until: UnixTime,
        limit: Int
    ) async throws(StoreError) -> [UsageBucket]

    /// The start of the newest bucket in which a key of the tenant sent a request: a minute's, or where that is too
    /// long ago an hour's or a day's.
    func lastUse(of tenant: Tenant) async throws(StoreError) -> UnixTime?

    // MARK: Notices

    /// Keys that are not revoked and end behind the cursor and at or before `until`, in the cursor's order; at most
    /// `limit`.
    func expiringKeys(
        after cursor: ExpiryCursor,
        until: UnixTime,
        limit: Int
    ) async throws(StoreError) -> [ExpiringKey]

    /// Records a notice and its audit events; false, and nothing done, where it was recorded before.
    func recordNotice(_ notice: RecordNotice) async throws(StoreError) -> Bool

    // MARK: Upkeep

    /// Removes at most `rowsMax` rows that are past their use at `now`, and returns how many.
    ///
    /// Invites go 30 days after their end, sessions when they can neither renew nor be asked about (30 days after
    /// `renewUntil`), cut-offs, ended-session marks, idempotency records and notices when their time is over, usage buckets when
    /// theirs is (``UsagePeriod/keptSeconds``), members' sessions when they have expired. Where anything was removed, `now` is the
    /// newest instant from then on: what was over by it stays over.
    func sweep(now: UnixTime, rowsMax: Int) async throws(StoreError) -> Int

    /// Begins to tell what is committed from now on, whoever does it, until the store is closed; for stores that several
    /// processes share.
    ///
    /// Whoever remembers what was read calls it before reading.
    func observeChanges(_ observer: any StoreChangesObserver) async throws(StoreError)

    /// Shares of limits, where several processes may use the store; nil where one has it for itself.
    var rateShares: (any RateShares)? { get }

    /// True while commands can succeed, as far as the store knows without trying one.
    func isReady() async -> Bool

    /// True while the machine's clock is too far from the one that the store goes by, which is why it is not ready.
    var isClockOff: Bool { get }

    /// Finishes what is queued, syncs and closes; later calls fail with ``StoreError/unavailable(_:)``.
    func close() async
}

extension InviteStore {
    package var rateShares: (any RateShares)? { nil }

    /// A store on the same machine goes by the same clock.
    package var isClockOff: Bool { false }
}
