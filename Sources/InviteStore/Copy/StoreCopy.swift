#if SQLite && Postgres
    package import Platform

    /// How far a copy is.
    package struct CopyProgress: Equatable, Sendable {
        package enum Stage: Sendable {
            case copying
            case comparing
        }

        package var stage: Stage
        package var table: String
        /// Rows done of all tables, in this stage.
        package var rows: Int
        package var rowsInAll: Int
    }

    /// Moves a deployment from a data directory into an empty PostgreSQL.
    ///
    /// The directory is locked meanwhile, so no service may run on it. Rows are copied in the order of their keys, each
    /// part in a transaction of its own; a copy that was cut short goes on behind the last row that arrived. When all
    /// are there, all are read on both sides and compared. Only then the target becomes a deployment.
    package struct StoreCopy {
        private let held: HeldDirectory
        private let source: Connection
        private let target: PostgresConnection
        private let time: any TimeSource

        private static let partRows = 1_000
        private static let partMilliseconds = 60_000

        /// Opens both sides.
        ///
        /// Throws ``StoreError/inUse(_:)`` where a service runs on the directory, ``StoreError/alreadyInitialised`` where
        /// the target is a deployment, ``StoreError/notInitialised`` where the source is none.
        package init(from directory: String, to address: String, time: any TimeSource) throws(StoreError) {
            self.time = time
            held = HeldDirectory(try DataDirectory(path: directory))
            do throws(SQLiteFailure) {
                source = try Connection(
                    path: directory + "/token-service.sqlite3",
                    access: .write,
                    cacheKibibytes: 4_096,
                    time: time
                )
                try Migrator(steps: Schema.steps).run(on: source)
                let deployments = try source.statement("SELECT count(*) FROM deployment").first { $0.int() }
                guard deployments == 1 else { throw SQLiteFailure.refused(.notInitialised) }
            } catch {
                throw error.storeError
            }
            do throws(PostgresFailure) {
                let connector = PostgresConnector(address: address, options: PostgresStoreOptions(), time: time)
                target = try connector.connect(statementMilliseconds: Self.partMilliseconds)
                target.deadline = connector.deadline(Self.partMilliseconds)
                try PostgresMigrator(steps: PostgresSchema.steps).run(on: target)
                try Self.claim(target)
            } catch {
                throw error.storeError
            }
        }

        /// Marks the target as one that is being copied into, unless it is something else already.
        private static func claim(_ target: PostgresConnection) throws(PostgresFailure) {
            guard try target.run("SELECT id FROM deployment").rowCount == 0 else { throw .refused(.alreadyInitialised) }
            let isMine = try target.run(
                "SELECT pg_try_advisory_lock(hashtext('token-service copy'), hashtext(current_schema()))::int::bigint"
            ).first { $0.int() }
            guard isMine == 1 else { throw .refused(.inUse("Another copy into this data base is under way.")) }
            try target.run("INSERT INTO meta (name, value) VALUES ('copying', 1) ON CONFLICT DO NOTHING")
        }

        /// Copies what is missing, compares all, and makes the target a deployment; tells how far it is after each part.
        ///
        /// - Returns: the number of rows.
        /// - Throws: ``StoreError/corrupt(_:)`` where a row differs afterwards.
        package func run(_ progress: (CopyProgress) -> Void) throws(StoreError) -> Int {
            do throws(SQLiteFailure) {
                let counts = try CopiedTable.all.map { table throws(SQLiteFailure) in
                    try source.statement("SELECT count(*) FROM \(table.name)").first { $0.int() } ?? 0
                }
                let all = counts.reduce(0, +)
                var done = 0
                for (table, count) in zip(CopiedTable.all, counts) {
                    try bridge { () throws(PostgresFailure) in try copy(table, from: done, of: all, progress) }
                    done += count
                }
                done = 0
                for (table, count) in zip(CopiedTable.all, counts) {
                    try bridge { () throws(PostgresFailure) in try compare(table, from: done, of: all, progress) }
                    done += count
                }
                try bridge { () throws(PostgresFailure) in try finish() }
                return all
            } catch {
                throw error.storeError
            }
        }

        private func bridge(_ body: () throws(PostgresFailure) -> Void) throws(SQLiteFailure) {
            do throws(PostgresFailure) { try body() } catch { throw .refused(error.storeError) }
        }

        private func copy(
            _ table: CopiedTable,
            from done: Int,
            of all: Int,
            _ progress: (CopyProgress) -> Void
        ) throws(PostgresFailure) {
            var last = try newest(of: table)
            var rows = 0
            if let last { rows = try sourceCount(table, through: last) }
            while true {
                progress(CopyProgress(stage: .copying, table: table.name, rows: done + rows, rowsInAll: all))
                let part = try sourceRows(table, after: last)
                guard let end = part.last else { return }
                target.deadline = time.monotonicNow().adding(milliseconds: Self.partMilliseconds)
                try target.run([PostgresStatement("BEGIN"), insert(part, into: table), PostgresStatement("COMMIT")])
                rows += part.count
                last = Array(end.prefix(table.keyColumns))
            }
        }

        private func compare(
            _ table: CopiedTable,
            from done: Int,
            of all: Int,
            _ progress: (CopyProgress) -> Void
        ) throws(PostgresFailure) {
            var last: [CopiedValue]?
            var rows = 0
            while true {
                progress(CopyProgress(stage: .comparing, table: table.name, rows: done + rows, rowsInAll: all))
                target.deadline = time.monotonicNow().adding(milliseconds: Self.partMilliseconds)
                let (here, there) = (try sourceRows(table, after: last), try targetRows(table, after: last))
                guard here == there else { throw .damaged("the copy of \(table.name) differs from its source") }
                guard let end = here.last else { return }
                rows += here.count
                last = Array(end.prefix(table.keyColumns))
            }
        }

        /// Numbers that go on, and then the deployment's own row, in one transaction.
        private func finish() throws(PostgresFailure) {
            let deployment: (issuer: String, createdAt: Int64, check: [UInt8])?
            let meta: [(name: String, value: Int64)]
            do throws(SQLiteFailure) {
                deployment = try source.statement("SELECT issuer, created_at, master_key_check FROM deployment").first {
                    ($0.text(), $0.int64(), $0.bytes())
                }
                meta = try source.statement(
                    "SELECT name, value FROM meta WHERE name IN ('last_cut_off', 'newest_instant')"
                ).all { ($0.text(), $0.int64()) }
            } catch {
                throw .refused(error.storeError)
            }
            guard let deployment, meta.count == 2 else { throw .damaged("the source lost its deployment") }
            target.deadline = time.monotonicNow().adding(milliseconds: Self.partMilliseconds)
            try target.run([
                PostgresStatement("BEGIN"),
                PostgresStatement(
                    "UPDATE meta AS m SET value = k.value FROM unnest($1, $2) AS k (name, value) WHERE m.name = k.name"
                ) {
                    $0.add(each: meta, \.name)
                    $0.add(each: meta, \.value)
                },
                PostgresStatement(
                    """
                    SELECT setval(pg_get_serial_sequence('workspaces', 'number'),
                    GREATEST((SELECT max(number) FROM workspaces), 1))
                    """
                ),
                PostgresStatement(
                    "INSERT INTO deployment (id, issuer, created_at, master_key_check) VALUES (1, $1, $2, $3)"
                ) {
                    $0.add(deployment.issuer)
                    $0.add(deployment.createdAt)
                    $0.add(deployment.check)
                },
                PostgresStatement("DELETE FROM meta WHERE name = 'copying'"),
                PostgresStatement("COMMIT"),
            ])
        }
    }

    // MARK: Rows

    extension StoreCopy {
        private func sourceRows(
            _ table: CopiedTable,
            after last: [CopiedValue]?
        ) throws(PostgresFailure) -> [[CopiedValue]] {
            let names = table.columns.map(\.name).joined(separator: ", ")
            let key = table.key.map(\.name).joined(separator: ", ")
            let marks = table.key.map { _ in "?" }.joined(separator: ", ")
            let behind = last == nil ? "" : "WHERE (\(key)) > (\(marks))"
            do throws(SQLiteFailure) {
                let sql = "SELECT \(names) FROM \(table.name) \(behind) ORDER BY \(key) LIMIT \(Self.partRows)"
                return try source.statement(sql).all {
                    for value in last ?? [] { $0.add(value) }
                } _: { row in
                    row.values(table.columns)
                }
            } catch {
                throw .refused(error.storeError)
            }
        }

        private func sourceCount(_ table: CopiedTable, through last: [CopiedValue]) throws(PostgresFailure) -> Int {
            let key = table.key.map(\.name).joined(separator: ", ")
            let marks = table.key.map { _ in "?" }.joined(separator: ", ")
            do throws(SQLiteFailure) {
                let sql = "SELECT count(*) FROM \(table.name) WHERE (\(key)) <= (\(marks))"
                return try source.statement(sql).first {
                    for value in last { $0.add(value) }
                } _: { row in
                    row.int()
                } ?? 0
            } catch {
                throw .refused(error.storeError)
            }
        }

        /// The key's columns as PostgreSQL orders them the way SQLite does: texts by their bytes.
        private func orderedKey(_ table: CopiedTable) -> String {
            table.key.map { $0.kind == .text ? "\($0.name) COLLATE \"C\"" : $0.name }.joined(separator: ", ")
        }

        private func targetRows(
            _ table: CopiedTable,
            after last: [CopiedValue]?
        ) throws(PostgresFailure) -> [[CopiedValue]] {
            let names = table.columns.map(\.name).joined(separator: ", ")
            let marks = (1...max(1, table.keyColumns)).map { "$\($0)" }.joined(separator: ", ")
            let behind = last == nil ? "" : "WHERE (\(orderedKey(table))) > (\(marks))"
            return try target.run(
                "SELECT \(names) FROM \(table.name) \(behind) ORDER BY \(orderedKey(table)) LIMIT \(Self.partRows)"
            ) {
                for value in last ?? [] { $0.add(value) }
            }.all { $0.values(table.columns) }
        }

        /// The key of the last row that is there already; nil where there is none.
        private func newest(of table: CopiedTable) throws(PostgresFailure) -> [CopiedValue]? {
            // The deployment's own workspace is made with the tables.
            let order = table.key.map { ($0.kind == .text ? "\($0.name) COLLATE \"C\"" : $0.name) + " DESC" }
            return try target.run(
                """
                SELECT \(table.key.map(\.name).joined(separator: ", ")) FROM \(table.name)
                ORDER BY \(order.joined(separator: ", ")) LIMIT 1
                """
            ).first { $0.values(table.key) }
        }

        private func insert(_ rows: [[CopiedValue]], into table: CopiedTable) -> PostgresStatement {
            let names = table.columns.map(\.name).joined(separator: ", ")
            let marks = (1...max(1, table.columns.count)).map { "$\($0)" }.joined(separator: ", ")
            return PostgresStatement("INSERT INTO \(table.name) (\(names)) SELECT * FROM unnest(\(marks))") {
                for (index, column) in table.columns.enumerated() {
                    switch column.kind {
                    case .number: $0.add(each: rows) { row in row[index].asNumber }
                    case .id: $0.add(each: rows) { row in row[index].asID }
                    case .bytes: $0.add(each: rows) { row in row[index].asBytes }
                    case .text: $0.add(each: rows) { row in row[index].asText }
                    }
                }
            }
        }
    }

    extension Binder {
        fileprivate mutating func add(_ value: CopiedValue) {
            switch value {
            case .null: addNull()
            case .number(let number): add(number)
            case .id(let id): add(id)
            case .bytes(let bytes): add(bytes)
            case .text(let text): add(text)
            }
        }
    }

    extension PostgresParameters {
        fileprivate mutating func add(_ value: CopiedValue) {
            switch value {
            case .null: add(Int64?.none)
            case .number(let number): add(number)
            case .id(let id): add(id)
            case .bytes(let bytes): add(bytes)
            case .text(let text): add(text)
            }
        }
    }
#endif
