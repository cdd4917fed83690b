#if SQLite
    import Foundation
    import InviteStore
    import Platform
    import Testing
    import TestSupport

    /// What the durable store costs; off unless asked for, because it measures and claims nothing.
    ///
    /// `STORE_BENCH=1 swift test -c release --filter StoreBenchmark`. `STORE_BENCH_ROWS` says how many invites are
    /// stored before the second round (1,000,000), `STORE_BENCH_OPS` how many commands each line measures (100,000),
    /// `STORE_BENCH_WINDOWS` which windows, in microseconds (300),
    /// `STORE_BENCH_CALLERS` how many callers at once (1,32,256); `STORE_BENCH_REDEEM=0` leaves redeeming out.
    @Suite("Store benchmark", .enabled(if: ProcessInfo.processInfo.environment["STORE_BENCH"] != nil), .serialized)
    struct StoreBenchmark {
        private static func setting(_ name: String, _ standard: Int) -> Int {
            ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? standard
        }

        private static func list(_ name: String, _ standard: String) -> [Int] {
            (ProcessInfo.processInfo.environment[name] ?? standard).split(separator: ",").compactMap { Int($0) }
        }

        private static var windows: [Int] { list("STORE_BENCH_WINDOWS", "300") }

        @Test("Cost of mint and redeem, small and large", arguments: windows)
        func measure(window: Int) async throws {
            let directory = TemporaryFolder()
            var options = SQLiteStoreOptions()
            options.commitWindowMicroseconds = window
            options.checkpointPages = Self.setting("STORE_BENCH_CHECKPOINT", options.checkpointPages)
            let recorder = Recorder()
            let store = try SQLiteInviteStore(
                directory: directory.path,
                auditSealer: QuickSealer(),
                time: SystemTimeSource(),
                options: options,
                observer: recorder
            )
            let fixture = try await Fixture.make(store, directory)
            let operations = Self.setting("STORE_BENCH_OPS", 100_000)
            for rows in [10_000, Self.setting("STORE_BENCH_ROWS", 1_000_000)] {
                try await fill(fixture, to: rows)
                for callers in Self.list("STORE_BENCH_CALLERS", "1,32,256") {
                    let count = callers == 1 ? operations / 20 : operations
                    let name = "window \(window) us, \(rows) rows, \(callers) callers"
                    let minted = try await run("mint,   \(name)", callers, count, recorder) { index in
                        let invite = fixture.invite(at: Self.now(), participant: UInt64(index), lifetimeSeconds: 86_400)
                        let command = CreateInvites(
                            invites: [invite],
                            audit: [fixture.draft(at: Self.now(), target: "inv_0123456789abcdef")],
                            now: Self.now()
                        )
                        guard case .done(.created) = try await store.createInvites(command) else {
                            throw Unexpected("not created")
                        }
                        return invite
                    }
                    if Self.setting("STORE_BENCH_REDEEM", 1) == 0 { continue }
                    _ = try await run("redeem, \(name)", callers, count, recorder) { index in
                        let invite = minted[index % minted.count]
                        let outcome = try await fixture.redeem(
                            invite,
                            at: Self.now(),
                            holder: Array(repeating: 7, count: 32),
                            audit: [fixture.draft("invite.redeemed", at: Self.now(), target: "inv_0123456789abcdef")]
                        )
                        guard case .opened = outcome else { throw Unexpected("\(outcome)") }
                        return invite
                    }
                }
                print("look-up:", try await store.lookupStatistics())
            }
            await store.close()
            let begun = SystemTimeSource().monotonicNow()
            let again = try SQLiteInviteStore(
                directory: directory.path,
                auditSealer: QuickSealer(),
                time: SystemTimeSource()
            )
            let opened = SystemTimeSource().monotonicNow().nanoseconds(since: begun)
            print("reopened in \(opened / 1_000) us")
            await again.close()
        }

        /// The fixture's time, running.
        private static func now() -> UnixTime {
            UnixTime(milliseconds: SystemTimeSource().now().milliseconds + ahead)
        }

        private static let ahead = Fixture.start.milliseconds - SystemTimeSource().now().milliseconds

        private func fill(_ fixture: Fixture, to rows: Int) async throws {
            let time = SystemTimeSource()
            var left = rows
            let begun = time.monotonicNow()
            while left > 0 {
                let batch = (0..<min(1_000, left)).map { index in
                    fixture.invite(at: Self.now(), participant: UInt64(left + index), lifetimeSeconds: 86_400)
                }
                let command = CreateInvites(invites: batch, audit: [fixture.draft(at: Self.now())], now: Self.now())
                _ = try await fixture.store.createInvites(command)
                left -= batch.count
            }
            let seconds = Double(time.monotonicNow().nanoseconds(since: begun)) / 1e9
            print("filled \(rows) rows in \(String(format: "%.1f", seconds)) s")
        }

        private func run(
            _ name: String,
            _ callers: Int,
            _ count: Int,
            _ recorder: Recorder,
            _ body: @escaping @Sendable (Int) async throws -> InviteRecord
        ) async throws -> [InviteRecord] {
            let time = SystemTimeSource()
            let loop = LoopExecutor()
            defer { loop.stop() }
            let commits = recorder.commits
            let begun = time.monotonicNow()
            let cpu = Self.cpuMicroseconds()
            let results = try await withThrowingTaskGroup(of: [(InviteRecord, UInt64)].self) { group in
                for caller in 0..<callers {
                    group.addTask(executorPreference: loop) {
                        var results: [(InviteRecord, UInt64)] = []
                        results.reserveCapacity(count / callers + 1)
                        for index in stride(from: caller, to: count, by: callers) {
                            let begun = time.monotonicNow()
                            let invite = try await body(index)
                            results.append((invite, time.monotonicNow().nanoseconds(since: begun)))
                        }
                        return results
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let used = Double(Self.cpuMicroseconds() - cpu)
            let seconds = Double(time.monotonicNow().nanoseconds(since: begun)) / 1e9
            let latencies = results.map(\.1).sorted()
            let made = recorder.commits - commits
            print(
                name,
                String(
                    format: ": %.2f us CPU, %.0f /s, p50 %.0f us, p99 %.0f us, max %.1f ms, %.1f rows a commit",
                    used / Double(count),
                    Double(count) / seconds,
                    Double(latencies[latencies.count / 2]) / 1e3,
                    Double(latencies[latencies.count * 99 / 100]) / 1e3,
                    Double(latencies[latencies.count - 1]) / 1e6,
                    Double(count) / Double(max(1, made))
                )
            )
            return results.map(\.0)
        }

        private static func cpuMicroseconds() -> Int {
            var time = timespec()
            unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
        }
    }

    /// About the cost of a keyed hash, without its library.
    private struct QuickSealer: AuditSealer {
        func seal(_ canonical: [UInt8]) -> [UInt8] {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in canonical { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
            return (0..<32).map { UInt8(truncatingIfNeeded: hash >> (UInt64($0) & 7 * 8)) }
        }
    }

    /// One thread that runs tasks in order, as an event loop does.
    private final class LoopExecutor: TaskExecutor, @unchecked Sendable {
        // Safe because: the jobs are touched only with the condition's lock held.
        private let condition = NSCondition()
        private var jobs: [UnownedJob] = []
        private var isStopped = false

        init() {
            Thread { [self] in
                while let taken = take() {
                    for job in taken { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
                }
            }.start()
        }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            condition.lock()
            jobs.append(job)
            if jobs.count == 1 { condition.signal() }
            condition.unlock()
        }

        func stop() {
            condition.lock()
            isStopped = true
            condition.signal()
            condition.unlock()
        }

        private func take() -> [UnownedJob]? {
            condition.lock()
            defer { condition.unlock() }
            while jobs.isEmpty {
                if isStopped { return nil }
                condition.wait()
            }
            defer { jobs = [] }
            return jobs
        }
    }
#endif
