#if SQLite || Postgres
    internal import Platform

    extension StoredRow where Self: ~Copyable {
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
                createdAt: time(),
                stateSince: optionalTime()
            )
        }
    }
#endif
