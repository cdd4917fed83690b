#if SQLite
    internal import Platform

    extension APIKeyRow {
        static let insert = """
            INSERT INTO api_keys (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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

    extension WorkspaceRow {
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

    extension SigningKeyRow {
        static let insert = "INSERT INTO signing_keys (position, \(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

        static func bind(_ key: SigningKeyRecord, position: Int, to binder: inout Binder) {
            binder.add(position)
            binder.add(key.id)
            binder.add(key.keyID)
            binder.add(key.algorithm)
            binder.add(key.wrappedPrivateKey)
            binder.add(key.state.rawValue)
            binder.add(key.createdAt)
            binder.add(key.stateSince)
        }
    }
#endif
