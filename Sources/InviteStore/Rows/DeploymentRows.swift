#if SQLite || Postgres
    internal import Platform

    /// The columns of `api_keys`, read together with the workspace that the tenant number stands for.
    enum APIKeyRow {
        static let columns = """
            id, tenant, digest, kind, name, prefix, last4, scopes, ip_allowlist, allowed_origins, created_at, \
            created_by, expires_at, suspended_at, revoked_at, last_used_at, replaced_by
            """

        /// What ``StoredRow/apiKey()`` reads, where `k` is the key's table and `w` its workspace's.
        static let selected = """
            w.id, k.id, k.tenant, k.digest, k.kind, k.name, k.prefix, k.last4, k.scopes, k.ip_allowlist, \
            k.allowed_origins, k.created_at, k.created_by, k.expires_at, k.suspended_at, k.revoked_at, \
            k.last_used_at, k.replaced_by
            """

        /// Follow with a WHERE clause; `k` is the key's table.
        static let select = """
            SELECT \(selected) FROM api_keys AS k JOIN workspaces AS w ON w.number = k.tenant >> 1
            """
    }

    enum WorkspaceRow {
        static let columns = "id, slug, name, plan, settings, created_at"
    }

    enum SigningKeyRow {
        static let columns = "id, key_id, algorithm, wrapped, state, created_at, state_since"

        static let select = "SELECT \(columns) FROM signing_keys ORDER BY position"
    }
#endif
