#if SQLite || Postgres
    internal import Platform
    internal import Synchronization

    /// Why a piece of work on a store's own thread stopped.
    protocol StoreFailure: Error {
        /// The contract's error where the command was turned down before it wrote anything, so that its transaction may
        /// go on; nil where the transaction must be rolled back.
        var refusal: StoreError? { get }
    }

    /// What the jobs of one of a store's threads work on.
    protocol StoreContext: AnyObject {
        associatedtype Failure: StoreFailure
    }

    /// One command or read on its way through a store thread: performed there, and answered exactly once.
    ///
    /// The thread that performs it and the watchdog may both want to answer; ``claim()`` lets one of them.
    class Job<Context: StoreContext>: @unchecked Sendable {
        // Safe because: the answer is claimed atomically; what a subclass stores is touched only by the thread that
        // performs the job, and by the one that claimed the answer after it.
        let submittedAt: MonotonicInstant
        private let isAnswered = Atomic(false)

        init(submittedAt: MonotonicInstant) { self.submittedAt = submittedAt }

        /// Does the work and keeps the value, or the refusal, for the answer.
        func perform(_ context: Context) throws(Context.Failure) {}

        /// Answers with what `perform` kept, or with a failure; does nothing where it was answered already.
        func answer(failure: StoreError? = nil) {}

        /// True for exactly one caller.
        final func claim() -> Bool { !isAnswered.exchange(true, ordering: .acquiringAndReleasing) }
    }

    /// A job with a value and somebody waiting for it.
    @safe
    class WaitingJob<Context: StoreContext, Value: Sendable>: Job<Context>, @unchecked Sendable {
        // Safe because: see the superclass.
        typealias Answer = Result<Value, StoreError>

        private let body: (Context) throws(Context.Failure) -> Value
        private let continuation: UnsafeContinuation<Answer, Never>
        private var kept: Answer = .failure(.unavailable("the command was not performed"))

        init(
            submittedAt: MonotonicInstant,
            continuation: UnsafeContinuation<Answer, Never>,
            body: @escaping (Context) throws(Context.Failure) -> Value
        ) {
            self.body = body
            unsafe self.continuation = continuation
            super.init(submittedAt: submittedAt)
        }

        final override func perform(_ context: Context) throws(Context.Failure) {
            do throws(Context.Failure) {
                kept = .success(try body(context))
            } catch {
                guard let refusal = error.refusal else { throw error }
                kept = .failure(refusal)
            }
        }

        final override func answer(failure: StoreError?) {
            guard claim() else { return }
            unsafe continuation.resume(returning: failure.map { .failure($0) } ?? kept)
        }
    }
#endif
