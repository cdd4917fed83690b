#if Postgres
    internal import Platform

    /// A reader thread: one read after the other on one connection, which is made again where it was lost.
    final class PostgresReaderLoop: @unchecked Sendable {
        // Safe because: made on one thread, then handed to one reader thread, which alone uses it from there on.
        private let connector: PostgresConnector
        private let cutOffs: PostgresCutOffs
        private let thread: Int
        private let queue: JobQueue<PostgresReader>
        private let observer: (any StoreObserver)?
        private var link: PostgresLink<PostgresReader>

        private var time: any TimeSource { connector.time }

        init(
            connector: PostgresConnector,
            cutOffs: PostgresCutOffs,
            thread: Int,
            queue: JobQueue<PostgresReader>,
            observer: (any StoreObserver)?
        ) {
            self.connector = connector
            self.cutOffs = cutOffs
            self.thread = thread
            self.queue = queue
            self.observer = observer
            link = PostgresLink(
                connector,
                statementMilliseconds: connector.options.readDeadlineMilliseconds
            ) { PostgresReader($0, cutOffs: cutOffs, options: connector.options) }
        }

        /// Returns when the queue is closed and everything in it has been answered.
        func run() {
            while let job = queue.next(thread: thread) {
                let end = job.submittedAt.adding(milliseconds: connector.options.readDeadlineMilliseconds)
                guard time.monotonicNow() <= end else {
                    job.answer(failure: .deadlineExceeded)
                    continue
                }
                read(job, until: end)
                observer?.read(nanoseconds: time.monotonicNow().nanoseconds(since: job.submittedAt))
            }
        }

        /// A read changes nothing, so it is tried again on a new connection where the old one was lost.
        private func read(_ job: Job<PostgresReader>, until end: MonotonicInstant) {
            for attempt in 0..<2 {
                guard let reader = link.connected() else { break }
                // A connection may be there too late for this job; it is not for the next.
                guard time.monotonicNow() <= end else { return job.answer(failure: .deadlineExceeded) }
                do throws(PostgresFailure) {
                    reader.connection.deadline = end
                    try job.perform(reader)
                    return job.answer()
                } catch {
                    link.failed(error, atOnce: attempt == 0)
                    guard error.isDisconnected else { return job.answer(failure: error.storeError) }
                    if case .deadline = error { break }
                }
            }
            job.answer(failure: link.lastFailure.storeError)
        }
    }
#endif
