#if SQLite
    internal import Platform

    /// A reader thread: one read after the other, each under its deadline.
    final class ReaderLoop: @unchecked Sendable {
        // Safe because: made on one thread, then handed to one reader thread, which alone uses it from there on.
        private let reader: Reader
        private let thread: Int
        private let queue: JobQueue<Reader>
        private let deadlineMilliseconds: Int
        private let time: any TimeSource
        private let observer: (any StoreObserver)?

        init(
            _ reader: Reader,
            thread: Int,
            queue: JobQueue<Reader>,
            deadlineMilliseconds: Int,
            time: any TimeSource,
            observer: (any StoreObserver)?
        ) {
            self.reader = reader
            self.thread = thread
            self.queue = queue
            self.deadlineMilliseconds = deadlineMilliseconds
            self.time = time
            self.observer = observer
        }

        /// Returns when the queue is closed and everything in it has been answered.
        func run() {
            while let job = queue.next(thread: thread) {
                let end = job.submittedAt.adding(milliseconds: deadlineMilliseconds)
                guard time.monotonicNow() <= end else {
                    job.answer(failure: .deadlineExceeded)
                    continue
                }
                do throws(SQLiteFailure) {
                    try reader.connection.until(end) { () throws(SQLiteFailure) in try job.perform(reader) }
                    job.answer()
                } catch {
                    job.answer(failure: error.storeError)
                }
                observer?.read(nanoseconds: time.monotonicNow().nanoseconds(since: job.submittedAt))
            }
        }
    }
#endif
