#if Postgres
    import Platform
    import TestSupport
    import Testing

    @testable import InviteStore

    @Suite("A pooler before PostgreSQL")
    struct PostgresPoolingTests {
        private static func connect() throws -> PostgresConnection {
            let cluster = try PostgresCluster.shared.get()
            let connector = PostgresConnector(
                address: cluster.address(schema: try cluster.makeSchema()),
                options: PostgresStoreOptions(),
                time: SystemTimeSource()
            )
            return try connector.connect(statementMilliseconds: 5_000)
        }

        @Test("Two connections with a session each are as they should be; two that are seen in one are refused")
        func check() throws {
            let (first, second) = (try Self.connect(), try Self.connect())
            try PostgresPooling.check(first, second)
            let failure = #expect(throws: PostgresFailure.self) { try PostgresPooling.check(first, first) }
            #expect(failure?.storeError == .unavailable(PostgresPooling.sentence))
        }

        @Test(
            "What prepared statements of others make of a start is put into words, and nothing else is",
            arguments: [("42P05", true), ("26000", true), ("42P01", false), ("53300", false)]
        )
        func explains(code: String, isPooler: Bool) {
            let failure = PostgresFailure.statement(code: code, text: "said the server")
            let explained = PostgresPooling.explained(failure).storeError
            #expect((explained == .unavailable(PostgresPooling.sentence)) == isPooler)
            #expect(isPooler || explained == failure.storeError)
            #expect(PostgresPooling.explained(.deadline).storeError == .deadlineExceeded)
        }
    }
#endif
