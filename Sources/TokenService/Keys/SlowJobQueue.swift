package import InviteStore
package import Platform
import Synchronization

/// One of the lines in which jobs wait for a worker: how many may, and how many of one owner.
package struct SlowJobLine: Sendable {
    package var waitingMax: Int
    package var waitingOfOwnerMax: Int

    package init(waitingMax: Int, waitingOfOwnerMax: Int = .max) {
        self.waitingMax = waitingMax
        self.waitingOfOwnerMax = waitingOfOwnerMax
    }
}

/// Whose job it is, where that is bounded.
package enum SlowJobOwner: Hashable, Sendable {
    /// An IPv6 address counts by its /64.
    case address(IPAddress)
    case member(KeyedDigest16)
}

/// Runs what takes long on one thread of its own, which lives only while there is something to do.
///
/// Bounded in how many jobs wait beside the one that runs, and in how long one may wait: beyond either the answer is 503.
/// Jobs of different kinds wait in lines of their own, which have their turns one after the other: however full one line
/// is, a job of another has its place and is not kept waiting by more than its share.
package final class SlowJobQueue: Sendable {
    private struct Job: Sendable {
        let owner: SlowJobOwner?
        let submittedAt: MonotonicInstant
        let run: @Sendable () -> Void
        let refuse: @Sendable (Problem) -> Void
    }

    private struct State {
        /// One list for each line.
        var waiting: [[Job]]
        /// The line that had its turn last.
        var last = 0
        var isRunning = false

        mutating func takeAll() -> [Job] {
            defer {
                waiting = waiting.map { _ in [] }
                isRunning = false
            }
            return waiting.flatMap(\.self)
        }
    }

    private let name: String
    private let time: any TimeSource
    private let lines: [SlowJobLine]
    private let waitMillisecondsMax: Int
    private let worker: BackgroundWork.Worker
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: of the thread, and in the private reason of a refusal.
    ///   - lines: at least one.
    ///   - worker: what runs the jobs; a thread, but in tests.
    package init(
        _ name: String,
        time: any TimeSource,
        lines: [SlowJobLine],
        waitMillisecondsMax: Int,
        worker: @escaping BackgroundWork.Worker = BackgroundWork.thread
    ) {
        precondition(!lines.isEmpty)
        self.name = name
        self.worker = worker
        self.time = time
        self.lines = lines
        self.waitMillisecondsMax = waitMillisecondsMax
        state = Mutex(State(waiting: lines.map { _ in [] }))
    }

    /// With one line for all.
    package convenience init(_ name: String, time: any TimeSource, waitingMax: Int, waitMillisecondsMax: Int) {
        let line = SlowJobLine(waitingMax: waitingMax)
        self.init(name, time: time, lines: [line], waitMillisecondsMax: waitMillisecondsMax)
    }

    /// Jobs that wait, beside the one that runs.
    package var waitingCount: Int { state.withLock { $0.waiting.reduce(0) { $0 + $1.count } } }

    /// Whether the worker runs.
    package var isRunning: Bool { state.withLock { $0.isRunning } }

    /// The result of a job; 503 where too many wait in its line, or of its owner, or this one waited too long to be begun.
    ///
    /// - Parameter line: its position among those that the queue was made with.
    package func run<Value: Sendable>(
        in line: Int = 0,
        of owner: SlowJobOwner? = nil,
        _ work: @escaping @Sendable () -> Value
    ) async throws(Problem) -> Value {
        precondition(lines.indices.contains(line))
        let submittedAt = time.monotonicNow()
        let result: Result<Value, Problem> = await withCheckedContinuation { continuation in
            let job = Job(
                owner: owner,
                submittedAt: submittedAt,
                run: { continuation.resume(returning: .success(work())) },
                refuse: { continuation.resume(returning: .failure($0)) }
            )
            submit(job, in: line)
        }
        return try result.get()
    }

    private func submit(_ job: Job, in line: Int) {
        let (isTaken, starts) = state.withLock { state in
            let (waiting, limits) = (state.waiting[line], lines[line])
            guard waiting.count < limits.waitingMax else { return (false, false) }
            if let owner = job.owner, waiting.count(where: { $0.owner == owner }) >= limits.waitingOfOwnerMax {
                return (false, false)
            }
            state.waiting[line].append(job)
            defer { state.isRunning = true }
            return (true, !state.isRunning)
        }
        guard isTaken else { return job.refuse(.unavailable("too many wait for the worker: \(name)")) }
        guard starts else { return }
        do {
            try worker(name) { [self] in work() }
        } catch {
            let refused = state.withLock { $0.takeAll() }
            for job in refused { job.refuse(.unavailable("no thread for \(name): \(error)")) }
        }
    }

    /// Works off what waits, then ends.
    private func work() {
        while let job = next() {
            guard time.monotonicNow() < job.submittedAt.adding(milliseconds: waitMillisecondsMax) else {
                job.refuse(.unavailable("waited too long for the worker: \(name)"))
                continue
            }
            job.run()
        }
    }

    /// The first of the next line that is not empty.
    private func next() -> Job? {
        state.withLock { state in
            for step in lines.indices {
                let line = (state.last + 1 + step) % lines.count
                guard !state.waiting[line].isEmpty else { continue }
                state.last = line
                return state.waiting[line].removeFirst()
            }
            state.isRunning = false
            return nil
        }
    }
}
