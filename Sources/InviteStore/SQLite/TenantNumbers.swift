#if SQLite
    /// The numbers that stand for tenants inside the data base: the workspace's number times two plus environment.
    ///
    /// One for each connection. Numbers never change, so what was read once holds; the memory is bounded.
    struct TenantNumbers {
        private static let rememberedMax = 4_096

        private let read: Statement
        private var workspaces: [RecordID: Int64] = [:]
        /// The workspace that was asked for last, as a rule the next one too.
        private var last: (workspace: RecordID, number: Int64)?

        init(_ connection: Connection) throws(SQLiteFailure) {
            read = try connection.statement("SELECT number FROM workspaces WHERE id = ?")
        }

        /// Nil where there is no such workspace.
        mutating func number(of tenant: Tenant) throws(SQLiteFailure) -> Int64? {
            if let last, last.workspace == tenant.workspace { return last.number << 1 | tenant.environment.code }
            guard let number = try number(of: tenant.workspace) else { return nil }
            last = (tenant.workspace, number)
            return number << 1 | tenant.environment.code
        }

        private mutating func number(of workspace: RecordID) throws(SQLiteFailure) -> Int64? {
            if let number = workspaces[workspace] { return number }
            guard let number = try read.first({ $0.add(workspace) }, { row in row.int64() }) else { return nil }
            if workspaces.count >= Self.rememberedMax { workspaces.removeAll(keepingCapacity: true) }
            workspaces[workspace] = number
            return number
        }

        /// Forgets what may have been rolled back.
        mutating func forget() {
            workspaces.removeAll(keepingCapacity: true)
            last = nil
        }
    }
#endif
