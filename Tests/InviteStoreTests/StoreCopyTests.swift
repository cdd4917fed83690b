#if SQLite && Postgres
    import Platform
    import Testing
    import TestSupport

    @testable import InviteStore

    @Suite("Copying a deployment from SQLite to PostgreSQL")
    struct StoreCopyTests {
        private let start = Fixture.start

        /// A closed data directory with something in most tables, and what was put there.
        private func filled() async throws -> (Fixture, used: InviteRecord, open: InviteRecord) {
            let fixture = try await Fixture.make(.sqlite)
            let store = fixture.store
            _ = try await store.createInvites(
                CreateInvites(invites: (0..<2_100).map { _ in fixture.invite(campaign: "many") }, audit: [], now: start)
            )
            let invites = try await fixture.mint(
                fixture.invite(),
                fixture.invite(origins: ["https://a.example"], maxUses: 3)
            )
            let session = try await fixture.open(invites[0], holder: [7])
            try await fixture.end(session.id, audit: [fixture.draft("session.ended")])
            try await fixture.cutOff(.campaign("many"))
            _ = try await store.createInvites(
                CreateInvites(
                    invites: [],
                    claim: fixture.claim(3, expiresAt: start.adding(seconds: 60)),
                    audit: [],
                    now: start
                )
            )
            let version = PolicyVersion(
                id: fixture.ids.next(at: start),
                place: .campaign(fixture.tenant, "spring"),
                version: 1,
                document: [1],
                createdAt: start,
                createdBy: "operator"
            )
            _ = try await store.changePolicy(
                ChangePolicy(version: version, by: nil, policiesMax: 9, now: start, audit: [])
            )
            try await store.addUsage([
                UsageDelta(
                    tenant: fixture.tenant,
                    apiKey: fixture.key.id,
                    minute: start,
                    counts: UsageCounts(requests: 5)
                )
            ])
            for _ in 0..<1_200 { try await store.appendAudit([fixture.draft()], now: start) }
            await store.close()
            return (fixture, invites[0], invites[1])
        }

        private func copy(_ fixture: Fixture, to address: String) throws -> Int {
            let directory = try #require(fixture.directory?.path)
            return try StoreCopy(from: directory, to: address, time: SystemTimeSource()).run { _ in }
        }

        @Test("All of it is there afterwards, and goes on where it was")
        func copies() async throws {
            let (source, used, open) = try await filled()
            let cluster = try PostgresCluster.shared.get()
            let address = cluster.address(schema: try cluster.makeSchema())
            #expect(try copy(source, to: address) > 3_300)
            #expect(throws: StoreError.alreadyInitialised) { try copy(source, to: address) }

            let made = try await Fixture.make(try Fixture.postgres(address), nil, initialised: false)
            #expect(try await made.store.deployment() == source.seed().deployment)
            #expect(try await made.store.apiKey(digest: source.key.digest) == source.key)
            #expect(try await made.store.invite(open.id, of: source.tenant) == open)
            #expect(try await made.redeem(used) == .used)
            #expect(try await made.redeem(used, holder: [7]) == .ended)
            let cutOff = InviteFilter(campaign: "many", status: .revoked)
            #expect(try await ListingContractTests.all(made, cutOff, limit: 100).count == 2_100)
            let replay = CreateInvites(
                invites: [],
                claim: made.claim(3, expiresAt: start.adding(seconds: 60)),
                audit: [],
                now: start
            )
            #expect(try await made.store.createInvites(replay) == .replay(result: [3, 1]))
            #expect(try await made.cutOff(.workspace).number == 2)
            let place = PolicyPlace.campaign(source.tenant, "spring")
            #expect(try await made.store.policy(at: place)?.document == [1])
            #expect(try await made.store.lastUse(of: source.tenant) == start)
            let workspace = WorkspaceRecord(
                id: made.ids.next(at: start),
                slug: "second",
                name: "Second",
                plan: .free,
                settings: [],
                createdAt: start
            )
            let created = try await made.store.createWorkspace(
                CreateWorkspace(workspace: workspace, by: nil, now: start, audit: [])
            )
            #expect(created == .done(.created))
            try await made.store.appendAudit([made.draft("after")], now: start)
            let chain = try await made.store.auditChain(1, after: 0, limit: 10_000)
            #expect(chain.count == 1_202)
            #expect(ListingContractTests.isIntact(chain))
            await made.store.close()
        }

        @Test("A copy that was cut short goes on, and until it is whole nothing serves from it or sets it up anew")
        func resumes() async throws {
            let (source, _, open) = try await filled()
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let address = cluster.address(schema: schema)
            let rows = try copy(source, to: address)
            // As it is after an end in the middle: a part of the tables is there, and part of one.
            try cluster.run(
                """
                DELETE FROM deployment; INSERT INTO meta VALUES ('copying', 1);
                DELETE FROM audit_events WHERE sequence > 1000; DELETE FROM usage; DELETE FROM idempotency;
                """,
                schema: schema
            )
            let half = try await Fixture.make(try Fixture.postgres(address), nil, initialised: false)
            #expect(try await half.store.deployment() == nil)
            await #expect(throws: StoreError.alreadyInitialised) { try await half.store.initialise(half.seed()) }
            await half.store.close()
            #expect(try copy(source, to: address) == rows)
            #expect(try cluster.number("SELECT count(*) FROM audit_events", schema: schema) == 1_201)
            let made = try await Fixture.make(try Fixture.postgres(address), nil, initialised: false)
            #expect(try await made.store.invite(open.id, of: source.tenant) == open)
            await made.store.close()
        }

        @Test("A row that differs is found, and the target does not become a deployment")
        func compares() async throws {
            let (source, _, _) = try await filled()
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let address = cluster.address(schema: schema)
            _ = try copy(source, to: address)
            try cluster.run(
                """
                DELETE FROM deployment; INSERT INTO meta VALUES ('copying', 1);
                UPDATE audit_events SET actor = 'nobody' WHERE sequence = 700;
                """,
                schema: schema
            )
            #expect(throws: StoreError.corrupt("the copy of audit_events differs from its source")) {
                try copy(source, to: address)
            }
            #expect(try cluster.number("SELECT count(*) FROM deployment", schema: schema) == 0)
        }

        @Test("No table is forgotten, and none of its columns")
        func complete() async throws {
            let fixture = try await Fixture.make(.sqlite)
            let directory = try #require(fixture.directory?.path)
            let file = SQLFile(directory: directory)
            var tables = 0
            for table in CopiedTable.all {
                let columns = try file.number("SELECT count(*) FROM pragma_table_info('\(table.name)')")
                #expect(columns == table.columns.count, "\(table.name)")
                let key = try file.number("SELECT count(*) FROM pragma_table_info('\(table.name)') WHERE pk > 0")
                #expect(key == table.keyColumns, "\(table.name)")
                tables += 1
            }
            // The row of the deployment and two numbers are copied apart; the look-up is SQLite's alone.
            let all = try file.number(
                """
                SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'lookup_%'
                AND name NOT LIKE 'sqlite_%' AND name NOT IN ('meta', 'deployment')
                """
            )
            #expect(all == tables)
            await fixture.store.close()
        }
    }
#endif
