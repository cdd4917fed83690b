#if Postgres
    import InviteStore
    import Platform
    import Synchronization
    import Testing
    import TestSupport

    /// Waits for something that other threads bring about; false where it did not come in 20 s.
    func comes(_ isThere: () async throws -> Bool) async rethrows -> Bool {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            // Looked at once more behind the end: this task may not have had its turn for long.
            let isLast = ContinuousClock.now >= end
            if try await isThere() { return true }
            if isLast { return false }
            await Task.yield()
        }
    }

    /// Keeps what an observer is told.
    final class ToldChanges: StoreChangesObserver {
        private let state = Mutex((changes: [StoreChanges](), cutOffs: 0, ahead: Int64(0)))

        func changed(_ changes: StoreChanges) { state.withLock { if !changes.isEmpty { $0.changes.append(changes) } } }
        func isCutOff() { state.withLock { $0.cutOffs += 1 } }
        func compared(aheadMilliseconds: Int64, isOff: Bool) { state.withLock { $0.ahead = aheadMilliseconds } }

        var all: [StoreChanges] { state.withLock { $0.changes } }
        var timesCutOff: Int { state.withLock { $0.cutOffs } }
        var ahead: Int64 { state.withLock { $0.ahead } }
    }

    extension PostgresCluster {
        /// Has every commit be durable but not answered from here on, since it waits for a standby that never comes.
        ///
        /// - Returns: a statement that counts those that wait.
        func withholdAnswers(schema: String) throws -> String {
            try run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", schema: schema)
            try run("SELECT pg_reload_conf()", schema: schema)
            return "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        }
    }

    extension Fixture {
        /// Mints one invite after the other until it is over, and gives their number.
        func mint(until answers: Answers) async throws -> Int {
            var done = 0
            while !answers.isOver {
                let command = CreateInvites(invites: [invite()], audit: [draft()], now: Self.start)
                let outcome = try await store.createInvites(command)
                #expect(outcome == .done(.created(rev: 0)))
                done += 1
            }
            return done
        }
    }

    /// What clients were answered while the data base came and went.
    final class Answers: Sendable {
        private struct State {
            var opened: [RecordID: [RecordID]] = [:]
            var unknown: Set<RecordID> = []
            var isOver = false
        }

        private let state = Mutex(State())

        func opened(_ invite: RecordID, _ session: RecordID) {
            state.withLock { $0.opened[invite, default: []].append(session) }
        }

        func unknown(_ invite: RecordID) { state.withLock { _ = $0.unknown.insert(invite) } }

        func end() { state.withLock { $0.isOver = true } }

        var isOver: Bool { state.withLock { $0.isOver } }
        /// Sessions by invite.
        var done: [RecordID: [RecordID]] { state.withLock { $0.opened } }
        var unanswered: Set<RecordID> { state.withLock { $0.unknown } }
    }

    @Suite("What replicas tell each other")
    struct PostgresFeedTests {
        private let start = Fixture.start

        @Test("Another store's changes are told, each kind with what it is about")
        func tells() async throws {
            let fixtures = try await PostgresStoreTests.replicas(2)
            let told = ToldChanges()
            try await fixtures[1].store.observeChanges(told)
            let made = fixtures[0]
            let cutOff = try await made.cutOff(.campaign("x"))
            let session = try await made.open(try await made.mint(made.invite())[0])
            let ended = try #require(try await made.end(session.id))
            _ = try await made.store.changeAPIKey(
                made.key.id,
                of: made.tenant,
                change: .suspend(at: start),
                now: start,
                audit: []
            )
            let workspace = made.seed().workspace
            var renamed = workspace
            renamed.name = "Renamed"
            _ = try await made.store.changeWorkspace(
                ChangeWorkspace(expected: workspace, changed: renamed, by: nil, now: start, audit: [])
            )
            for place in [PolicyPlace.deployment, .campaign(made.tenant, "spring")] {
                let version = PolicyVersion(
                    id: made.ids.next(at: start),
                    place: place,
                    version: 1,
                    document: [1],
                    createdAt: start,
                    createdBy: "operator"
                )
                _ = try await made.store.changePolicy(
                    ChangePolicy(version: version, by: nil, policiesMax: 9, now: start, audit: [])
                )
            }
            try await made.store.replaceSigningKeys([], now: start, audit: [])
            #expect(await comes { told.all.contains { $0.signingKeys } })
            let all = told.all
            #expect(all.flatMap(\.cutOffs) == [cutOff])
            #expect(all.flatMap(\.endedSessions) == [ended])
            #expect(all.map(\.apiKeys).reduce([]) { $0.union($1) } == [made.key.id])
            #expect(all.map(\.workspaces).reduce([]) { $0.union($1) } == [workspace.id])
            #expect(all.map(\.policies).reduce([]) { $0.union($1) } == [made.tenant])
            #expect(all.contains { $0.deploymentPolicy })
            #expect(!all.contains { $0.isIncomplete })
            #expect(told.timesCutOff == 0)
            await PostgresStoreTests.close(fixtures)
        }

        @Test("What it takes to hear of a change is measured also when nothing happens")
        func measures() async throws {
            let fixture = try await PostgresStoreTests.replicas(1) { $0.canaryMilliseconds = 50 }[0]
            let told = ToldChanges()
            try await fixture.store.observeChanges(told)
            #expect(await comes { told.all.count { ($0.delayMilliseconds ?? .max) < 10_000 } >= 3 })
            #expect(!told.all.contains { $0.isIncomplete })
            await fixture.store.close()
        }

        @Test("A change without a notification is found by looking, and one that was swept before shows as a gap")
        func looks() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let store = try Fixture.postgres(cluster.address(schema: schema))
            let told = ToldChanges()
            try await store.observeChanges(told)
            try cluster.run(
                """
                UPDATE meta SET value = 1 WHERE name = 'last_change';
                INSERT INTO changes VALUES (1, 3, decode(repeat('07', 16), 'hex'), 0);
                """,
                schema: schema
            )
            let key = try #require(RecordID(bytes: [UInt8](repeating: 7, count: 16)))
            #expect(await comes { told.all.contains { $0.apiKeys == [key] } })
            try cluster.run("UPDATE meta SET value = 9 WHERE name = 'last_change'", schema: schema)
            #expect(await comes { told.all.contains { $0.isIncomplete } })
            // What a newer release writes is not passed over in silence.
            try cluster.run(
                """
                UPDATE meta SET value = 10 WHERE name = 'last_change';
                INSERT INTO changes VALUES (10, 99, '', 0);
                """,
                schema: schema
            )
            #expect(await comes { told.all.count { $0.isIncomplete } == 2 })
            await store.close()
        }
    }

    @Suite("PostgreSQL fails", .serialized)
    struct PostgresFaultTests {
        private let start = Fixture.start

        @Test("Killed and started again under load it loses nothing acknowledged and lets no invite be used twice")
        func crashes() async throws {
            let cluster = try PostgresCluster()
            let fixtures = try await PostgresStoreTests.replicas(2, of: cluster)
            let made = fixtures[0]
            let invites = (0..<400).map { _ in made.invite() }
            _ = try await made.store.createInvites(CreateInvites(invites: invites, audit: [], now: start))
            // Each invite is tried over and over at both stores.
            let answers = Answers()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<16 {
                    let fixture = fixtures[lane % 2]
                    group.addTask { try await Self.redeem(invites, at: fixture, from: lane, answers) }
                }
                for _ in 0..<2 {
                    let before = answers.done.count
                    _ = await comes { answers.done.count > before + 60 }
                    try cluster.crash()
                    for fixture in fixtures { #expect(await comes { await !fixture.store.isReady() }) }
                    try cluster.startAgain()
                    for fixture in fixtures { #expect(await comes { await fixture.store.isReady() }) }
                }
                answers.end()
                try await group.waitForAll()
            }
            let done = answers.done
            #expect(done.count > 120)
            #expect(done.values.allSatisfy { $0.count == 1 })
            for (invite, sessions) in done {
                #expect(try await made.store.invite(invite, of: made.tenant)?.uses == 1)
                #expect(try await made.store.session(sessions[0], of: made.tenant)?.invite == invite)
            }
            // Used without an answer are only those of which the store said so.
            let unanswered = answers.unanswered
            for invite in invites where done[invite.id] == nil && !unanswered.contains(invite.id) {
                #expect(try await made.store.invite(invite.id, of: made.tenant)?.uses == 0)
            }
            for chain in try await made.store.auditChains() {
                #expect(
                    ListingContractTests.isIntact(
                        try await made.store.auditChain(chain.chain, after: 0, limit: 10_000)
                    )
                )
            }
            await PostgresStoreTests.close(fixtures)
        }

        private static func redeem(
            _ invites: [InviteRecord],
            at fixture: Fixture,
            from lane: Int,
            _ answers: Answers
        ) async throws {
            var index = lane
            while !answers.isOver {
                let invite = invites[index % invites.count]
                index += 7 + lane % 2
                do {
                    let audit = [fixture.draft("invite.redeemed")]
                    if case .opened(let session) = try await fixture.redeem(invite, audit: audit) {
                        answers.opened(invite.id, session.id)
                    }
                } catch let error as StoreError {
                    if case .unknownOutcome = error { answers.unknown(invite.id) }
                }
            }
        }

        @Test("A commit whose answer is lost is looked up: it is answered as done, and done once")
        func losesAnswers() async throws {
            let cluster = try PostgresCluster()
            let schema = try cluster.makeSchema()
            let made = try await Fixture.make(try Fixture.postgres(cluster.address(schema: schema)), nil)
            let waiting = try cluster.withholdAnswers(schema: schema)
            // The server takes that up when it gets to it; commits before then are answered as ever.
            let answers = Answers()
            let minting = Task { try await made.mint(until: answers) }
            #expect(try await comes { try cluster.number(waiting, schema: schema) == 1 })
            answers.end()
            try cluster.run("ALTER SYSTEM RESET synchronous_standby_names", schema: schema)
            try cluster.run(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep';
                SELECT pg_reload_conf()
                """,
                schema: schema
            )
            let done = try await minting.value
            #expect(try cluster.number("SELECT count(*) FROM invites", schema: schema) == done)
            let chain = try await made.store.auditChain(1, after: 0, limit: 10_000)
            #expect(chain.count == done)
            try await made.store.appendAudit([made.draft()], now: start)
            #expect(ListingContractTests.isIntact(try await made.store.auditChain(1, after: 0, limit: 10_000)))
            await made.store.close()
        }

        @Test("A connection that is cut before the commit costs nothing: the transaction is done anew")
        func losesConnections() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let made = try await Fixture.make(try Fixture.postgres(cluster.address(schema: schema)), nil)
            // Blocks the writer inside its transaction.
            try cluster.run("CREATE TABLE door (id int); INSERT INTO door VALUES (1)", schema: schema)
            try cluster.run(
                """
                CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM 1 FROM \(schema).door; IF FOUND THEN PERFORM pg_sleep(60); END IF; RETURN NEW; END $$;
                CREATE TRIGGER wait BEFORE INSERT ON invites FOR EACH ROW EXECUTE FUNCTION wait()
                """,
                schema: schema
            )
            let invite = made.invite()
            async let minted = made.store.createInvites(
                CreateInvites(invites: [invite], audit: [made.draft()], now: start)
            )
            let asleep = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%invites%'"
            #expect(try await comes { try cluster.number(asleep, schema: schema) > 0 })
            let backend = try cluster.number(asleep, schema: schema)
            try cluster.run("DELETE FROM door", schema: schema)
            try cluster.run("SELECT pg_terminate_backend(\(backend))", schema: schema)
            #expect(try await minted == .done(.created(rev: 0)))
            #expect(try cluster.number("SELECT count(*) FROM invites", schema: schema) == 1)
            #expect(try await made.store.auditChain(1, after: 0, limit: 9).count == 1)
            await made.store.close()
        }

        @Test("While it is down every command and read fails in time, and the observer is told that it is cut off")
        func isDown() async throws {
            let cluster = try PostgresCluster()
            let fixtures = try await PostgresStoreTests.replicas(2, of: cluster) {
                $0.cutOffAfterMilliseconds = 500
                $0.lookMilliseconds = 100
            }
            let made = fixtures[0]
            let told = ToldChanges()
            try await made.store.observeChanges(told)
            try cluster.crash()
            #expect(await comes { told.timesCutOff > 0 })
            #expect(await !made.store.isReady())
            let begun = ContinuousClock.now
            await #expect(throws: StoreError.self) { try await made.mint(made.invite()) }
            await #expect(throws: StoreError.self) { try await made.store.deployment() }
            #expect(ContinuousClock.now - begun < .seconds(8))
            try cluster.startAgain()
            #expect(await comes { await made.store.isReady() })
            let cutOff = try await made.cutOff(.workspace)
            #expect(await comes { told.all.contains { $0.cutOffs == [cutOff] } })
            await PostgresStoreTests.close(fixtures)
        }
    }
#endif
