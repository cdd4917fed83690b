#if Postgres
    internal import Platform

    /// One wish on its way through the leasing thread.
    @safe
    final class PostgresLeaseJob: WaitingJob<PostgresLeaser, RateShare>, @unchecked Sendable {
        // Safe because: see the superclass; what is stored here never changes.
        let ask: RateAsk

        init(
            _ ask: RateAsk,
            submittedAt: MonotonicInstant,
            continuation: UnsafeContinuation<Result<RateShare, StoreError>, Never>
        ) {
            self.ask = ask
            unsafe super.init(submittedAt: submittedAt, continuation: continuation) { leaser throws(PostgresFailure) in
                leaser.share(of: ask)
            }
        }
    }

    /// The leasing thread: everything that waits goes into one statement, on a connection that is made at first use and
    /// again where it was lost.
    final class PostgresLeaseLoop: @unchecked Sendable {
        // Safe because: made on one thread, then handed to the leasing thread, which alone uses it from there on.
        private let connector: PostgresConnector
        private let queue: JobQueue<PostgresLeaser>
        private var link: PostgresLink<PostgresLeaser>

        private var options: PostgresStoreOptions { connector.options }
        private var time: any TimeSource { connector.time }

        init(connector: PostgresConnector, queue: JobQueue<PostgresLeaser>) {
            self.connector = connector
            self.queue = queue
            link = PostgresLink(connector, statementMilliseconds: connector.options.readDeadlineMilliseconds) {
                PostgresLeaser($0)
            }
        }

        /// Returns when the queue is closed and everything in it has been answered.
        func run() {
            // Company comes while a statement is under way; nobody waits for it.
            let window = BatchWindow(microsecondsMax: 0)
            while true {
                switch queue.batch(max: options.leasesPerStatementMax, window: window, idleMicroseconds: nil) {
                case .jobs(let jobs): perform(jobs.compactMap { $0 as? PostgresLeaseJob })
                case .idle: continue
                case .closed: return
                }
            }
        }

        private func perform(_ jobs: [PostgresLeaseJob]) {
            let timely = refuseLate(jobs)
            // As long as the last of them may wait: those before it are answered by the watchdog when it is too late for
            // them, and one that is nearly late spoils it for nobody.
            guard let end = timely.map({ end(of: $0) }).max() else { return }
            take(timely, until: end)
        }

        private func end(of job: PostgresLeaseJob) -> MonotonicInstant {
            job.submittedAt.adding(milliseconds: options.readDeadlineMilliseconds)
        }

        private func refuseLate(_ jobs: [PostgresLeaseJob]) -> [PostgresLeaseJob] {
            let now = time.monotonicNow()
            for job in jobs where end(of: job) < now { job.answer(failure: .deadlineExceeded) }
            return jobs.filter { end(of: $0) >= now }
        }

        /// What was taken without an answer is lost, so asking once more on a new connection admits nothing twice.
        private func take(_ jobs: [PostgresLeaseJob], until end: MonotonicInstant) {
            var jobs = jobs
            for attempt in 0..<2 {
                guard let leaser = link.connected() else { break }
                // A connection may be there too late for some; it is not for the next.
                jobs = refuseLate(jobs)
                guard !jobs.isEmpty else { return }
                do throws(PostgresFailure) {
                    leaser.connection.deadline = end
                    try leaser.take(jobs.map(\.ask))
                    for job in jobs {
                        try job.perform(leaser)
                        job.answer(failure: nil)
                    }
                    return
                } catch {
                    link.failed(error, atOnce: attempt == 0)
                    guard error.isDisconnected else { break }
                    if case .deadline = error { break }
                }
            }
            for job in jobs { job.answer(failure: link.lastFailure.storeError) }
        }
    }
#endif
