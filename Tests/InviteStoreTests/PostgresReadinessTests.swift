#if Postgres
    import InviteStore
    import Platform
    import Testing
    import TestSupport

    @Suite("PostgreSQL refuses while connections live")
    struct PostgresReadinessTests {
        private let start = Fixture.start

        @Test(
            "A server that refuses what is written makes the store unready, until a probe has written again",
            arguments: ["53100", "58030", "42501", "XX000"]
        )
        func refuses(code: String) async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let made = try await Fixture.make(try Fixture.postgres(cluster.address(schema: schema)), nil)
            let invite = try await made.mint(made.invite())[0]
            try cluster.refuse(code, schema: schema)
            await #expect(throws: StoreError.unavailable("PostgreSQL error \(code): made to fail")) {
                try await made.mint(made.invite())
            }
            #expect(await !made.store.isReady())
            // Nobody asks for anything, and still it is tried again; what is read goes on.
            let tries = try cluster.refusals(schema: schema)
            #expect(try await comes { try cluster.refusals(schema: schema) >= tries + 2 })
            #expect(await !made.store.isReady())
            #expect(try await made.store.invite(invite.id, of: made.tenant) == invite)
            try cluster.accept(schema: schema)
            #expect(await comes { await made.store.isReady() })
            try await made.mint(made.invite())
            #expect(await made.store.isReady())
            await made.store.close()
        }

        @Test("A command that is refused for its own sake leaves the store ready", arguments: ["22000", "23514"])
        func refusesCommands(code: String) async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let made = try await Fixture.make(try Fixture.postgres(cluster.address(schema: schema)), nil)
            try cluster.refuse(code, schema: schema)
            await #expect(throws: StoreError.self) { try await made.mint(made.invite()) }
            #expect(await made.store.isReady())
            await made.store.close()
        }

        @Test("Where nothing is asked of the store, what it tells other replicas finds out")
        func refusesCanaries() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let store = try Fixture.postgres(cluster.address(schema: schema)) { $0.canaryMilliseconds = 50 }
            try await store.observeChanges(ToldChanges())
            try cluster.refuse("53100", schema: schema)
            #expect(await comes { await !store.isReady() })
            try cluster.accept(schema: schema)
            #expect(await comes { await store.isReady() })
            await store.close()
        }

        @Test("A right that is taken away from any table makes the store unready, until it is given back")
        func losesRights() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let role = "role_\(schema)"
            try cluster.run("CREATE ROLE \(role) LOGIN; ALTER SCHEMA \(schema) OWNER TO \(role)", schema: schema)
            let address = cluster.address(schema: schema, user: role)
            let made = try await Fixture.make(try Fixture.postgres(address), nil)
            try await made.mint(made.invite())
            try cluster.run("REVOKE INSERT ON invites FROM \(role)", schema: schema)
            await #expect(throws: StoreError.self) { try await made.mint(made.invite()) }
            #expect(await !made.store.isReady())
            // That another table can be written does not help.
            try await made.store.appendAudit([made.draft()], now: start)
            #expect(await !made.store.isReady())
            try cluster.run("GRANT INSERT ON invites TO \(role)", schema: schema)
            #expect(await comes { await made.store.isReady() })
            try await made.mint(made.invite())
            await made.store.close()
        }

        @Test("A lease that the server refuses makes the store unready, too")
        func refusesLeases() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let made = try await Fixture.make(try Fixture.postgres(cluster.address(schema: schema)), nil)
            let shares = try #require(made.store.rateShares)
            let ask = RateAsk(subject: made.key.id, window: start, limit: 100, wanted: 4)
            #expect(try await shares.lease(ask).granted == 4)
            try cluster.refuse("53100", schema: schema)
            await #expect(throws: StoreError.self) { try await shares.lease(ask) }
            #expect(await !made.store.isReady())
            try cluster.accept(schema: schema)
            #expect(await comes { await made.store.isReady() })
            #expect(try await shares.lease(ask).granted == 4)
            await made.store.close()
        }

        @Test("A server that turned read-only behind an address is left for the one that the address leads to now")
        func failsOver() async throws {
            let (old, new) = (try PostgresCluster(), try PostgresCluster())
            let proxy = try old.makeProxy()
            defer { proxy.end() }
            var schema = ""
            for cluster in [old, new] { schema = try cluster.makeSchema() }
            // What a standby would have: the same deployment.
            await (try await Fixture.make(try Fixture.postgres(new.address(schema: schema)), nil)).store.close()
            let made = try await Fixture.make(try Fixture.postgres(proxy.address(schema: schema)), nil)
            let told = ToldChanges()
            try await made.store.observeChanges(told)
            let shares = try #require(made.store.rateShares)
            let ask = RateAsk(subject: made.key.id, window: start, limit: 100, wanted: 4)
            _ = try await shares.lease(ask)
            _ = try await made.store.deployment()
            try await made.mint(made.invite())
            try old.run("ALTER SYSTEM SET default_transaction_read_only = on", schema: schema)
            try old.run("SELECT pg_reload_conf()", schema: schema)
            // The server takes that up when it gets to it.
            #expect(await comes { (try? await made.mint(made.invite())) == nil })
            #expect(await !made.store.isReady())
            proxy.lead(to: new)
            #expect(await comes { await made.store.isReady() })
            let mine = try await made.mint(made.invite())[0]
            #expect(try new.number("SELECT count(*) FROM invites", schema: schema) == 1)
            // Nothing is read from the old one any more, and its changes are told no more.
            #expect(try await made.store.invite(mine.id, of: made.tenant) == mine)
            #expect(try await shares.lease(ask).granted == 4)
            let cutOff = try await made.cutOff(.workspace)
            #expect(await comes { told.all.contains { $0.isIncomplete || $0.cutOffs == [cutOff] } })
            let backends = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'token-service'"
            #expect(try await comes { try old.number(backends, schema: schema) == 0 })
            // Found out, and got over, though nobody asks for anything.
            try new.run("ALTER SYSTEM SET default_transaction_read_only = on", schema: schema)
            try new.run("SELECT pg_reload_conf()", schema: schema)
            #expect(await comes { await !made.store.isReady() })
            try new.run("ALTER SYSTEM RESET default_transaction_read_only", schema: schema)
            try new.run("SELECT pg_reload_conf()", schema: schema)
            #expect(await comes { await made.store.isReady() })
            await made.store.close()
        }

        @Test(
            "Two replicas that are both ready can both write, however far apart their clocks are",
            arguments: [(0, true), (2_300, true), (2_700, false), (4_900, false)]
        )
        func clocks(offset: Int64, areReady: Bool) async throws {
            let cluster = try PostgresCluster.shared.get()
            let address = cluster.address(schema: try cluster.makeSchema())
            let clocks = [ShiftedTimeSource(), ShiftedTimeSource()]
            clocks[0].shift(milliseconds: offset)
            clocks[1].shift(milliseconds: -offset)
            var fixtures: [Fixture] = []
            for (number, clock) in clocks.enumerated() {
                let store = try Fixture.postgres(address, time: clock) { $0.clockToleranceMilliseconds = 5_000 }
                // Nothing but the chains is needed, and these are there without a deployment.
                fixtures.append(try await Fixture.make(store, nil, initialised: false))
                try await fixtures[number].store.observeChanges(ToldChanges())
            }
            for (fixture, clock) in zip(fixtures, clocks) {
                #expect(await fixture.store.isReady() == areReady)
                guard await fixture.store.isReady() else { continue }
                let now = clock.now()
                try await fixture.store.appendAudit([fixture.draft(at: now)], now: now)
            }
            await PostgresStoreTests.close(fixtures)
        }
    }
#endif
