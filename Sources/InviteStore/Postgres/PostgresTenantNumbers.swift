#if Postgres
    /// The numbers that stand for tenants inside the data base: the workspace's number times two plus environment.
    ///
    /// One for each connection. Numbers never change, so what was read once holds; the memory is bounded.
    struct PostgresTenantNumbers {
        private let rememberedMax: Int
        private var workspaces: [RecordID: Int64] = [:]

        init(rememberedMax: Int) { self.rememberedMax = rememberedMax }

        /// The number, where it was read before and is there.
        func known(_ tenant: Tenant) -> Int64? {
            workspaces[tenant.workspace].map { $0 << 1 | tenant.environment.code }
        }

        /// Reads the numbers that are not known yet; afterwards those of all these tenants are known, where they are there.
        mutating func load(_ tenants: Set<Tenant>, on connection: PostgresConnection) throws(PostgresFailure) {
            let wanted = Set(tenants.map(\.workspace))
            var missing = wanted.filter { workspaces[$0] == nil }
            guard !missing.isEmpty else { return }
            if workspaces.count + missing.count > rememberedMax {
                workspaces.removeAll(keepingCapacity: true)
                missing = wanted
            }
            let found = try connection.run("SELECT id, number FROM workspaces WHERE id = ANY($1)") {
                $0.add(each: Array(missing))
            }.all { (id: $0.id(), number: $0.int64()) }
            for row in found { workspaces[row.id] = row.number }
        }

        /// The number; nil where there is no such workspace.
        mutating func number(
            of tenant: Tenant,
            on connection: PostgresConnection
        ) throws(PostgresFailure) -> Int64? {
            try load([tenant], on: connection)
            return known(tenant)
        }

        /// Forgets what may have been rolled back.
        mutating func forget() { workspaces.removeAll(keepingCapacity: true) }
    }
#endif
