#if SQLite || Postgres
    internal import Platform

    /// What a store's reader answers, on its own thread: the reads of ``InviteStore``, which says what each means.
    protocol StoreReader: StoreContext {
        func deployment() throws(Failure) -> DeploymentRecord?
        func workspace(_ id: RecordID) throws(Failure) -> WorkspaceRecord?
        func workspace(slug: String) throws(Failure) -> WorkspaceRecord?
        func workspaces(_ page: PageRequest) throws(Failure) -> Page<WorkspaceRecord>
        func tenantsWithKeys(now: UnixTime, limit: Int) throws(Failure) -> [Tenant]
        func apiKey(digest: [UInt8]) throws(Failure) -> APIKeyRecord?
        func apiKey(_ id: RecordID, of tenant: Tenant) throws(Failure) -> APIKeyRecord?
        func apiKeys(of tenant: Tenant, page: PageRequest) throws(Failure) -> Page<APIKeyRecord>
        func importedPrefixes() throws(Failure) -> [String]
        func importedAPIKeys(prefix: String, lead: String) throws(Failure) -> [ImportedAPIKey]
        func invite(_ id: RecordID, of tenant: Tenant) throws(Failure) -> InviteRecord?
        func invites(
            of tenant: Tenant,
            filter: InviteFilter,
            page: PageRequest,
            now: UnixTime
        ) throws(Failure) -> Page<InviteRecord>
        func session(_ id: RecordID, of tenant: Tenant) throws(Failure) -> SessionRecord?
        func sessions(of tenant: Tenant, page: PageRequest) throws(Failure) -> Page<SessionRecord>
        func policy(at place: PolicyPlace) throws(Failure) -> PolicyVersion?
        func policies(of tenant: Tenant, limit: Int) throws(Failure) -> [PolicyVersion]
        func policyVersions(at place: PolicyPlace, page: PageRequest) throws(Failure) -> Page<PolicyVersion>
        func cutOffs(after number: Int64, now: UnixTime, limit: Int) throws(Failure) -> [CutOffRecord]
        func newestInstant() throws(Failure) -> UnixTime
        func lastCutOffNumber() throws(Failure) -> Int64
        func endedSessions(after last: EndedSession?, now: UnixTime, limit: Int) throws(Failure) -> [EndedSession]
        func coverage(
            of target: CutOffTarget,
            in tenant: Tenant,
            now: UnixTime,
            rowsMax: Int
        ) throws(Failure) -> CutOffCoverage
        func recorded(scope: [UInt8], now: UnixTime) throws(Failure) -> (request: [UInt8], result: [UInt8])?
        func auditEvents(of tenant: Tenant, filter: AuditFilter, page: PageRequest) throws(Failure) -> Page<AuditRecord>
        func auditChain(_ chain: Int64, after sequence: Int64, limit: Int) throws(Failure) -> [AuditRecord]

        func member(_ name: MemberName) throws(Failure) -> MemberRecord?
        func members(of workspace: RecordID?, page: PageRequest) throws(Failure) -> Page<MemberRecord>
        func memberSession(digest: [UInt8]) throws(Failure) -> SignedIn?

        func webhook(_ id: RecordID, of tenant: Tenant) throws(Failure) -> WebhookRecord?
        func webhooks(of tenant: Tenant, page: PageRequest) throws(Failure) -> Page<WebhookRecord>
        func webhookDeliveries(
            to id: RecordID,
            of tenant: Tenant,
            page: PageRequest
        ) throws(Failure) -> Page<WebhookDelivery>
        func webhookEndpoints(after id: RecordID?, limit: Int) throws(Failure) -> [WebhookEndpoint]

        func auditChains() throws(Failure) -> [AuditChainState]
        func usage(
            of tenant: Tenant,
            apiKey: RecordID?,
            period: UsagePeriod,
            from: UnixTime,
            until: UnixTime,
            limit: Int
        ) throws(Failure) -> [UsageBucket]
        func lastUse(of tenant: Tenant) throws(Failure) -> UnixTime?
        func expiringKeys(after cursor: ExpiryCursor, until: UnixTime, limit: Int) throws(Failure) -> [ExpiringKey]
    }
#endif
