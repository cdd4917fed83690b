#if Postgres
    internal import Platform

    /// Answers reads on one connection, beside the writer.
    final class PostgresReader: StoreReader, @unchecked Sendable {
        // Safe because: made on one reader thread, which alone uses it.
        typealias Failure = PostgresFailure

        let connection: PostgresConnection
        let cutOffs: PostgresCutOffs
        private var tenants: PostgresTenantNumbers

        init(_ connection: PostgresConnection, cutOffs: PostgresCutOffs, options: PostgresStoreOptions) {
            tenants = PostgresTenantNumbers(rememberedMax: options.workspacesRemembered)
            self.connection = connection
            self.cutOffs = cutOffs
        }

        func number(of tenant: Tenant) throws(PostgresFailure) -> Int64? {
            try tenants.number(of: tenant, on: connection)
        }

        func run(
            _ sql: String,
            _ bind: (inout PostgresParameters) -> Void = { _ in }
        ) throws(PostgresFailure) -> PostgresResult {
            try connection.run(sql, bind)
        }

        /// Runs a statement whose rows are to be shown with the live cut-offs applied: those of all replicas, caught up
        /// in the same round trip.
        func runCaughtUp(
            _ sql: String,
            _ bind: (inout PostgresParameters) -> Void
        ) throws(PostgresFailure) -> PostgresResult {
            let results = try connection.run([PostgresStatement(sql, bind), cutOffs.catchUp])
            guard results.count == 2 else { throw .connection("the answers are out of step") }
            try cutOffs.apply(results[1], on: connection)
            return results[0]
        }

        /// Several statements that see one state of the data base.
        func snapshot(_ statements: [PostgresStatement]) throws(PostgresFailure) -> [PostgresResult] {
            let begin = PostgresStatement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            do throws(PostgresFailure) {
                let results = try connection.run([begin] + statements + [PostgresStatement("COMMIT")])
                return Array(results.dropFirst().dropLast())
            } catch {
                if !error.isDisconnected { _ = try? connection.run("ROLLBACK") }
                throw error
            }
        }

        /// Walks rows newest first in growing parts until the page is full or the bound of examined rows is reached.
        ///
        /// `read` gets the id below which the part begins and how many rows it may have.
        func page<Record: Sendable>(
            _ request: PageRequest,
            _ read: (_ before: RecordID, _ rows: Int) throws(PostgresFailure) -> [(id: RecordID, record: Record?)]
        ) throws(PostgresFailure) -> Page<Record> {
            var builder = PageBuilder<Record>(request)
            var before = request.before ?? .highest
            var rows = request.boundedLimit + 1
            while true {
                let part = try read(before, rows)
                for (id, record) in part {
                    guard builder.add(record, id: id) else { return builder.page }
                    before = id
                }
                guard part.count == rows else { return builder.page }
                rows = min(rows * 4, StoreRules.examinedRowsMax + 1)
            }
        }
    }
#endif
