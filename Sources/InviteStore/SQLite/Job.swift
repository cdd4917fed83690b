#if SQLite
    internal import Platform
    internal import Synchronization

    /// One command or read on its way through a store thread: performed there, and answered exactly once.
    ///
    /// The thread that performs it and the watchdog may both want to answer; ``claim()`` lets one of them.
    class Job<Context: AnyObject>: @unchecked Sendable {
        // Safe because: the answer is claimed atomically; what a subclass stores is touched only by the thread that
        // performs the job, and by the one that claimed the answer after it.
        let submittedAt: MonotonicInstant
        private let isAnswered = Atomic(false)

        init(submittedAt: MonotonicInstant) { self.submittedAt = submittedAt }

        /// Does the work and keeps the value, or the refusal, for the answer.
        func perform(_ context: Context) throws(SQLiteFailure) {}

        /// Answers with what `perform` kept, or with a failure; does nothing where it was answered already.
        func answer(failure: StoreError? = nil) {}

        /// True for exactly one caller.
        final func claim() -> Bool { !isAnswered.exchange(true, ordering: .acquiringAndReleasing) }
    }

    /// A job with a value and somebody waiting for it.
    @safe
    final class WaitingJob<Context: AnyObject, Value: Sendable>: Job<Context>, @unchecked Sendable {
        // Safe because: see the superclass.
        typealias Answer = Result<Value, StoreError>

        private let body: (Context) throws(SQLiteFailure) -> Value
        private let continuation: UnsafeContinuation<Answer, Never>
        private var kept: Answer = .failure(.unavailable("the command was not performed"))

        init(
            submittedAt: MonotonicInstant,
            continuation: UnsafeContinuation<Answer, Never>,
            body: @escaping (Context) throws(SQLiteFailure) -> Value
        ) {
            self.body = body
            unsafe self.continuation = continuation
            super.init(submittedAt: submittedAt)
        }

        override func perform(_ context: Context) throws(SQLiteFailure) {
            do throws(SQLiteFailure) {
                kept = .success(try body(context))
            } catch {
                guard case .refused(let refusal) = error else { throw error }
                kept = .failure(refusal)
            }
        }

        override func answer(failure: StoreError?) {
            guard claim() else { return }
            unsafe continuation.resume(returning: failure.map { .failure($0) } ?? kept)
        }
    }
#endif
