import Synchronization

/// Runs every task of a simulation on the thread that calls ``run()``, one job after the other, in the order in which
/// they come.
///
/// So nothing but the simulation decides what goes on next: the same seed, the same order.
final class SimulatedExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Runs what waits and what that brings, until nothing is left to run.
    func run() {
        let executor = unsafe asUnownedTaskExecutor()
        while true {
            let batch = jobs.withLock { jobs in
                defer { jobs = [] }
                return jobs
            }
            if batch.isEmpty { return }
            for job in batch { unsafe job.runSynchronously(on: executor) }
        }
    }
}
