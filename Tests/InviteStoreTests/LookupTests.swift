#if SQLite
    import Platform
    import Testing
    import TestSupport

    @testable import InviteStore

    @Suite("The look-up of the SQLite store, against a model")
    struct LookupTests {
        private struct Random {
            let source: SeededRandomSource

            func next(_ bound: Int) -> Int { Int(source.words().0 % UInt64(bound)) }
        }

        private static let campaigns = ["spring", "summer", "autumn"]

        private func open(_ directory: TemporaryFolder, bufferEntries: Int) throws -> SQLiteInviteStore {
            try Fixture.sqlite(directory) { $0.lookupBufferEntries = bufferEntries }
        }

        @Test(
            "Lists are complete at every instant through late ids, flushes, merges and restarts",
            arguments: [1, 2, 3, 4] as [UInt64]
        )
        func isComplete(seed: UInt64) async throws {
            let random = Random(source: SeededRandomSource(seed: seed))
            let directory = TemporaryFolder()
            let bufferEntries = [7, 64, 300, 2000][Int(seed) - 1]
            var fixture = try await Fixture.make(try open(directory, bufferEntries: bufferEntries), directory)
            var model: [RecordID: InviteRecord] = [:]
            for round in 0..<120 {
                var batch: [InviteRecord] = []
                for _ in 0..<(1 + random.next(30)) {
                    // Ids from ten days around now, in any order.
                    let at = Fixture.start.adding(seconds: Int64(random.next(1_700_000) - 850_000))
                    let words = random.source.words()
                    let id = RecordID(high: UInt64(at.milliseconds) << 16 | words.0 & 0xFFFF, low: words.1)
                    batch.append(
                        fixture.invite(
                            id: id,
                            campaign: Self.campaigns[random.next(3)],
                            participant: UInt64(random.next(6))
                        )
                    )
                }
                let command = CreateInvites(
                    invites: batch,
                    audit: [fixture.draft("round.\(round)")],
                    now: Fixture.start
                )
                #expect(try await fixture.store.createInvites(command) == .done(.created(rev: 0)))
                for invite in batch { model[invite.id] = invite }
                if round % 17 == 16 {
                    await fixture.store.close()
                    let store = try open(directory, bufferEntries: bufferEntries)
                    fixture = try await Fixture.make(store, directory, initialised: false)
                }
                if round % 5 == 0 || round == 119 { try await check(fixture, model, random) }
            }
            let page = try await fixture.store.auditEvents(
                of: fixture.tenant,
                filter: AuditFilter(),
                page: PageRequest(limit: 100)
            )
            #expect(page.records.count == 100)
            #expect(page.next != nil)
        }

        private func check(_ fixture: Fixture, _ model: [RecordID: InviteRecord], _ random: Random) async throws {
            let campaign = Self.campaigns[random.next(3)]
            let address = fixture.invite(participant: UInt64(random.next(6))).addressIndex
            for filter in [InviteFilter(campaign: campaign), InviteFilter(addressIndex: address)] {
                let expected = model.values.filter {
                    $0.campaign == filter.campaign ?? $0.campaign
                        && $0.addressIndex == filter.addressIndex ?? $0.addressIndex
                }
                let found = try await ListingContractTests.all(fixture, filter, limit: 1 + random.next(100))
                #expect(found == expected.map(\.id).sorted { $1 < $0 })
            }
        }

        @Test("Lists stay complete while others mint, flush and merge")
        func isCompleteUnderLoad() async throws {
            let directory = TemporaryFolder()
            let store = try open(directory, bufferEntries: 40)
            let fixture = try await Fixture.make(store, directory)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        var mine: Set<RecordID> = []
                        for _ in 0..<60 {
                            let invite = fixture.invite(campaign: "c\(worker)")
                            try await fixture.mint(invite)
                            mine.insert(invite.id)
                            let found = try await ListingContractTests.all(
                                fixture,
                                InviteFilter(campaign: "c\(worker)"),
                                limit: 100
                            )
                            #expect(Set(found) == mine)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }

        @Test("Merging keeps up with batches: no level piles up, though nobody ever leaves it time")
        func keepsUp() async throws {
            let directory = TemporaryFolder()
            let store = try open(directory, bufferEntries: 126)
            let fixture = try await Fixture.make(store, directory)
            var runsMax = 0
            for round in 0..<700 {
                let batch = (0..<63).map { _ in fixture.invite(at: Fixture.start) }
                _ = try await store.createInvites(CreateInvites(invites: batch, audit: [], now: Fixture.start))
                if round % 10 == 0 { runsMax = max(runsMax, try await store.lookupStatistics().runs) }
            }
            // 700 runs of one page are four levels of at most seven, and those that a merge has not replaced yet.
            #expect(runsMax <= 4 * 7 + 3 * 8)
        }

        @Test("Entries of swept invites leave the look-up, those of later ones stay")
        func forgets() async throws {
            let directory = TemporaryFolder()
            let store = try open(directory, bufferEntries: 64)
            let fixture = try await Fixture.make(store, directory)
            let day: Int64 = 24 * 3600
            for month in 0..<6 {
                let now = Fixture.start.adding(seconds: Int64(month) * 40 * day)
                var stored: [RecordID] = []
                for _ in 0..<50 {
                    let batch = (0..<10).map { _ in fixture.invite(at: now) }
                    _ = try await store.createInvites(CreateInvites(invites: batch, audit: [], now: now))
                    stored += batch.map(\.id)
                }
                // Older than everything that was swept before.
                let late = fixture.invite(at: now, id: fixture.ids.next(at: now.adding(seconds: -60 * day)))
                try await fixture.mint(late, at: now)
                let found = try await ListingContractTests.all(
                    fixture,
                    InviteFilter(campaign: "spring"),
                    limit: 100,
                    now: now
                )
                #expect(found == stored.reversed() + [late.id])
                #expect(try await store.sweep(now: now.adding(seconds: 31 * day), rowsMax: 10_000) == 501)
                #expect(
                    try await ListingContractTests.all(fixture, InviteFilter(campaign: "spring"), now: now) == []
                )
            }
            // Each transaction does one step of the upkeep that is due.
            for _ in 0..<100 { try await store.appendAudit([], now: Fixture.start.adding(seconds: 240 * day)) }
            let statistics = try await store.lookupStatistics()
            #expect(statistics.bufferedEntries < 64)
            #expect(statistics.inviteEntriesMax <= 126)
        }

        @Test("Runs whose invites are all gone leave the look-up unread")
        func letsGoUnread() async throws {
            let directory = TemporaryFolder()
            let first = try await Fixture.make(try open(directory, bufferEntries: 64), directory)
            for _ in 0..<20 {
                let batch = (0..<10).map { _ in first.invite(at: Fixture.start) }
                _ = try await first.store.createInvites(CreateInvites(invites: batch, audit: [], now: Fixture.start))
            }
            await first.store.close()
            // Whoever reads a page from now on fails, and merging is over for a minute.
            try SQLFile(directory: directory.path).run("UPDATE lookup_pages SET entries = x''")
            let store = try open(directory, bufferEntries: 64)
            // Too few for a merge, so that only their age can be their end.
            let runs = try await store.lookupStatistics().runs
            #expect(runs > 3 && runs < 8)
            let later = Fixture.start.adding(seconds: 31 * 24 * 3600)
            #expect(try await store.sweep(now: later, rowsMax: 10_000) == 200)
            for _ in 0..<20 { try await store.appendAudit([], now: later) }
            #expect(try await store.lookupStatistics().runs == 0)
            #expect(try SQLFile(directory: directory.path).number("SELECT count(*) FROM lookup_pages") == 0)
        }

        @Test("A sweep looks at a bounded number of invites that stay, and the next goes on where it stopped")
        func boundedWalk() async throws {
            let directory = TemporaryFolder()
            let store = try Fixture.sqlite(directory) { $0.sweptWalkRows = 1_024 }
            let fixture = try await Fixture.make(store, directory)
            let day: Int64 = 24 * 3600
            // More than two sweeps' worth that are old by id and not yet past their use, then one that is.
            for _ in 0..<9 {
                let batch = (0..<250).map { _ in fixture.invite(lifetimeSeconds: 30 * day) }
                _ = try await store.createInvites(CreateInvites(invites: batch, audit: [], now: Fixture.start))
            }
            let last = try await fixture.mint(fixture.invite(lifetimeSeconds: 60))[0]
            let now = Fixture.start.adding(seconds: 31 * day)
            #expect(try await store.sweep(now: now, rowsMax: 500) == 0)
            #expect(try await store.sweep(now: now, rowsMax: 500) == 0)
            #expect(try await store.sweep(now: now, rowsMax: 500) == 1)
            #expect(try await store.invite(last.id, of: fixture.tenant) == nil)
            // From the lowest again, however long ago it was passed.
            let end = Fixture.start.adding(seconds: 61 * day)
            var removed = 0
            while case let step = try await store.sweep(now: end, rowsMax: 500), step > 0 { removed += step }
            #expect(removed == 2_250)
        }

        @Test("An invite whose id is old, made while a sweep is past its workspace, stays in the look-up")
        func keepsOldIDs() async throws {
            let directory = TemporaryFolder()
            let store = try open(directory, bufferEntries: 4)
            let fixture = try await Fixture.make(store, directory)
            let day: Int64 = 24 * 3600
            let now = Fixture.start.adding(seconds: 60 * day)
            let other = WorkspaceRecord(
                id: fixture.ids.next(at: Fixture.start),
                slug: "other",
                name: "Other",
                plan: .pro,
                settings: Array("{}".utf8),
                createdAt: Fixture.start
            )
            _ = try await store.createWorkspace(
                CreateWorkspace(workspace: other, by: nil, now: Fixture.start, audit: [])
            )
            for tenant in [fixture.tenant, Tenant(workspace: other.id, environment: .live)] {
                for _ in 0..<10 { try await fixture.mint(fixture.invite(tenant: tenant)) }
            }
            var cursor = SweepCursor(walkRowsMax: 1_000)
            cursor.beginCall()
            var first: Int64?
            var late: [RecordID] = []
            while !cursor.isFinished {
                let start = cursor
                cursor = try await store.write { writer throws(SQLiteFailure) in
                    var cursor = start
                    _ = try writer.sweepStep(&cursor, now: now, rowsMax: 3)
                    return cursor
                }
                first = first ?? cursor.invites.tenant
                guard late.count < 12, let tenant = cursor.invites.tenant, tenant != first else { continue }
                for _ in 0..<4 {
                    let id = fixture.ids.next(at: Fixture.start.adding(seconds: -day))
                    try await fixture.mint(fixture.invite(at: now, id: id, campaign: "late"), at: now)
                    late.append(id)
                }
            }
            #expect(late.count == 12)
            // Each transaction does one step of the upkeep that is due.
            for _ in 0..<100 { try await store.appendAudit([], now: now) }
            let found = try await ListingContractTests.all(
                fixture,
                InviteFilter(campaign: "late"),
                limit: 100,
                now: now
            )
            #expect(found == late.reversed())
        }
    }
#endif
