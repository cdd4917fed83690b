#if SQLite || Postgres
    internal import Platform

    extension ForwardingStore {
        package func deployment() async throws(StoreError) -> DeploymentRecord? {
            try await read { reader throws(Reader.Failure) in try reader.deployment() }
        }

        package func workspace(_ id: RecordID) async throws(StoreError) -> WorkspaceRecord? {
            try await read { reader throws(Reader.Failure) in try reader.workspace(id) }
        }

        package func workspace(slug: String) async throws(StoreError) -> WorkspaceRecord? {
            try await read { reader throws(Reader.Failure) in try reader.workspace(slug: slug) }
        }

        package func workspaces(_ page: PageRequest) async throws(StoreError) -> Page<WorkspaceRecord> {
            try await read { reader throws(Reader.Failure) in try reader.workspaces(page) }
        }

        package func tenantsWithKeys(now: UnixTime, limit: Int) async throws(StoreError) -> [Tenant] {
            try await read { reader throws(Reader.Failure) in try reader.tenantsWithKeys(now: now, limit: limit) }
        }

        package func apiKey(digest: [UInt8]) async throws(StoreError) -> APIKeyRecord? {
            try await read { reader throws(Reader.Failure) in try reader.apiKey(digest: digest) }
        }

        package func apiKey(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> APIKeyRecord? {
            try await read { reader throws(Reader.Failure) in try reader.apiKey(id, of: tenant) }
        }

        package func apiKeys(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<APIKeyRecord> {
            try await read { reader throws(Reader.Failure) in try reader.apiKeys(of: tenant, page: page) }
        }

        package func importedPrefixes() async throws(StoreError) -> [String] {
            try await read { reader throws(Reader.Failure) in try reader.importedPrefixes() }
        }

        package func importedAPIKeys(prefix: String, lead: String) async throws(StoreError) -> [ImportedAPIKey] {
            try await read { reader throws(Reader.Failure) in try reader.importedAPIKeys(prefix: prefix, lead: lead) }
        }

        package func invite(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> InviteRecord? {
            try await read { reader throws(Reader.Failure) in try reader.invite(id, of: tenant) }
        }

        package func invites(
            of tenant: Tenant,
            filter: InviteFilter,
            page: PageRequest,
            now: UnixTime
        ) async throws(StoreError) -> Page<InviteRecord> {
            try await read { reader throws(Reader.Failure) in
                try reader.invites(of: tenant, filter: filter, page: page, now: now)
            }
        }

        package func session(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> SessionRecord? {
            try await read { reader throws(Reader.Failure) in try reader.session(id, of: tenant) }
        }

        package func sessions(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<SessionRecord> {
            try await read { reader throws(Reader.Failure) in try reader.sessions(of: tenant, page: page) }
        }

        package func policy(at place: PolicyPlace) async throws(StoreError) -> PolicyVersion? {
            try await read { reader throws(Reader.Failure) in try reader.policy(at: place) }
        }

        package func policies(of tenant: Tenant, limit: Int) async throws(StoreError) -> [PolicyVersion] {
            try await read { reader throws(Reader.Failure) in try reader.policies(of: tenant, limit: limit) }
        }

        package func policyVersions(
            at place: PolicyPlace,
            page: PageRequest
        ) async throws(StoreError) -> Page<PolicyVersion> {
            try await read { reader throws(Reader.Failure) in try reader.policyVersions(at: place, page: page) }
        }

        package func cutOffs(
            after number: Int64,
            now: UnixTime,
            limit: Int
        ) async throws(StoreError) -> [CutOffRecord] {
            try await read { reader throws(Reader.Failure) in
                try reader.cutOffs(after: number, now: now, limit: limit)
            }
        }

        package func newestInstant() async throws(StoreError) -> UnixTime {
            try await read { reader throws(Reader.Failure) in try reader.newestInstant() }
        }

        package func lastCutOffNumber() async throws(StoreError) -> Int64 {
            try await read { reader throws(Reader.Failure) in try reader.lastCutOffNumber() }
        }

        package func endedSessions(
            after last: EndedSession?,
            now: UnixTime,
            limit: Int
        ) async throws(StoreError) -> [EndedSession] {
            try await read { reader throws(Reader.Failure) in
                try reader.endedSessions(after: last, now: now, limit: limit)
            }
        }

        package func coverage(
            of target: CutOffTarget,
            in tenant: Tenant,
            now: UnixTime,
            rowsMax: Int
        ) async throws(StoreError) -> CutOffCoverage {
            try await read { reader throws(Reader.Failure) in
                try reader.coverage(of: target, in: tenant, now: now, rowsMax: rowsMax)
            }
        }

        package func recorded(
            scope: [UInt8],
            now: UnixTime
        ) async throws(StoreError) -> (request: [UInt8], result: [UInt8])? {
            try await read { reader throws(Reader.Failure) in try reader.recorded(scope: scope, now: now) }
        }

        package func auditEvents(
            of tenant: Tenant,
            filter: AuditFilter,
            page: PageRequest
        ) async throws(StoreError) -> Page<AuditRecord> {
            try await read { reader throws(Reader.Failure) in
                try reader.auditEvents(of: tenant, filter: filter, page: page)
            }
        }

        package func auditChain(
            _ chain: Int64,
            after sequence: Int64,
            limit: Int
        ) async throws(StoreError) -> [AuditRecord] {
            try await read { reader throws(Reader.Failure) in
                try reader.auditChain(chain, after: sequence, limit: limit)
            }
        }
    }
#endif
