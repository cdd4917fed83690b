#if SQLite || Postgres
    internal import Platform

    /// The bounded line of jobs in front of one or more store threads.
    final class JobQueue<Context: StoreContext>: @unchecked Sendable {
        // Safe because: every stored variable is touched only with the gate's lock held.
        private let gate = ThreadGate()
        private let waitingMax: Int
        private var waiting: [Job<Context>] = []
        private var head = 0
        private var inFlight: [[Job<Context>]]
        private var wakeAt = 1
        private var isClosed = false

        enum Taken {
            case jobs([Job<Context>])
            /// Nothing came in time.
            case idle
            /// Closed, and everything that was in the line has been handed out.
            case closed
        }

        init(waitingMax: Int, threads: Int) {
            self.waitingMax = waitingMax
            inFlight = Array(repeating: [], count: threads)
        }

        private var count: Int { waiting.count - head }

        /// Puts a job in line; the error where that is not possible, and the job is then the caller's to answer.
        func submit(_ job: Job<Context>) -> StoreError? {
            gate.withLock {
                if isClosed { return .unavailable("the store is closed") }
                if count >= waitingMax { return .overloaded }
                waiting.append(job)
                if count >= wakeAt { gate.signal() }
                return nil
            }
        }

        /// For threads that do one job at a time.
        func next(thread: Int) -> Job<Context>? {
            gate.withLock {
                inFlight[thread] = []
                while count == 0 {
                    if isClosed { return nil }
                    gate.wait()
                }
                let jobs = removeFirst(1)
                inFlight[thread] = jobs
                return jobs.first
            }
        }

        /// For the one thread that does jobs in batches: waits for the first, then as the window says for company.
        func batch(max: Int, window: BatchWindow, idleMicroseconds: Int?) -> Taken {
            gate.withLock {
                inFlight[0] = []
                wakeAt = 1
                while count == 0 {
                    if isClosed { return .closed }
                    if let idleMicroseconds {
                        if idleMicroseconds == 0 || !gate.wait(microseconds: idleMicroseconds), count == 0 {
                            return isClosed ? .closed : .idle
                        }
                    } else {
                        gate.wait()
                    }
                }
                let microseconds = window.wait(queued: count)
                if microseconds > 0, !isClosed {
                    let end = ThreadGate.deadline(microseconds)
                    wakeAt = min(window.expected, max)
                    while count < wakeAt, !isClosed, gate.wait(until: end) {}
                }
                wakeAt = .max
                let jobs = removeFirst(max)
                inFlight[0] = jobs
                return .jobs(jobs)
            }
        }

        /// Jobs in line right now.
        var waitingCount: Int { gate.withLock { count } }

        /// Takes out of the line the jobs submitted before `limit`, and names the ones that are being done that long.
        func overdue(since limit: MonotonicInstant) -> (waiting: [Job<Context>], inFlight: [Job<Context>]) {
            gate.withLock {
                var late = 0
                while late < count, waiting[head + late].submittedAt < limit { late += 1 }
                return (removeFirst(late), inFlight.joined().filter { $0.submittedAt < limit })
            }
        }

        /// Refuses further jobs; those in line are still handed out.
        func close() {
            gate.withLock {
                isClosed = true
                gate.broadcast()
            }
        }

        private func removeFirst(_ most: Int) -> [Job<Context>] {
            if head == 0, most >= waiting.count {
                defer { waiting = [] }
                return waiting
            }
            let end = min(waiting.count, head + most)
            let jobs = Array(waiting[head..<end])
            head = end
            if head == waiting.count {
                waiting.removeAll(keepingCapacity: true)
                head = 0
            } else if head > 1024 {
                waiting.removeFirst(head)
                head = 0
            }
            return jobs
        }
    }
#endif
