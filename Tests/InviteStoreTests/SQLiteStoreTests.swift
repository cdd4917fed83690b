#if SQLite
    import Foundation
    import InviteStore
    import Platform
    import Synchronization
    import Testing
    import TestSupport

    @Suite("What only the durable store promises")
    struct SQLiteStoreTests {
        private let start = Fixture.start

        @Test("A restart keeps everything, and the chain goes on where it was", arguments: [true, false])
        func restarts(closes: Bool) async throws {
            let directory = TemporaryFolder()
            var store: SQLiteInviteStore? = try Fixture.sqlite(directory)
            var fixture: Fixture? = try await Fixture.make(try #require(store), directory)
            let made = try #require(fixture)
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
            (store, fixture) = (nil, nil)

            let again = try await Fixture.make(try Fixture.sqlite(directory), directory, initialised: false)
            #expect(try await again.store.deployment() == again.seed().deployment)
            #expect(try await again.store.invite(invites[1].id, of: again.tenant) == invites[1])
            #expect(try await again.redeem(invites[0], holder: [7]) == .repeated(session))
            #expect(try await again.redeem(invites[0]) == .used)
            #expect(try await again.store.createInvites(claimed) == .replay(result: [3, 1]))
            #expect(try await again.store.lastCutOffNumber() == cutOff.number)
            #expect(try await again.store.cutOffs(after: 0, now: start, limit: 9) == [cutOff])
            #expect(try await again.cutOff(.workspace).number == cutOff.number + 1)
            #expect(try await again.redeem(invites[1]) == .revoked)
            let found = try await ListingContractTests.all(again, InviteFilter(campaign: "spring"))
            #expect(found == [invites[1].id, invites[0].id])
            try await again.store.appendAudit([again.draft("two")], now: start)
            let chain = try await again.store.auditChain(1, after: 0, limit: 99)
            #expect(chain.map(\.draft.type) == ["one", "two"])
            #expect(ListingContractTests.isIntact(chain))
        }

        @Test("A copy of the lock's descriptor, as a child about to exec has one, does not keep a closed directory")
        func copiedDescriptor() async throws {
            let directory = TemporaryFolder()
            let store = try Fixture.sqlite(directory)
            let folder = "/proc/self/fd"
            let locks = try FileManager.default.contentsOfDirectory(atPath: folder).filter { name in
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
                return target == directory.path + "/lock"
            }
            let copies = locks.compactMap { CInt($0) }.map { SharedDescriptor(FileDescriptor(owning: dup($0))) }
            #expect(copies.count == 1)
            await store.close()
            await (try Fixture.sqlite(directory)).close()
            withExtendedLifetime(copies) {}
        }

        @Test("The clock is checked against what an earlier run stored")
        func remembersTime() async throws {
            let directory = TemporaryFolder()
            let first = try await Fixture.make(try Fixture.sqlite(directory), directory)
            let later = start.adding(seconds: 100)
            try await first.mint(first.invite(at: later), at: later)
            await first.store.close()
            let second = try await Fixture.make(try Fixture.sqlite(directory), directory, initialised: false)
            await #expect(throws: StoreError.clockBehind) {
                try await second.mint(second.invite(), at: later.adding(seconds: -7))
            }
            try await second.mint(second.invite(at: later), at: later.adding(seconds: -4))
        }

        @Test("A directory in use is refused with a sentence that says what to do")
        func locks() async throws {
            let directory = TemporaryFolder()
            let store = try Fixture.sqlite(directory)
            do {
                _ = try Fixture.sqlite(directory)
                Issue.record("a second store opened the directory")
            } catch let error as StoreError {
                guard case .inUse(let sentence) = error else { throw error }
                #expect(sentence.contains(directory.path))
                #expect(sentence.contains("Stop that one first"))
            }
            await store.close()
            await (try Fixture.sqlite(directory)).close()
        }

        @Test("A directory is free again when a store that was never closed is gone")
        func unlocks() async throws {
            let directory = TemporaryFolder()
            do {
                let store = try Fixture.sqlite(directory)
                #expect(await store.isReady())
            }
            // The threads end by themselves a moment later.
            let deadline = ContinuousClock.now + .seconds(5)
            while true {
                if let store = try? Fixture.sqlite(directory) { return await store.close() }
                try #require(ContinuousClock.now < deadline)
                await Task.yield()
            }
        }

        @Test("Only the owner may read the directory and the files")
        func permissions() async throws {
            let directory = TemporaryFolder()
            try FileManager.default.createDirectory(
                atPath: directory.path,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o755]
            )
            let fixture = try await Fixture.make(try Fixture.sqlite(directory), directory)
            try await fixture.mint(fixture.invite())
            func mode(_ path: String) throws -> Int? {
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            }
            #expect(try mode(directory.path) == 0o700)
            let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            #expect(files.count >= 3)
            for file in files { #expect(try mode(directory.path + "/" + file) == 0o600) }
        }

        @Test("A file that is no data base is refused and left as it was")
        func refusesRubbish() async throws {
            let directory = TemporaryFolder()
            await (try Fixture.sqlite(directory)).close()
            let path = directory.path + "/token-service.sqlite3"
            let rubbish = Data(repeating: 0x41, count: 8192)
            try rubbish.write(to: URL(fileURLWithPath: path))
            #expect(throws: StoreError.self) { _ = try Fixture.sqlite(directory) }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == rubbish)
        }

        @Test("With the disk full writes fail whole, reads go on, and writes succeed once there is room")
        func survivesAFullDisk() async throws {
            let directory = TemporaryFolder()
            let store = try Fixture.sqlite(directory)
            let fixture = try await Fixture.make(store, directory)
            try await fixture.mint(fixture.invite(campaign: "before"))
            try await store.limitPages(to: 1)
            var failed: [InviteRecord] = []
            var stored: [RecordID] = []
            for _ in 0..<40 {
                let batch = (0..<20).map { _ in fixture.invite() }
                do throws(StoreError) {
                    _ = try await store.createInvites(
                        CreateInvites(invites: batch, audit: [fixture.draft()], now: start)
                    )
                    stored += batch.map(\.id)
                } catch {
                    guard case .unavailable = error else { throw error }
                    failed += batch
                }
            }
            #expect(!failed.isEmpty)
            #expect(await !store.isReady())
            for invite in failed { #expect(try await store.invite(invite.id, of: fixture.tenant) == nil) }
            let seen = try await ListingContractTests.all(fixture, InviteFilter(campaign: "spring"), limit: 100)
            #expect(seen == stored.reversed())
            #expect(ListingContractTests.isIntact(try await store.auditChain(1, after: 0, limit: 100)))

            try await store.limitPages(to: .max)
            try await fixture.mint(failed[0])
            #expect(await store.isReady())
            let chain = try await store.auditChain(1, after: 0, limit: 100)
            #expect(chain.count == stored.count / 20)
        }

        @Test("A command that fails alone spoils none of those that share its transaction")
        func isolatesFailures() async throws {
            let directory = TemporaryFolder()
            let observer = Recorder()
            let store = try Fixture.sqlite(directory, observer: observer) { $0.commitWindowMicroseconds = 100_000 }
            let fixture = try await Fixture.make(store, directory)
            let taken = try await fixture.mint(fixture.invite())[0]
            let results = await withTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    let invite = index % 50 == 7 ? taken : fixture.invite()
                    group.addTask { (try? await fixture.mint(invite)) != nil }
                }
                return await group.reduce(into: (true: 0, false: 0)) { $1 ? ($0.true += 1) : ($0.false += 1) }
            }
            #expect(results.true == 196)
            #expect(results.false == 4)
            #expect(observer.failures > 0)
            #expect(await fixture.store.isReady())
            #expect(try await ListingContractTests.all(fixture, InviteFilter(), limit: 100).count == 197)
        }

        @Test("Commands that come together share commits")
        func sharesCommits() async throws {
            let directory = TemporaryFolder()
            let observer = Recorder()
            let fixture = try await Fixture.make(try Fixture.sqlite(directory, observer: observer), directory)
            let before = observer.commits
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<1_000 {
                    group.addTask { try await fixture.mint(fixture.invite()) }
                }
                try await group.waitForAll()
            }
            // Eight at least to a commit; in practice far more.
            #expect(observer.commits - before <= 125)
            #expect(observer.commands >= 1_000)
        }

        @Test("A write that has waited beyond its deadline fails, and was not done")
        func expiresWrites() async throws {
            let directory = TemporaryFolder()
            let time = ManualTimeSource()
            let store = try Fixture.sqlite(directory, time: JumpingTimeSource(time))
            let fixture = try await Fixture.make(store, directory)
            let invite = fixture.invite()
            time.advance(seconds: 1)
            await #expect(throws: StoreError.deadlineExceeded) { try await fixture.mint(invite) }
        }

        @Test("A read that has waited beyond its deadline fails")
        func expiresReads() async throws {
            let directory = TemporaryFolder()
            let time = ManualTimeSource()
            let store = try Fixture.sqlite(directory, time: JumpingTimeSource(time))
            let fixture = try await Fixture.make(store, directory)
            time.advance(seconds: 1)
            await #expect(throws: StoreError.deadlineExceeded) { _ = try await fixture.store.deployment() }
        }

        @Test("More commands than the queue holds are turned away at once")
        func boundsTheQueue() async throws {
            let directory = TemporaryFolder()
            let store = try Fixture.sqlite(directory) { $0.waitingWritesMax = 4 }
            let fixture = try await Fixture.make(store, directory)
            let outcomes = await withTaskGroup(of: StoreError?.self) { group in
                for _ in 0..<2_000 {
                    group.addTask {
                        do throws(StoreError) {
                            let command = CreateInvites(invites: [fixture.invite()], audit: [], now: Fixture.start)
                            _ = try await fixture.store.createInvites(command)
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: [StoreError?]()) { $0.append($1) }
            }
            let stored = outcomes.count { $0 == nil }
            let refused = outcomes.count { $0 == .overloaded }
            #expect(stored + refused == 2_000)
            #expect(refused > 0)
            #expect(try await ListingContractTests.all(fixture, InviteFilter(), limit: 100).count == stored)
        }
    }

    /// Counts what the store reports.
    final class Recorder: StoreObserver {
        private struct Counts {
            var commits = 0
            var commands = 0
            var failures = 0
        }

        private let counts = Mutex(Counts())

        var commits: Int { counts.withLock { $0.commits } }
        var commands: Int { counts.withLock { $0.commands } }
        var failures: Int { counts.withLock { $0.failures } }

        func committed(commands: Int, nanoseconds: UInt64, waiting: Int) {
            counts.withLock {
                $0.commits += 1
                $0.commands += commands
            }
        }

        func commitFailed() { counts.withLock { $0.failures += 1 } }

        func read(nanoseconds: UInt64) {}
    }

    /// A clock that stands until it is first advanced, and from then on jumps ten seconds with every look at it.
    private final class JumpingTimeSource: TimeSource {
        private let base: ManualTimeSource
        private let beginning: MonotonicInstant

        init(_ base: ManualTimeSource) {
            self.base = base
            beginning = base.monotonicNow()
        }

        func now() -> UnixTime { base.now() }

        func monotonicNow() -> MonotonicInstant {
            if base.monotonicNow() > beginning { base.advance(seconds: 10) }
            return base.monotonicNow()
        }
    }
#endif
