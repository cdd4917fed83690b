internal import Platform

/// The whole state of the memory store: a value, changed under its one lock.
///
/// Every verb is a transaction: it throws before it changes anything, or it does all.
struct MemoryTables: Sendable {
    struct HolderKey: Hashable, Sendable {
        let tenant: Tenant
        let invite: RecordID
        let holder: [UInt8]
    }

    struct HeldSession: Sendable {
        let session: RecordID
        let at: UnixTime
    }

    struct ChainEnd: Sendable {
        var sequence: Int64 = 0
        var mac = [UInt8](repeating: 0, count: 32)
    }

    /// One bucket; without a key the tenant's own.
    struct UsageKey: Hashable, Sendable {
        let tenant: Tenant
        let apiKey: RecordID?
        let period: UsagePeriod
        let start: UnixTime
    }

    struct NoticeKey: Hashable, Sendable {
        let key: RecordID
        let expiresAt: UnixTime
        let days: Int
    }

    let sealer: any AuditSealer
    let rowsMax: Int

    var deployment: DeploymentRecord?
    /// The kept versions of each place, oldest first.
    var policies: [PolicyPlace: [PolicyVersion]] = [:]
    var workspaces = OrderedTable<WorkspaceRecord>()
    var apiKeys = OrderedTable<APIKeyRecord>()
    var keysByDigest: [[UInt8]: RecordID] = [:]
    /// Imported keys that were not used yet, by prefix and lead.
    var importedKeys: [String: [ImportedAPIKey]] = [:]
    var importedPrefixes: Set<String> = []
    var invites: [Tenant: OrderedTable<InviteRecord>] = [:]
    var sessions: [Tenant: OrderedTable<SessionRecord>] = [:]
    var redemptions: [HolderKey: HeldSession] = [:]
    var cutOffs: [CutOffRecord] = []
    var lastCutOff: Int64 = 0
    var liveCutOffs = LiveCutOffs()
    var endedSessions: [EndedSession] = []
    var claims: [[UInt8]: IdempotencyClaim] = [:]
    var sweepTurns = SweepTurns<SweepStage>()
    var auditLog: [AuditRecord] = []
    var auditHead = ChainEnd()
    /// What stands for the events removed from the start of `auditLog`.
    var auditCheckpoint: AuditCheckpoint?
    var auditByTenant: [Tenant: OrderedTable<AuditRecord>] = [:]
    var usage: [UsageKey: UsageCounts] = [:]
    var notices: Set<NoticeKey> = []
    var members = OrderedTable<MemberRecord>()
    var memberSessions: [[UInt8]: MemberSession] = [:]
    var webhooks = OrderedTable<WebhookRecord>()
    var webhookPositions: [RecordID: [Int64: Int64]] = [:]
    var webhookDeliveries: [RecordID: OrderedTable<WebhookDelivery>] = [:]
    var rows = 0
    var newest = UnixTime(milliseconds: .min)
    var isClosed = false

    init(sealer: any AuditSealer, rowsMax: Int) {
        self.sealer = sealer
        self.rowsMax = rowsMax
    }

    /// Lets a command in that would add `rows` rows at `now`; it counts them at once.
    mutating func admit(rows added: Int, now: UnixTime) throws(StoreError) {
        try admitRead()
        let (lag, overflow) = newest.milliseconds.subtractingReportingOverflow(now.milliseconds)
        if !overflow, lag > StoreRules.clockLagMillisecondsMax { throw .clockBehind }
        guard rowsMax - rows >= added else { throw .overloaded }
        newest = max(newest, now)
    }

    /// Lets a read in.
    func admitRead() throws(StoreError) {
        if isClosed { throw .unavailable("the store is closed") }
    }

    /// What a claim comes to; nil where the effect is still to be done.
    func earlier<Value>(_ claim: IdempotencyClaim?, now: UnixTime) -> Idempotent<Value>? {
        guard let claim, let stored = claims[claim.scope], stored.expiresAt > now else { return nil }
        return stored.request == claim.request ? .replay(result: stored.result) : .mismatch
    }

    mutating func record(_ claim: IdempotencyClaim?) {
        guard let claim else { return }
        if claims.updateValue(claim, forKey: claim.scope) == nil { rows += 1 }
    }

    /// Links the drafts into the chain.
    mutating func append(_ drafts: [AuditDraft]) {
        for draft in drafts {
            let sequence = auditHead.sequence + 1
            let mac = sealer.seal(
                AuditRecord.canonicalBytes(previous: auditHead.mac, chain: 1, sequence: sequence, draft: draft)
            )
            let record = AuditRecord(draft: draft, chain: 1, sequence: sequence, mac: mac)
            auditHead = ChainEnd(sequence: sequence, mac: mac)
            auditLog.append(record)
            if let tenant = draft.tenant { auditByTenant[tenant, default: OrderedTable()][draft.id] = record }
        }
        rows += drafts.count
    }
}
