#if SQLite
    internal import Platform

    /// Answers reads on one read-only connection, beside the writer.
    final class Reader: StoreReader, @unchecked Sendable {
        typealias Failure = SQLiteFailure

        // Safe because: made on one thread, then handed to one reader thread, which alone uses it from there on.
        let connection: Connection
        let cutOffs: SharedCutOffs
        let lookup: LookupBuffer
        let statements: ReaderStatements
        let counts: CountStatements
        let members: MemberReads
        let webhooks: WebhookReads
        private let begin: Statement
        private let commit: Statement
        private var tenants: TenantNumbers

        init(
            _ connection: Connection,
            cutOffs: SharedCutOffs,
            lookup: LookupBuffer
        ) throws(SQLiteFailure) {
            self.connection = connection
            self.cutOffs = cutOffs
            self.lookup = lookup
            statements = try ReaderStatements(connection)
            counts = try CountStatements(connection)
            members = try MemberReads(connection)
            webhooks = try WebhookReads(connection)
            begin = try connection.statement("BEGIN")
            commit = try connection.statement("COMMIT")
            tenants = try TenantNumbers(connection)
        }

        func number(of tenant: Tenant) throws(SQLiteFailure) -> Int64? { try tenants.number(of: tenant) }

        /// Several statements that see one state of the data base.
        func snapshot<Value>(_ body: () throws(SQLiteFailure) -> Value) throws(SQLiteFailure) -> Value {
            try begin.run()
            do throws(SQLiteFailure) {
                let value = try body()
                try commit.run()
                return value
            } catch {
                if connection.isInTransaction { try? connection.execute("ROLLBACK") }
                throw error
            }
        }
    }

    /// The statements of a reader.
    struct ReaderStatements {
        let deployment: Statement
        let dataKeys: Statement
        let signingKeys: Statement
        let workspace: Statement
        let workspaceBySlug: Statement
        let workspaces: Statement
        let tenantsWithKeys: Statement
        let keyByDigest: Statement
        let keyByID: Statement
        let keysOfTenant: Statement
        let importedPrefixes: Statement
        let importedKeys: Statement
        let invite: Statement
        let invites: Statement
        let session: Statement
        let sessions: Statement
        let sessionsPage: Statement
        let policies: Statement
        let policy: Statement
        let policyVersions: Statement
        let cutOffs: Statement
        let lastCutOff: Statement
        let endedSessions: Statement
        let claim: Statement
        let auditEvent: Statement
        let auditChain: Statement
        let epochs: Statement
        let lookupPage: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            deployment = try connection.statement("SELECT issuer, created_at, master_key_check FROM deployment")
            dataKeys = try connection.statement("SELECT purpose, wrapped FROM data_keys")
            signingKeys = try connection.statement(SigningKeyRow.select)
            // Number 0 is the deployment itself.
            workspace = try connection.statement(
                "SELECT \(WorkspaceRow.columns) FROM workspaces WHERE id = ? AND number > 0"
            )
            workspaceBySlug = try connection.statement(
                "SELECT \(WorkspaceRow.columns) FROM workspaces WHERE slug = ? AND number > 0"
            )
            workspaces = try connection.statement(
                "SELECT \(WorkspaceRow.columns) FROM workspaces WHERE id < ? AND number > 0 ORDER BY id DESC LIMIT ?"
            )
            tenantsWithKeys = try connection.statement(
                """
                SELECT DISTINCT w.id, k.tenant FROM api_keys AS k JOIN workspaces AS w ON w.number = k.tenant >> 1
                WHERE w.number > 0 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ?) LIMIT ?
                """
            )
            keyByDigest = try connection.statement(APIKeyRow.select + " WHERE k.digest = ?")
            keyByID = try connection.statement(APIKeyRow.select + " WHERE k.id = ? AND k.tenant = ?")
            keysOfTenant = try connection.statement(
                APIKeyRow.select + " WHERE k.tenant = ? AND k.id < ? ORDER BY k.id DESC LIMIT ?"
            )
            importedPrefixes = try connection.statement("SELECT prefix FROM imported_prefixes ORDER BY prefix")
            importedKeys = try connection.statement(
                """
                SELECT \(APIKeyRow.selected), i.key_index, i.hash FROM imported_keys AS i
                JOIN api_keys AS k ON k.id = i.id JOIN workspaces AS w ON w.number = k.tenant >> 1
                WHERE i.prefix = ? AND i.lead = ? AND k.revoked_at IS NULL LIMIT ?
                """
            )
            invite = try connection.statement("SELECT \(InviteRow.columns) FROM invites WHERE tenant = ? AND id = ?")
            invites = try connection.statement(
                "SELECT \(InviteRow.columns) FROM invites WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?"
            )
            session = try connection.statement("SELECT \(SessionRow.columns) FROM sessions WHERE tenant = ? AND id = ?")
            sessions = try connection.statement(
                "SELECT \(SessionRow.columns) FROM sessions WHERE tenant = ? ORDER BY id DESC LIMIT ?"
            )
            sessionsPage = try connection.statement(
                "SELECT \(SessionRow.columns) FROM sessions WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?"
            )
            policies = try connection.statement(PolicyRow.selectStanding)
            policy = try connection.statement(PolicyRow.selectNewest)
            policyVersions = try connection.statement(PolicyRow.selectVersions)
            cutOffs = try connection.statement(
                CutOffRow.select + " WHERE c.number > ? AND c.forget_at > ? ORDER BY c.number LIMIT ?"
            )
            lastCutOff = try connection.statement("SELECT value FROM meta WHERE name = 'last_cut_off'")
            endedSessions = try connection.statement(
                """
                SELECT session, forget_at FROM ended_sessions WHERE (forget_at, session) > (?, ?)
                ORDER BY forget_at, session LIMIT ?
                """
            )
            claim = try connection.statement(
                "SELECT request, result FROM idempotency WHERE scope = ? AND expires_at > ?"
            )
            auditEvent = try connection.statement(
                "SELECT \(AuditRow.columns) FROM audit_events WHERE chain = ? AND sequence = ?"
            )
            auditChain = try connection.statement(
                """
                SELECT \(AuditRow.columns) FROM audit_events WHERE chain = ? AND sequence > ? ORDER BY sequence LIMIT ?
                """
            )
            epochs = try connection.statement(LookupWriter.epochsQuery + " WHERE family = ? AND state = 1")
            lookupPage = try connection.statement("SELECT entries FROM lookup_pages WHERE number = ?")
        }
    }
#endif
