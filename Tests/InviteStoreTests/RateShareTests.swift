#if Postgres
    import InviteStore
    import Platform
    import Testing
    import TestSupport

    @Suite("Shares of limits, over several stores on one PostgreSQL")
    struct RateShareTests {
        private let start = Fixture.start
        private let subject = RecordID(high: 5 << 16, low: 1)

        private func ask(_ wanted: Int, limit: Int, minute: Int64 = 0) -> RateAsk {
            let window = start.adding(seconds: 60 * minute)
            return RateAsk(subject: subject, window: window, limit: limit, wanted: wanted)
        }

        @Test("Whoever asks, and how many at once: all shares of a window add up to the limit exactly")
        func neverMore() async throws {
            let fixtures = try await PostgresStoreTests.replicas(3)
            let granted = try await withThrowingTaskGroup(of: Int.self) { group in
                for lane in 0..<12 {
                    let shares = try #require(fixtures[lane % 3].store.rateShares)
                    group.addTask {
                        var sum = 0
                        while true {
                            let ask = ask(1 + lane % 5, limit: 1_000)
                            let share = try await shares.lease(ask)
                            sum += share.granted
                            if share.granted < ask.wanted { return sum }
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(granted == 1_000)
            await PostgresStoreTests.close(fixtures)
        }

        @Test("Each window and subject has its own; a limit that is lowered gives no more, one that is raised the rest")
        func windows() async throws {
            let fixtures = try await PostgresStoreTests.replicas(2)
            let shares = try fixtures.map { try #require($0.store.rateShares) }
            #expect(try await shares[0].lease(ask(40, limit: 100)) == RateShare(granted: 40, taken: 40))
            #expect(try await shares[1].lease(ask(40, limit: 100)) == RateShare(granted: 40, taken: 80))
            #expect(try await shares[0].lease(ask(40, limit: 100, minute: 1)) == RateShare(granted: 40, taken: 40))
            #expect(try await shares[0].lease(ask(9, limit: 50)) == RateShare(granted: 0, taken: 50))
            #expect(try await shares[0].lease(ask(40, limit: 100)) == RateShare(granted: 20, taken: 100))
            #expect(try await shares[1].lease(ask(1, limit: 100)) == RateShare(granted: 0, taken: 100))
            #expect(try await shares[1].lease(ask(40, limit: 130)) == RateShare(granted: 30, taken: 130))
            let other = RateAsk(subject: RecordID(high: 6 << 16, low: 1), window: start, limit: 3, wanted: 9)
            #expect(try await shares[1].lease(other) == RateShare(granted: 3, taken: 3))
            await PostgresStoreTests.close(fixtures)
        }

        @Test("Rows of windows that are over are swept, those of this minute and the last are not")
        func swept() async throws {
            let fixtures = try await PostgresStoreTests.replicas(1)
            let store = fixtures[0].store
            let shares = try #require(store.rateShares)
            for minute: Int64 in 0...5 { _ = try await shares.lease(ask(1, limit: 1, minute: minute)) }
            #expect(try await store.sweep(now: start.adding(seconds: 360), rowsMax: 100) == 4)
            #expect(try await shares.lease(ask(1, limit: 1, minute: 5)).granted == 0)
            #expect(try await shares.lease(ask(1, limit: 1, minute: 4)).granted == 0)
            #expect(try await shares.lease(ask(1, limit: 1, minute: 3)).granted == 1)
            await store.close()
        }

        @Test("Cut off from the data base nothing is granted; afterwards the rest is, and not once more than that")
        func survives() async throws {
            let cluster = try PostgresCluster()
            let proxy = try cluster.makeProxy()
            defer { proxy.end() }
            let schema = try cluster.makeSchema()
            let made = try await Fixture.make(
                try Fixture.postgres(proxy.address(schema: schema)) { $0.readDeadlineMilliseconds = 1000 },
                nil
            )
            let shares = try #require(made.store.rateShares)
            #expect(try await shares.lease(ask(10, limit: 100)).granted == 10)
            proxy.cut()
            await #expect(throws: StoreError.self) { try await shares.lease(ask(10, limit: 100)) }
            await #expect(throws: StoreError.self) { try await shares.lease(ask(10, limit: 100)) }
            proxy.heal()
            var granted = 10
            #expect(
                await comes {
                    granted += (try? await shares.lease(ask(10, limit: 100)).granted) ?? 0
                    return granted >= 80
                }
            )
            granted += try await shares.lease(ask(100, limit: 100)).granted
            // What was asked for while it was cut off may have been taken, and is lost then.
            #expect(granted <= 100 && granted >= 80)
            #expect(try cluster.number("SELECT taken FROM rate_windows", schema: schema) == 100)
            await made.store.close()
        }

        @Test(
            "A store that one process has for itself has no shares to give",
            arguments: Fixture.Kind.allCases.filter { $0 != .postgres }
        )
        func alone(kind: Fixture.Kind) async throws {
            let fixture = try await Fixture.make(kind)
            #expect(fixture.store.rateShares == nil)
            #expect(!fixture.store.isClockOff)
            await fixture.store.close()
        }
    }

    @Suite("The machine's clock and PostgreSQL's")
    struct PostgresClockTests {
        /// A store whose machine's clock the test sets, beside one whose clock is right.
        private static func stores() async throws -> (clock: ShiftedTimeSource, off: Fixture, right: Fixture) {
            let cluster = try PostgresCluster.shared.get()
            let address = cluster.address(schema: try cluster.makeSchema())
            let clock = ShiftedTimeSource()
            let right = try await Fixture.make(try Fixture.postgres(address), nil)
            let off = try await Fixture.make(
                try Fixture.postgres(address, time: clock) { $0.lookMilliseconds = 20 },
                nil,
                initialised: false
            )
            return (clock, off, right)
        }

        @Test(
            "More than two and a half seconds off it is not ready and writes nothing, until it is right again",
            arguments: [60, -60, 3, -3]
        )
        func off(seconds: Int64) async throws {
            let (clock, off, right) = try await Self.stores()
            let told = ToldChanges()
            try await off.store.observeChanges(told)
            let invite = try await right.mint(right.invite())[0]
            #expect(await off.store.isReady())
            clock.shift(milliseconds: seconds * 1000)
            #expect(await comes { off.store.isClockOff })
            #expect(await !off.store.isReady())
            #expect(abs(told.ahead - seconds * 1000) < 2_000)
            await #expect(throws: StoreError.clockBehind) { try await off.mint(off.invite()) }
            await #expect(throws: StoreError.clockBehind) { try await off.redeem(invite) }
            let ask = RateAsk(subject: off.key.id, window: Fixture.start, limit: 9, wanted: 1)
            await #expect(throws: StoreError.clockBehind) { try await off.store.rateShares?.lease(ask) }
            // What one machine's clock says is nothing to the others.
            #expect(await right.store.isReady())
            clock.shift(milliseconds: 0)
            #expect(await comes { await off.store.isReady() })
            guard case .opened = try await off.redeem(invite) else { throw Unexpected("not redeemed") }
            await PostgresStoreTests.close([off, right])
        }

        @Test("Two seconds off it serves")
        func within() async throws {
            let (clock, off, right) = try await Self.stores()
            let told = ToldChanges()
            clock.shift(milliseconds: 2_000)
            try await off.store.observeChanges(told)
            #expect(await comes { told.ahead > 1_000 })
            #expect(await off.store.isReady())
            _ = try await off.mint(off.invite())
            await PostgresStoreTests.close([off, right])
        }
    }
#endif
