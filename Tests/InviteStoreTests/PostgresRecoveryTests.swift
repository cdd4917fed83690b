#if Postgres
    import Platform
    import Testing
    import TestSupport

    @testable import InviteStore

    @Suite("What a store on PostgreSQL keeps, and finds out again")
    struct PostgresRecoveryTests {
        private let start = Fixture.start

        @Test(
            "Cut-offs that are too many for one statement are read in parts, at the start and later on",
            arguments: [1, 7, 30, 1_000]
        )
        func readsInParts(perReading: Int) async throws {
            let cluster = try PostgresCluster.shared.get()
            let address = cluster.address(schema: try cluster.makeSchema())
            func open() throws -> PostgresInviteStore {
                try Fixture.postgres(address) { $0.cutOffsPerReading = perReading }
            }
            let made = try await Fixture.make(try open(), nil)
            // Those that are there before anything is cut off: one reads first, one writes first, one is told.
            var there: [Fixture] = []
            for _ in 0..<3 { there.append(try await Fixture.make(try open(), nil, initialised: false)) }
            let told = ToldChanges()
            try await there[2].store.observeChanges(told)
            let invites = (0...30).map { made.invite(campaign: "c\($0)") }
            _ = try await made.store.createInvites(CreateInvites(invites: invites, audit: [], now: start))
            var numbers: [Int64] = []
            for number in 0..<30 { numbers.append(try await made.cutOff(.campaign("c\(number)")).number) }
            for invite in invites.prefix(30) {
                #expect(try await there[0].store.invite(invite.id, of: made.tenant)?.revokedAt == start)
                #expect(try await there[1].redeem(invite) == .revoked)
            }
            #expect(await comes { told.all.flatMap(\.cutOffs).map(\.number) == numbers })
            #expect(!told.all.contains { $0.isIncomplete })
            // Who was told of a part alone knows that there is more, and nobody waits for what is not there.
            #expect(told.all.allSatisfy { !$0.hasMore || $0.cutOffs.count == perReading })
            #expect(told.all.allSatisfy { $0.hasMore || $0.cutOffs.count < perReading })
            // One that comes later, and begins with a command.
            there.append(try await Fixture.make(try open(), nil, initialised: false))
            for invite in invites.prefix(30) { #expect(try await there[3].redeem(invite) == .revoked) }
            _ = try await there[3].open(invites[30])
            await PostgresStoreTests.close(there + [made])
        }

        @Test("A connection that was made too late for those who waited is there for the next ones")
        func keepsConnections() async throws {
            let cluster = try PostgresCluster.shared.get()
            let proxy = try cluster.makeProxy()
            defer { proxy.end() }
            let address = proxy.address(schema: try cluster.makeSchema())
            let made = try await Fixture.make(
                try Fixture.postgres(address) {
                    $0.readDeadlineMilliseconds = 500
                    $0.connectDeadlineMilliseconds = 30_000
                    $0.writeDeadlineMilliseconds = 30_000
                },
                nil
            )
            let shares = try #require(made.store.rateShares)
            let ask = RateAsk(subject: made.key.id, window: start, limit: 100, wanted: 1)
            // Only the writer has a connection so far.
            let before = proxy.connections
            proxy.cut()
            let reading = Task { try await made.store.deployment() }
            let leasing = Task { try await shares.lease(ask) }
            await #expect(throws: StoreError.deadlineExceeded) { try await reading.value }
            await #expect(throws: StoreError.deadlineExceeded) { try await leasing.value }
            proxy.heal()
            #expect(await comes { (try? await made.store.deployment()) != nil })
            #expect(await comes { (try? await shares.lease(ask)) != nil })
            #expect(proxy.connections == before + 2)
            await made.store.close()
        }

        @Test("A lease whose time is nearly over takes nobody with it who waits in the same statement")
        func leasesInTime() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let time = ManualTimeSource()
            let store = try Fixture.postgres(cluster.address(schema: schema), time: time) {
                $0.readDeadlineMilliseconds = 20_000
            }
            let made = try await Fixture.make(store, nil)
            // What is asked of the limit 1 waits at one door, everything else at another.
            try cluster.run(
                """
                CREATE TABLE door_a (id int); CREATE TABLE door_b (id int);
                CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.most = 1 THEN PERFORM 1 FROM \(schema).door_a; ELSE PERFORM 1 FROM \(schema).door_b; END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER wait BEFORE INSERT ON rate_windows FOR EACH ROW EXECUTE FUNCTION wait()
                """,
                schema: schema
            )
            func lease(_ limit: Int) -> Task<RateShare, any Error> {
                let window = start.adding(seconds: 60 * Int64(limit))
                let ask = RateAsk(subject: made.key.id, window: window, limit: limit, wanted: 1)
                return Task { try await store.lease(ask) }
            }
            func isAtDoor(_ name: String) throws -> Bool {
                let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '\(name)'::regclass"
                return try cluster.number(waiting, schema: schema) == 1
            }
            let doors = [try cluster.lock("door_a", schema: schema), try cluster.lock("door_b", schema: schema)]
            let first = lease(1)
            #expect(try await comes { try isAtDoor("door_a") })
            let early = lease(2)
            #expect(await comes { store.leases.waitingCount == 1 })
            time.advance(milliseconds: 19_900)
            let late = lease(3)
            #expect(await comes { store.leases.waitingCount == 2 })
            doors[0].end()
            #expect(try await comes { try isAtDoor("door_b") })
            time.advance(milliseconds: 2_000)
            doors[1].end()
            for share in [first, early, late] { #expect(try await share.value.granted == 1) }
            await store.close()
        }

        @Test("More workspaces than a connection remembers can be at work in one transaction", arguments: [1, 4, 100])
        func forgetsTenants(remembered: Int) async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let made = try await Fixture.make(
                try Fixture.postgres(cluster.address(schema: schema)) { $0.workspacesRemembered = remembered },
                nil
            )
            var tenants: [Tenant] = []
            for number in 0..<12 {
                let workspace = WorkspaceRecord(
                    id: made.ids.next(at: start),
                    slug: "w\(number)",
                    name: "W",
                    plan: .pro,
                    settings: Array("{}".utf8),
                    createdAt: start
                )
                let command = CreateWorkspace(workspace: workspace, by: nil, now: start, audit: [])
                #expect(try await made.store.createWorkspace(command) == .done(.created))
                tenants.append(Tenant(workspace: workspace.id, environment: .live))
            }
            // While one mint waits, the others come together.
            let lock = try cluster.lock("invites", schema: schema)
            let tenant = tenants[0]
            let first = Task { try await made.mint(made.invite(tenant: tenant)) }
            let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'invites'::regclass"
            #expect(try await comes { try cluster.number(waiting, schema: schema) == 1 })
            let mints = tenants.map { tenant in
                Task { try await made.mint(made.invite(tenant: tenant), made.invite(tenant: made.tenant)) }
            }
            lock.end()
            _ = try await first.value
            for (mint, tenant) in zip(mints, tenants) {
                let invites = try await mint.value
                #expect(try await made.store.invite(invites[0].id, of: tenant) == invites[0])
                #expect(try await made.store.invite(invites[1].id, of: made.tenant) == invites[1])
                #expect(try await made.store.invite(invites[0].id, of: made.tenant) == nil)
            }
            await made.store.close()
        }

        @Test("Behind a pooler, too, a session that was lost with its commit is ended, and the commit found")
        func losesAnswersBehindPooler() async throws {
            let cluster = try PostgresCluster()
            let schema = try cluster.makeSchema()
            let proxy = try cluster.makeProxy(tellsOwnNumbers: true)
            defer { proxy.end() }
            let made = try await Fixture.make(
                try Fixture.postgres(proxy.address(schema: schema)) { $0.writeDeadlineMilliseconds = 20_000 },
                nil
            )
            // What a replica does that is at work for longer than marks are kept.
            try cluster.run("UPDATE writers SET begun_at = 0", schema: schema)
            try await made.mint(made.invite())
            #expect(try cluster.number("SELECT count(*) FROM writers WHERE begun_at > 0", schema: schema) == 1)
            let waiting = try cluster.withholdAnswers(schema: schema)
            let answers = Answers()
            let minting = Task { try await made.mint(until: answers) }
            #expect(try await comes { try cluster.number(waiting, schema: schema) == 1 })
            answers.end()
            let found = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
            let lost = try cluster.number(found, schema: schema)
            try cluster.run("ALTER SYSTEM RESET synchronous_standby_names", schema: schema)
            proxy.loseClients()
            // The store ends the session that the server still has, which holds its chain and may still commit.
            let sessions = "SELECT count(*) FROM pg_stat_activity WHERE pid = \(lost)"
            #expect(try await comes { try cluster.number(sessions, schema: schema) == 0 })
            try cluster.run("SELECT pg_reload_conf()", schema: schema)
            // One was minted before.
            let done = try await minting.value + 1
            #expect(try cluster.number("SELECT count(*) FROM invites", schema: schema) == done)
            #expect(try cluster.number("SELECT committed FROM writers", schema: schema) >= done)
            let chains = try await made.store.auditChains()
            #expect(chains.map(\.chain) == [1])
            let chain = try await made.store.auditChain(1, after: 0, limit: 10_000)
            #expect(chain.count == done - 1 && ListingContractTests.isIntact(chain))
            await made.store.close()
        }

        @Test("What a probe wants to have rights on are the tables that there are")
        func knowsTables() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let store = try Fixture.postgres(cluster.address(schema: schema))
            let names = PostgresProbe.tables.map { "'\($0)'" }.joined(separator: ", ")
            let others = """
                SELECT count(*) FROM pg_tables WHERE schemaname = '\(schema)'
                AND tablename NOT IN (\(names), 'deployment', 'data_keys', 'schema_version')
                """
            #expect(try cluster.number(others, schema: schema) == 0)
            await store.close()
        }
    }
#endif
