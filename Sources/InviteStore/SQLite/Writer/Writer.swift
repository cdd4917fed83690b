#if SQLite
    internal import Platform

    /// Carries out commands on the one connection that writes.
    ///
    /// Every verb runs inside an open transaction.
    ///
    /// What it remembers between commands is a copy of what the data base holds, read at the start and changed in step
    /// with it; after a rollback it goes back to its ``Mark``.
    final class Writer: StoreWriter, @unchecked Sendable {
        typealias Failure = SQLiteFailure

        // Safe because: made on one thread, then handed to the writer thread, which alone uses it from there on.

        /// What a rollback restores.
        struct Mark {
            var chain: AuditChain
            var lastCutOff: Int64
            var newest: UnixTime
            var savedNewest: UnixTime
            var lookup: LookupWriter
        }

        let connection: Connection
        let begin: Statement
        let commit: Statement
        let sharedCutOffs: SharedCutOffs
        let keys: KeyStatements
        let imports: ImportStatements
        let workspaces: WorkspaceStatements
        let invites: InviteStatements
        let sessions: SessionStatements
        let upkeep: UpkeepStatements
        let policies: PolicyStatements
        let usage: UsageStatements
        let members: MemberStatements
        let webhooks: WebhookStatements
        let sealer: any AuditSealer

        var state: Mark
        var cutOffs: LiveCutOffs
        /// Cut-offs made and removed in the open transaction, for the readers to learn of after it.
        var addedCutOffs: [CutOffRecord] = []
        var removedCutOffs: [CutOffRecord] = []
        private var tenants: TenantNumbers
        private var keyStates: [RecordID: APIKeyState] = [:]

        /// Keys whose state is remembered.
        private static let keyStatesMax = 1_024

        init(_ connection: Connection, sealer: any AuditSealer, lookupBufferEntries: Int) throws(SQLiteFailure) {
            self.connection = connection
            self.sealer = sealer
            begin = try connection.statement("BEGIN IMMEDIATE")
            commit = try connection.statement("COMMIT")
            keys = try KeyStatements(connection)
            imports = try ImportStatements(connection)
            workspaces = try WorkspaceStatements(connection)
            invites = try InviteStatements(connection)
            sessions = try SessionStatements(connection)
            upkeep = try UpkeepStatements(connection)
            policies = try PolicyStatements(connection)
            usage = try UsageStatements(connection)
            members = try MemberStatements(connection)
            webhooks = try WebhookStatements(connection)
            tenants = try TenantNumbers(connection)
            let chain = try AuditChain(connection)
            let meta = try connection.statement("SELECT value FROM meta WHERE name = ?")
            guard let lastCutOff = try meta.first({ $0.add("last_cut_off") }, { row in row.int64() }),
                let newest = try meta.first({ $0.add("newest_instant") }, { row in row.time() })
            else { throw .damaged("a row of meta is missing") }
            state = Mark(
                chain: chain,
                lastCutOff: lastCutOff,
                newest: max(newest, chain.lastAt ?? newest),
                savedNewest: newest,
                lookup: try LookupWriter(connection, bufferEntries: lookupBufferEntries)
            )
            cutOffs = LiveCutOffs()
            for cutOff in try connection.statement(CutOffRow.select).all({ _ in }, { row in row.cutOff() }) {
                cutOffs.insert(cutOff)
            }
            sharedCutOffs = SharedCutOffs(cutOffs)
        }

        // MARK: What every command asks

        /// Refuses a command whose time is behind what is stored already.
        func admit(_ now: UnixTime) throws(SQLiteFailure) {
            let (lag, overflow) = state.newest.milliseconds.subtractingReportingOverflow(now.milliseconds)
            if !overflow, lag > StoreRules.clockLagMillisecondsMax { throw .refused(.clockBehind) }
            state.newest = max(state.newest, now)
        }

        func number(of tenant: Tenant) throws(SQLiteFailure) -> Int64? { try tenants.number(of: tenant) }

        /// True where the key, as the open transaction sees it, may mint at `now`; false for one that does not exist.
        ///
        /// What decides is remembered until the key changes: this store alone can change it.
        func mayMint(_ id: RecordID, now: UnixTime) throws(SQLiteFailure) -> Bool {
            if let known = keyStates[id] { return known.isActive(at: now) }
            guard let key = try apiKey(id) else { return false }
            if keyStates.count >= Self.keyStatesMax { keyStates.removeAll(keepingCapacity: true) }
            let state = APIKeyState(key)
            keyStates[id] = state
            return state.isActive(at: now)
        }

        func apiKey(_ id: RecordID) throws(SQLiteFailure) -> APIKeyRecord? {
            try keys.byID.first({ $0.add(id) }, { row in row.apiKey() })
        }

        func forgetKey(_ id: RecordID) { keyStates[id] = nil }

        // MARK: Ends of a transaction

        /// Writes what belongs to the transaction as a whole.
        func finishTransaction() throws(SQLiteFailure) {
            try state.lookup.finishTransaction()
            let (ahead, overflow) = state.newest.milliseconds.subtractingReportingOverflow(
                state.savedNewest.milliseconds
            )
            // Once a second is often enough: the check allows for five.
            guard overflow || ahead >= 1_000 else { return }
            try upkeep.setMeta.run {
                $0.add(state.newest.milliseconds)
                $0.add("newest_instant")
            }
            state.savedNewest = state.newest
        }

        /// Makes what was committed visible to the readers, before anybody is answered.
        func committed() {
            state.lookup.committed()
            guard !addedCutOffs.isEmpty || !removedCutOffs.isEmpty else { return }
            sharedCutOffs.apply(added: addedCutOffs, removed: removedCutOffs)
            addedCutOffs.removeAll()
            removedCutOffs.removeAll()
        }

        /// Forgets what was rolled back.
        func rolledBack(to mark: Mark) {
            state = mark
            if !addedCutOffs.isEmpty || !removedCutOffs.isEmpty { cutOffs = sharedCutOffs.current }
            addedCutOffs.removeAll()
            removedCutOffs.removeAll()
            keyStates.removeAll(keepingCapacity: true)
            tenants.forget()
        }
    }
#endif
