package import Platform
import Synchronization

/// Runs what takes long on one thread of its own, which lives only while there is something to do.
///
/// Bounded in how many jobs wait beside the one that runs, and in how long one may wait: beyond either the answer is 503.
package final class SlowJobQueue: Sendable {
    private struct Job: Sendable {
        let submittedAt: MonotonicInstant
        let run: @Sendable () -> Void
        let refuse: @Sendable (Problem) -> Void
    }

    private struct State {
        var waiting: [Job] = []
        var isRunning = false
    }

    private let name: String
    private let time: any TimeSource
    private let waitingMax: Int
    private let waitMillisecondsMax: Int
    private let worker: BackgroundWork.Worker
    private let state = Mutex(State())

    /// - Parameters:
    ///   - name: of the thread, and in the private reason of a refusal.
    ///   - worker: what runs the jobs; a thread, but in tests.
    package init(
        _ name: String,
        time: any TimeSource,
        waitingMax: Int,
        waitMillisecondsMax: Int,
        worker: @escaping BackgroundWork.Worker = BackgroundWork.thread
    ) {
        self.name = name
        self.worker = worker
        self.time = time
        self.waitingMax = waitingMax
        self.waitMillisecondsMax = waitMillisecondsMax
    }

    /// Jobs that wait, beside the one that runs.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Whether the worker runs.
    package var isRunning: Bool { state.withLock { $0.isRunning } }

    /// The result of a job; 503 where too many wait, or this one waited too long to be begun.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws(Problem) -> Value {
        let submittedAt = time.monotonicNow()
        let result: Result<Value, Problem> = await withCheckedContinuation { continuation in
            submit(
                Job(
                    submittedAt: submittedAt,
                    run: { continuation.resume(returning: .success(work())) },
                    refuse: { continuation.resume(returning: .failure($0)) }
                )
            )
        }
        return try result.get()
    }

    private func submit(_ job: Job) {
        let (isTaken, starts) = state.withLock { state in
            guard state.waiting.count < waitingMax else { return (false, false) }
            state.waiting.append(job)
            defer { state.isRunning = true }
            return (true, !state.isRunning)
        }
        guard isTaken else { return job.refuse(.unavailable("too many wait for the worker: \(name)")) }
        guard starts else { return }
        do {
            try worker(name) { [self] in work() }
        } catch {
            let refused = state.withLock { state in
                defer { state = State() }
                return state.waiting
            }
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

    private func next() -> Job? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
