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
        private var reader: PostgresReader?
        private var pause: ReconnectPause
        private var reconnectFrom = MonotonicInstant(nanoseconds: 0)
        private var lastFailure = PostgresFailure.connection("not connected")

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
            pause = ReconnectPause(milliseconds: connector.options.reconnectPauseMilliseconds)
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
                guard let reader = connected() else { break }
                do throws(PostgresFailure) {
                    reader.connection.deadline = end
                    try job.perform(reader)
                    return job.answer()
                } catch {
                    guard error.isDisconnected else { return job.answer(failure: error.storeError) }
                    disconnect(error)
                    if case .deadline = error { break }
                    if attempt == 0 { reconnectFrom = time.monotonicNow() }
                }
            }
            job.answer(failure: lastFailure.storeError)
        }

        private func connected() -> PostgresReader? {
            if let reader { return reader }
            guard time.monotonicNow() >= reconnectFrom else { return nil }
            do throws(PostgresFailure) {
                let connection = try connector.connect(
                    statementMilliseconds: connector.options.readDeadlineMilliseconds
                )
                let new = PostgresReader(connection, cutOffs: cutOffs)
                reader = new
                pause.reset()
                return new
            } catch {
                disconnect(error)
                return nil
            }
        }

        private func disconnect(_ failure: PostgresFailure) {
            reader = nil
            lastFailure = failure
            reconnectFrom = connector.deadline(pause.next())
        }
    }
#endif
