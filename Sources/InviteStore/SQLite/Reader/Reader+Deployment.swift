#if SQLite
    internal import Platform

    extension Reader {
        func deployment() throws(SQLiteFailure) -> DeploymentRecord? {
            try snapshot { () throws(SQLiteFailure) in
                let found = try statements.deployment.first { _ in
                } _: { row in
                    (issuer: row.text(), createdAt: row.time(), check: row.bytes())
                }
                guard let found else { return nil }
                let dataKeys = try statements.dataKeys.all { _ in
                } _: { row in
                    (row.text(), row.bytes())
                }
                return DeploymentRecord(
                    issuer: found.issuer,
                    createdAt: found.createdAt,
                    masterKeyCheck: found.check,
                    dataKeys: Dictionary(dataKeys) { first, _ in first },
                    signingKeys: try statements.signingKeys.all { _ in
                    } _: { row in
                        row.signingKey()
                    }
                )
            }
        }

        func workspace(_ id: RecordID) throws(SQLiteFailure) -> WorkspaceRecord? {
            try statements.workspace.first {
                $0.add(id)
            } _: { row in
                row.workspace()
            }
        }

        func workspace(slug: String) throws(SQLiteFailure) -> WorkspaceRecord? {
            try statements.workspaceBySlug.first {
                $0.add(slug)
            } _: { row in
                row.workspace()
            }
        }

        func workspaces(_ page: PageRequest) throws(SQLiteFailure) -> Page<WorkspaceRecord> {
            let found = try statements.workspaces.all {
                $0.add(page.before ?? .highest)
                $0.add(page.boundedLimit + 1)
            } _: { row in
                row.workspace()
            }
            return Page(found, of: page, id: \.id)
        }

        func tenantsWithKeys(now: UnixTime, limit: Int) throws(SQLiteFailure) -> [Tenant] {
            try statements.tenantsWithKeys.all {
                $0.add(now)
                $0.add(max(0, limit))
            } _: { row in
                Tenant(workspace: row.id(), environment: DeploymentEnvironment(code: row.int64()))
            }
        }

        func apiKey(digest: [UInt8]) throws(SQLiteFailure) -> APIKeyRecord? {
            try statements.keyByDigest.first {
                $0.add(digest)
            } _: { row in
                row.apiKey()
            }
        }

        func apiKey(_ id: RecordID, of tenant: Tenant) throws(SQLiteFailure) -> APIKeyRecord? {
            guard let number = try number(of: tenant) else { return nil }
            return try statements.keyByID.first {
                $0.add(id)
                $0.add(number)
            } _: { row in
                row.apiKey()
            }
        }

        func apiKeys(of tenant: Tenant, page: PageRequest) throws(SQLiteFailure) -> Page<APIKeyRecord> {
            guard let number = try number(of: tenant) else { return Page(records: [], next: nil) }
            let found = try statements.keysOfTenant.all {
                $0.add(number)
                $0.add(page.before ?? .highest)
                $0.add(page.boundedLimit + 1)
            } _: { row in
                row.apiKey()
            }
            return Page(found, of: page, id: \.id)
        }

        func importedPrefixes() throws(SQLiteFailure) -> [String] {
            try statements.importedPrefixes.all { row in row.text() }
        }

        func importedAPIKeys(prefix: String, lead: String) throws(SQLiteFailure) -> [ImportedAPIKey] {
            try statements.importedKeys.all {
                $0.add(prefix)
                $0.add(lead)
                $0.add(ImportedAPIKey.alikeMax)
            } _: { row in
                ImportedAPIKey(key: row.apiKey(), index: row.text(), hash: row.text())
            }
        }

        func recorded(scope: [UInt8], now: UnixTime) throws(SQLiteFailure) -> (request: [UInt8], result: [UInt8])? {
            try statements.claim.first {
                $0.add(scope)
                $0.add(now)
            } _: { row in
                (row.bytes(), row.bytes())
            }
        }
    }
#endif
