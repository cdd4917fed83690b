#if SQLite
    internal import Platform

    /// The columns of `api_keys`, read together with the workspace that the tenant number stands for.
    enum APIKeyRow {
        private static let columns = """
            id, tenant, digest, kind, name, prefix, last4, scopes, ip_allowlist, allowed_origins, created_at, \
            created_by, expires_at, suspended_at, revoked_at, last_used_at, replaced_by
            """

        static let insert = """
            INSERT INTO api_keys (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """

        /// What ``Row/apiKey()`` reads, where `k` is the key's table and `w` its workspace's.
        static let selected = """
            w.id, k.id, k.tenant, k.digest, k.kind, k.name, k.prefix, k.last4, k.scopes, k.ip_allowlist, \
            k.allowed_origins, k.created_at, k.created_by, k.expires_at, k.suspended_at, k.revoked_at, \
            k.last_used_at, k.replaced_by
            """

        /// Follow with a WHERE clause; `k` is the key's table.
        static let select = """
            SELECT \(selected) FROM api_keys AS k JOIN workspaces AS w ON w.number = k.tenant >> 1
            """

        static func bind(_ key: APIKeyRecord, tenant: Int64, to binder: inout Binder) {
            binder.add(key.id)
            binder.add(tenant)
            binder.add(key.digest)
            binder.add(key.kind.rawValue)
            binder.add(key.name)
            binder.add(key.prefix)
            binder.add(key.last4)
            binder.add(ListCodec.encode(key.scopes))
            binder.add(ListCodec.encode(key.ipAllowlist))
            binder.add(ListCodec.encode(key.allowedOrigins))
            binder.add(key.createdAt)
            binder.add(key.createdBy)
            binder.add(key.expiresAt)
            binder.add(key.suspendedAt)
            binder.add(key.revokedAt)
            binder.add(key.lastUsedAt)
            binder.add(key.replacedBy)
        }
    }

    enum WorkspaceRow {
        static let columns = "id, slug, name, plan, settings, created_at"
        static let insert = "INSERT INTO workspaces (\(columns)) VALUES (?, ?, ?, ?, ?, ?)"

        static func bind(_ workspace: WorkspaceRecord, to binder: inout Binder) {
            binder.add(workspace.id)
            binder.add(workspace.slug)
            binder.add(workspace.name)
            binder.add(workspace.plan.rawValue)
            binder.add(workspace.settings)
            binder.add(workspace.createdAt)
        }
    }

    enum SigningKeyRow {
        static let columns = "id, key_id, algorithm, wrapped, state, created_at"
        static let insert = "INSERT INTO signing_keys (position, \(columns)) VALUES (?, ?, ?, ?, ?, ?, ?)"

        static func bind(_ key: SigningKeyRecord, position: Int, to binder: inout Binder) {
            binder.add(position)
            binder.add(key.id)
            binder.add(key.keyID)
            binder.add(key.algorithm)
            binder.add(key.wrappedPrivateKey)
            binder.add(key.state.rawValue)
            binder.add(key.createdAt)
        }
    }

    extension Row {
        mutating func apiKey() -> APIKeyRecord {
            let workspace = id()
            let key = id()
            let tenant = Tenant(workspace: workspace, environment: DeploymentEnvironment(code: int64()))
            return APIKeyRecord(
                id: key,
                tenant: tenant,
                digest: bytes(),
                kind: named(APIKeyKind.self) ?? .standard,
                name: text(),
                prefix: text(),
                last4: text(),
                scopes: list(),
                ipAllowlist: list(),
                allowedOrigins: list(),
                createdAt: time(),
                createdBy: optionalID(),
                expiresAt: optionalTime(),
                suspendedAt: optionalTime(),
                revokedAt: optionalTime(),
                lastUsedAt: optionalTime(),
                replacedBy: optionalID()
            )
        }

        mutating func workspace() -> WorkspaceRecord {
            WorkspaceRecord(
                id: id(),
                slug: text(),
                name: text(),
                plan: named(Plan.self) ?? .free,
                settings: bytes(),
                createdAt: time()
            )
        }

        mutating func signingKey() -> SigningKeyRecord {
            SigningKeyRecord(
                id: id(),
                keyID: text(),
                algorithm: text(),
                wrappedPrivateKey: bytes(),
                state: named(SigningKeyState.self) ?? .revoked,
                createdAt: time()
            )
        }
    }
#endif
