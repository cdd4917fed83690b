#if Postgres
    import InviteStore
    import Platform
    import Testing
    import TestSupport

    @Suite("Several stores on one PostgreSQL")
    struct PostgresStoreTests {
        private let start = Fixture.start
        private let supported = PostgresStoreOptions().schemaSteps.count

        /// Stores as replicas have them: of the same deployment, in one schema.
        static func replicas(
            _ count: Int,
            of cluster: PostgresCluster? = nil,
            _ adjust: (inout PostgresStoreOptions) -> Void = { _ in }
        ) async throws -> [Fixture] {
            let cluster = try cluster ?? PostgresCluster.shared.get()
            let address = cluster.address(schema: try cluster.makeSchema())
            var fixtures: [Fixture] = []
            for number in 0..<count {
                let store = try Fixture.postgres(address, adjust)
                fixtures.append(try await Fixture.make(store, nil, initialised: number == 0))
            }
            return fixtures
        }

        static func close(_ fixtures: [Fixture]) async { for fixture in fixtures { await fixture.store.close() } }

        @Test("A restart keeps everything, and the chain goes on where it was")
        func restarts() async throws {
            let cluster = try PostgresCluster.shared.get()
            let address = cluster.address(schema: try cluster.makeSchema())
            let made = try await Fixture.make(try Fixture.postgres(address), nil)
            let cutOff = try await made.cutOff(.campaign("another"))
            let invites = try await made.mint(made.invite(), made.invite())
            let session = try await made.open(invites[0], holder: [7])
            try await made.store.appendAudit([made.draft("one")], now: start)
            let claimed = CreateInvites(
                invites: [],
                claim: made.claim(3, expiresAt: start.adding(seconds: 60)),
                audit: [],
                now: start
            )
            _ = try await made.store.createInvites(claimed)
            await made.store.close()

            let again = try await Fixture.make(try Fixture.postgres(address), nil, initialised: false)
            #expect(try await again.store.deployment() == again.seed().deployment)
            #expect(try await again.store.invite(invites[1].id, of: again.tenant) == invites[1])
            #expect(try await again.redeem(invites[0], holder: [7]) == .repeated(session))
            #expect(try await again.redeem(invites[0]) == .used)
            #expect(try await again.store.createInvites(claimed) == .replay(result: [3, 1]))
            #expect(try await again.store.cutOffs(after: 0, now: start, limit: 9) == [cutOff])
            #expect(try await again.cutOff(.workspace).number == cutOff.number + 1)
            #expect(try await again.redeem(invites[1]) == .revoked)
            try await again.store.appendAudit([again.draft("two")], now: start)
            let chain = try await again.store.auditChain(1, after: 0, limit: 99)
            #expect(chain.map(\.draft.type) == ["one", "two"])
            #expect(ListingContractTests.isIntact(chain))
            await again.store.close()
        }

        @Test(
            "Of racing exchanges over three stores exactly as many succeed as the invite has uses",
            arguments: [1, 3]
        )
        func races(maxUses: Int) async throws {
            let fixtures = try await Self.replicas(3)
            let invites = (0..<40).map { _ in fixtures[0].invite(maxUses: maxUses) }
            _ = try await fixtures[0].store.createInvites(CreateInvites(invites: invites, audit: [], now: start))
            let opened = try await withThrowingTaskGroup(of: RecordID?.self) { group in
                for attempt in 0..<15 {
                    for invite in invites {
                        let fixture = fixtures[attempt % 3]
                        group.addTask {
                            let audit = [fixture.draft("invite.redeemed")]
                            switch try await fixture.redeem(invite, audit: audit) {
                            case .opened: return invite.id
                            case .used: return nil
                            case let other: throw Unexpected("\(other)")
                            }
                        }
                    }
                }
                var counts: [RecordID: Int] = [:]
                for try await id in group { if let id { counts[id, default: 0] += 1 } }
                return counts
            }
            #expect(opened.count == invites.count)
            #expect(opened.values.allSatisfy { $0 == maxUses })
            var events = 0
            for chain in try await fixtures[0].store.auditChains() {
                let links = try await fixtures[0].store.auditChain(chain.chain, after: 0, limit: 10_000)
                #expect(ListingContractTests.isIntact(links))
                events += links.count
            }
            #expect(events == invites.count * maxUses)
            await Self.close(fixtures)
        }

        @Test("Of racing mints under one idempotency key over three stores one is done, the others replay it")
        func racesClaims() async throws {
            let fixtures = try await Self.replicas(3)
            let outcomes = try await withThrowingTaskGroup(of: Idempotent<CreateOutcome>.self) { group in
                for attempt in 0..<60 {
                    let fixture = fixtures[attempt % 3]
                    let claim = fixture.claim(UInt8(attempt / 12), expiresAt: start.adding(seconds: 60))
                    let invite = fixture.invite(id: RecordID(high: UInt64(attempt + 1) << 20, low: 1))
                    group.addTask {
                        try await fixture.store.createInvites(
                            CreateInvites(invites: [invite], claim: claim, audit: [fixture.draft()], now: Fixture.start)
                        )
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == .done(.created(rev: 0)) } == 5)
            #expect(outcomes.count { if case .replay = $0 { true } else { false } } == 55)
            let listed = try await ListingContractTests.all(fixtures[1], InviteFilter(), limit: 100)
            #expect(listed.count == 5)
            await Self.close(fixtures)
        }

        @Test("Of keys that race for the limit over three stores exactly as many are made as it has room for")
        func racesKeys() async throws {
            let fixtures = try await Self.replicas(3)
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for attempt in 0..<30 {
                    let fixture = fixtures[attempt % 3]
                    let key = Fixture.apiKey(RecordID(high: UInt64(attempt + 9) << 20, low: 3), fixture.tenant)
                    group.addTask {
                        try await fixture.store.createAPIKey(
                            CreateAPIKey(key: key, activeKeysMax: 8, now: Fixture.start, audit: [])
                        ) == .done(.created)
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            // The deployment's first key counts, too.
            #expect(made == 7)
            await Self.close(fixtures)
        }

        @Test("Whoever reads cut-offs by number while three stores make some misses none", .timeLimit(.minutes(2)))
        func numbersInOrder() async throws {
            let fixtures = try await Self.replicas(3)
            let seen = try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<90 {
                    let fixture = fixtures[index % 3]
                    group.addTask { try await fixture.cutOff(.campaign("c\(index)")) }
                }
                var seen: [Int64] = []
                while seen.count < 90 {
                    let last = seen.last ?? 0
                    seen += try await fixtures[0].store.cutOffs(after: last, now: start, limit: 1_000).map(\.number)
                }
                try await group.waitForAll()
                return seen
            }
            #expect(seen == Array(1...90))
            await Self.close(fixtures)
        }

        @Test("What one store revokes, the others refuse with their next command")
        func revokesForAll() async throws {
            let fixtures = try await Self.replicas(2)
            let invites = try await fixtures[0].mint(fixtures[0].invite(maxUses: 9), fixtures[0].invite(campaign: "b"))
            let session = try await fixtures[1].open(invites[0])
            try await fixtures[0].cutOff(.campaign("spring"))
            #expect(try await fixtures[1].redeem(invites[0]) == .revoked)
            #expect(try await fixtures[1].renew(session) == .ended)
            #expect(try await fixtures[1].store.invite(invites[0].id, of: fixtures[1].tenant)?.revokedAt == start)
            #expect(try await fixtures[1].mint(fixtures[1].invite())[0].rev == 1)
            _ = try await fixtures[0].store.changeAPIKey(
                fixtures[0].key.id,
                of: fixtures[0].tenant,
                change: .revoke(at: start),
                now: start,
                audit: []
            )
            let refused = try await fixtures[1].store.createInvites(
                CreateInvites(invites: [fixtures[1].invite()], audit: [], now: start)
            )
            #expect(refused == .done(.keyNotActive))
            await Self.close(fixtures)
        }

        @Test("Each writer has a chain of its own, and a freed one is taken up again")
        func chains() async throws {
            let cluster = try PostgresCluster.shared.get()
            let address = cluster.address(schema: try cluster.makeSchema())
            let first = try await Fixture.make(try Fixture.postgres(address), nil)
            let second = try await Fixture.make(try Fixture.postgres(address), nil, initialised: false)
            for fixture in [first, second] { try await fixture.store.appendAudit([fixture.draft()], now: start) }
            await first.store.close()
            let third = try await Fixture.make(try Fixture.postgres(address), nil, initialised: false)
            try await third.store.appendAudit([third.draft()], now: start)
            let chains = try await second.store.auditChains()
            #expect(chains.map(\.chain) == [1, 2])
            #expect(chains.map { $0.head?.sequence } == [2, 1])
            for chain in 1...2 {
                let links = try await second.store.auditChain(Int64(chain), after: 0, limit: 9)
                #expect(ListingContractTests.isIntact(links))
            }
            await Self.close([second, third])
        }

        @Test("Stores that open an empty schema together make its tables once")
        func migratesOnce() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let address = cluster.address(schema: schema)
            let stores = try await withThrowingTaskGroup(of: PostgresInviteStore.self) { group in
                for _ in 0..<4 { group.addTask { try Fixture.postgres(address) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(try cluster.number("SELECT version FROM schema_version", schema: schema) == supported)
            for store in stores {
                #expect(try await store.deployment() == nil)
                await store.close()
            }
        }

        @Test("A step that fails leaves the version before it, whole, and a newer schema is refused by its number")
        func refusesSchemas() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let address = cluster.address(schema: schema)
            #expect(throws: StoreError.self) {
                try Fixture.postgres(address) {
                    $0.schemaSteps += ["CREATE TABLE added (id bigint); SELECT 1 / 0"]
                }
            }
            #expect(try cluster.number("SELECT version FROM schema_version", schema: schema) == supported)
            #expect(try cluster.number("SELECT count(*) FROM pg_class WHERE relname = 'added'", schema: schema) == 0)
            let older = try await Fixture.make(try Fixture.postgres(address), nil)
            let newer = try Fixture.postgres(address) { $0.schemaSteps += ["CREATE TABLE added (id bigint)"] }
            // A replica of the release before goes on; a new one of it does not begin.
            try await older.mint(older.invite())
            #expect(throws: StoreError.newerSchema(found: supported + 1, supported: supported)) {
                try Fixture.postgres(address)
            }
            await older.store.close()
            await newer.close()
        }

        @Test(
            "A time further than five seconds from PostgreSQL's clock is refused, on either side",
            arguments: [-6, 6]
        )
        func judgesClocks(seconds: Int64) async throws {
            let fixture = try await Self.replicas(1) { $0.clockToleranceMilliseconds = nil }[0]
            await fixture.store.close()
            let cluster = try PostgresCluster.shared.get()
            let address = cluster.address(schema: try cluster.makeSchema())
            let store = try Fixture.postgres(address) { $0.clockToleranceMilliseconds = 5_000 }
            let now = SystemTimeSource().now()
            await #expect(throws: StoreError.clockBehind) {
                try await store.appendAudit([fixture.draft()], now: now.adding(seconds: seconds))
            }
            try await store.appendAudit([fixture.draft()], now: SystemTimeSource().now())
            await store.close()
        }

        @Test(
            "A password in an address is refused, and the address is not repeated",
            arguments: [
                "postgres://user:sesame@host/db", "postgresql://host/db?password=sesame",
                "postgres://user@host/db?sslpassword=sesame", "postgres://u:%73esame@[::1]:5432/db?sslmode=require",
            ]
        )
        func refusesPasswords(address: String) throws {
            let fault = try #require(PostgresAddress.fault(in: address))
            #expect(fault.contains("password"))
            #expect(!fault.contains("sesame"))
        }

        @Test(
            "An address without one is taken",
            arguments: [
                "postgres://user@host:5433/db?sslmode=verify-full", "postgresql:///db?service=tokens", "postgres://",
            ]
        )
        func takesAddresses(address: String) { #expect(PostgresAddress.fault(in: address) == nil) }
    }
#endif
