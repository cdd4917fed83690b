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
        private var leaser: PostgresLeaser?
        private var pause: ReconnectPause
        private var reconnectFrom = MonotonicInstant(nanoseconds: 0)
        private var lastFailure = PostgresFailure.connection("not connected")

        private var options: PostgresStoreOptions { connector.options }
        private var time: any TimeSource { connector.time }

        init(connector: PostgresConnector, queue: JobQueue<PostgresLeaser>) {
            self.connector = connector
            self.queue = queue
            pause = ReconnectPause(milliseconds: connector.options.reconnectPauseMilliseconds)
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
            let now = time.monotonicNow()
            let ends = jobs.map { $0.submittedAt.adding(milliseconds: options.readDeadlineMilliseconds) }
            let late = zip(jobs, ends).filter { $0.1 < now }
            for (job, _) in late { job.answer(failure: .deadlineExceeded) }
            let timely = zip(jobs, ends).filter { $0.1 >= now }
            guard let end = timely.map(\.1).min() else { return }
            take(timely.map(\.0), until: end)
        }

        /// What was taken without an answer is lost, so asking once more on a new connection admits nothing twice.
        private func take(_ jobs: [PostgresLeaseJob], until end: MonotonicInstant) {
            for attempt in 0..<2 {
                guard let leaser = connected() else { break }
                do throws(PostgresFailure) {
                    leaser.connection.deadline = end
                    try leaser.take(jobs.map(\.ask))
                    for job in jobs {
                        try job.perform(leaser)
                        job.answer(failure: nil)
                    }
                    return
                } catch {
                    lastFailure = error
                    guard error.isDisconnected else { break }
                    disconnect(error)
                    if case .deadline = error { break }
                    if attempt == 0 { reconnectFrom = time.monotonicNow() }
                }
            }
            for job in jobs { job.answer(failure: lastFailure.storeError) }
        }

        private func connected() -> PostgresLeaser? {
            if let leaser { return leaser }
            guard time.monotonicNow() >= reconnectFrom else { return nil }
            do throws(PostgresFailure) {
                let new = PostgresLeaser(
                    try connector.connect(statementMilliseconds: options.readDeadlineMilliseconds)
                )
                leaser = new
                pause.reset()
                return new
            } catch {
                disconnect(error)
                return nil
            }
        }

        private func disconnect(_ failure: PostgresFailure) {
            leaser = nil
            lastFailure = failure
            reconnectFrom = connector.deadline(pause.next())
        }
    }
#endif
