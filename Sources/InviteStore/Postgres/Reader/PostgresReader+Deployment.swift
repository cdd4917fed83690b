#if Postgres
    internal import Platform

    extension PostgresReader {
        func deployment() throws(PostgresFailure) -> DeploymentRecord? {
            let results = try snapshot([
                PostgresStatement("SELECT issuer, created_at, master_key_check FROM deployment"),
                PostgresStatement("SELECT purpose, wrapped FROM data_keys"),
                PostgresStatement(SigningKeyRow.select),
            ])
            guard results.count == 3 else { throw .connection("the answers are out of step") }
            let found = try results[0].first { (issuer: $0.text(), createdAt: $0.time(), check: $0.bytes()) }
            guard let found else { return nil }
            let dataKeys = try results[1].all { ($0.text(), $0.bytes()) }
            return DeploymentRecord(
                issuer: found.issuer,
                createdAt: found.createdAt,
                masterKeyCheck: found.check,
                dataKeys: Dictionary(dataKeys) { first, _ in first },
                signingKeys: try results[2].all { $0.signingKey() }
            )
        }

        // Number 0 is the deployment itself.
        private static let workspaces = "SELECT \(WorkspaceRow.columns) FROM workspaces WHERE number > 0"

        func workspace(_ id: RecordID) throws(PostgresFailure) -> WorkspaceRecord? {
            try run(Self.workspaces + " AND id = $1") { $0.add(id) }.first { $0.workspace() }
        }

        func workspace(slug: String) throws(PostgresFailure) -> WorkspaceRecord? {
            try run(Self.workspaces + " AND slug = $1") { $0.add(slug) }.first { $0.workspace() }
        }

        func workspaces(_ page: PageRequest) throws(PostgresFailure) -> Page<WorkspaceRecord> {
            let found = try run(Self.workspaces + " AND id < $1 ORDER BY id DESC LIMIT $2") {
                $0.add(page.before ?? .highest)
                $0.add(page.boundedLimit + 1)
            }.all { $0.workspace() }
            return Page(found, of: page, id: \.id)
        }

        func tenantsWithKeys(now: UnixTime, limit: Int) throws(PostgresFailure) -> [Tenant] {
            try run(
                """
                SELECT DISTINCT w.id, k.tenant FROM api_keys AS k JOIN workspaces AS w ON w.number = k.tenant >> 1
                WHERE w.number > 0 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $1) LIMIT $2
                """
            ) {
                $0.add(now)
                $0.add(max(0, limit))
            }.all { Tenant(workspace: $0.id(), environment: DeploymentEnvironment(code: $0.int64())) }
        }

        func apiKey(digest: [UInt8]) throws(PostgresFailure) -> APIKeyRecord? {
            try run(APIKeyRow.select + " WHERE k.digest = $1") { $0.add(digest) }.first { $0.apiKey() }
        }

        func apiKey(_ id: RecordID, of tenant: Tenant) throws(PostgresFailure) -> APIKeyRecord? {
            guard let number = try number(of: tenant) else { return nil }
            return try run(APIKeyRow.select + " WHERE k.id = $1 AND k.tenant = $2") {
                $0.add(id)
                $0.add(number)
            }.first { $0.apiKey() }
        }

        func apiKeys(of tenant: Tenant, page: PageRequest) throws(PostgresFailure) -> Page<APIKeyRecord> {
            guard let number = try number(of: tenant) else { return Page(records: [], next: nil) }
            let found = try run(APIKeyRow.select + " WHERE k.tenant = $1 AND k.id < $2 ORDER BY k.id DESC LIMIT $3") {
                $0.add(number)
                $0.add(page.before ?? .highest)
                $0.add(page.boundedLimit + 1)
            }.all { $0.apiKey() }
            return Page(found, of: page, id: \.id)
        }

        func importedPrefixes() throws(PostgresFailure) -> [String] {
            try run("SELECT prefix FROM imported_prefixes ORDER BY prefix COLLATE \"C\"").all { $0.text() }
        }

        func importedAPIKeys(prefix: String, lead: String) throws(PostgresFailure) -> [ImportedAPIKey] {
            try run(
                """
                SELECT \(APIKeyRow.selected), i.key_index, i.hash FROM imported_keys AS i
                JOIN api_keys AS k ON k.id = i.id JOIN workspaces AS w ON w.number = k.tenant >> 1
                WHERE i.prefix = $1 AND i.lead = $2 AND k.revoked_at IS NULL LIMIT $3
                """
            ) {
                $0.add(prefix)
                $0.add(lead)
                $0.add(ImportedAPIKey.alikeMax)
            }.all { ImportedAPIKey(key: $0.apiKey(), index: $0.text(), hash: $0.text()) }
        }

        func recorded(
            scope: [UInt8],
            now: UnixTime
        ) throws(PostgresFailure) -> (request: [UInt8], result: [UInt8])? {
            try run("SELECT request, result FROM idempotency WHERE scope = $1 AND expires_at > $2") {
                $0.add(scope)
                $0.add(now)
            }.first { ($0.bytes(), $0.bytes()) }
        }
    }
#endif
