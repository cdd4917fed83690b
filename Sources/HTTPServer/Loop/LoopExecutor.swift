import Platform
import Synchronization

/// An order to a loop from another thread.
enum LoopOrder: Sendable {
    /// Stop accepting at `acceptingUntil`, finish what has begun, and end at `deadline` at the latest.
    case drain(acceptingUntil: MonotonicInstant, deadline: MonotonicInstant)
}

/// Runs tasks on the thread of an event loop.
///
/// Jobs from the loop's own thread go to a plain list; jobs from others to a locked one, with a signal where the loop
/// sleeps. Both are worked off in batches between two rounds of socket events.
///
/// Safe because: (1) `mailbox` and the atomics may be used from anywhere; (2) `localJobs`, `running` and `loop` are
/// touched only by the thread whose number is in `threadID`, which is checked, or before that thread starts.
final class LoopExecutor: TaskExecutor, @unchecked Sendable {
    private struct Mailbox {
        var jobs: [UnownedJob] = []
        var orders: [LoopOrder] = []
        var hasStopped = false
    }

    let wakeSignal: WakeSignal
    private let mailbox = Mutex(Mailbox())
    /// Whether the mailbox holds anything, so that an empty one costs no lock.
    private let hasMail = Atomic<Bool>(false)
    /// Whether the loop sleeps or is about to, so that a signal costs a system call only then.
    ///
    /// The loop sets this and then looks at `hasMail`; others set `hasMail` and then look at this. With sequential
    /// consistency one of them sees the other, so that no mail is slept over.
    private let isAsleep = Atomic<Bool>(false)
    private let threadID = Atomic<UInt>(0)
    private var localJobs: [UnownedJob] = []
    private var running: [UnownedJob] = []
    /// The first of ``running`` that has not been run.
    private var nextRunning = 0
    /// The loop, while it runs; a cycle that ``end()`` breaks.
    private var loop: EventLoop?

    init() throws(SystemError) { wakeSignal = try WakeSignal() }

    /// Whether the caller is on the loop's thread.
    var isCurrent: Bool { threadID.load(ordering: .relaxed) == Thread.currentID }

    /// Binds the executor to the calling thread.
    func begin(_ loop: EventLoop) {
        self.loop = loop
        threadID.store(Thread.currentID, ordering: .relaxed)
    }

    /// Unbinds it; jobs that come later run at once on the thread that brings them.
    ///
    /// Nobody waits for their answers any more, but a task that never ends could keep others waiting.
    func end() {
        loop = nil
        threadID.store(0, ordering: .relaxed)
        let rest = mailbox.withLock { mailbox in
            mailbox.hasStopped = true
            defer { mailbox.jobs = [] }
            return mailbox.jobs
        }
        let executor = unsafe asUnownedTaskExecutor()
        for job in running[nextRunning...] + localJobs + rest { unsafe job.runSynchronously(on: executor) }
        running = []
        nextRunning = 0
        localJobs = []
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        if isCurrent {
            localJobs.append(unowned)
            return
        }
        let runsHere = mailbox.withLock { mailbox in
            if !mailbox.hasStopped { mailbox.jobs.append(unowned) }
            return mailbox.hasStopped
        }
        if runsHere {
            unsafe unowned.runSynchronously(on: asUnownedTaskExecutor())
        } else {
            wake()
        }
    }

    /// Gives the loop an order.
    func send(_ order: LoopOrder) {
        mailbox.withLock { $0.orders.append(order) }
        wake()
    }

    private func wake() {
        hasMail.store(true, ordering: .sequentiallyConsistent)
        if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { wakeSignal.signal() }
    }

    // MARK: On the loop's thread

    /// Tells others that a signal is needed from now on; false where there is work, so that the loop must not sleep.
    func prepareToSleep() -> Bool {
        guard localJobs.isEmpty, nextRunning == running.count else { return false }
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        if hasMail.load(ordering: .sequentiallyConsistent) {
            isAsleep.store(false, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Tells others that no signal is needed.
    func awoke() { isAsleep.store(false, ordering: .relaxed) }

    /// Whether ``runJobs(until:)`` may have something to do.
    var hasJobs: Bool {
        !localJobs.isEmpty || nextRunning < running.count || hasMail.load(ordering: .acquiring)
    }

    /// Runs the jobs that are waiting now, one at least, and returns the orders.
    ///
    /// Jobs that these bring wait for the next round, and so do those that are left when `isOver` says so.
    func runJobs(until isOver: () -> Bool) -> [LoopOrder] {
        if nextRunning == running.count {
            running.removeAll(keepingCapacity: true)
            nextRunning = 0
            swap(&localJobs, &running)
        } else {
            running.removeFirst(nextRunning)
            nextRunning = 0
            running.append(contentsOf: localJobs)
            localJobs.removeAll(keepingCapacity: true)
        }
        var orders: [LoopOrder] = []
        if hasMail.load(ordering: .acquiring) {
            mailbox.withLock { mailbox in
                hasMail.store(false, ordering: .relaxed)
                running.append(contentsOf: mailbox.jobs)
                mailbox.jobs.removeAll(keepingCapacity: true)
                swap(&orders, &mailbox.orders)
            }
        }
        let executor = unsafe asUnownedTaskExecutor()
        while nextRunning < running.count {
            let job = running[nextRunning]
            nextRunning += 1
            unsafe job.runSynchronously(on: executor)
            if isOver() { break }
        }
        return orders
    }

    /// Hands a task's response to the loop; dropped where the loop has ended.
    func finish(_ token: UInt64, _ response: HTTPResponse) {
        guard isCurrent else { return }
        loop?.finish(token, response)
    }
}
