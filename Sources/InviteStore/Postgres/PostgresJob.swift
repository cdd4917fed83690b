#if Postgres
    internal import Platform

    /// A command for the writer, as its loop needs to know it.
    protocol PostgresCommand: AnyObject {
        /// True where it may share a transaction with others.
        var isShared: Bool { get }
        func collect(into needs: inout PostgresNeeds)
    }

    /// A command with somebody waiting for what comes of it.
    @safe
    final class PostgresJob<Value: Sendable>: WaitingJob<PostgresWriter, Value>, PostgresCommand, @unchecked Sendable {
        // Safe because: see the superclass; what is stored here never changes.
        let isShared: Bool
        private let needs: (inout PostgresNeeds) -> Void

        init(
            isShared: Bool,
            submittedAt: MonotonicInstant,
            continuation: UnsafeContinuation<Result<Value, StoreError>, Never>,
            needs: @escaping (inout PostgresNeeds) -> Void,
            body: @escaping (PostgresWriter) throws(PostgresFailure) -> Value
        ) {
            self.isShared = isShared
            self.needs = needs
            unsafe super.init(submittedAt: submittedAt, continuation: continuation, body: body)
        }

        func collect(into needs: inout PostgresNeeds) { self.needs(&needs) }
    }

    /// How long to wait before the next attempt to connect: a decision without a clock.
    struct ReconnectPause {
        let milliseconds: Int
        private var attempts = 0

        init(milliseconds: Int) { self.milliseconds = max(1, milliseconds) }

        /// The pause after one more failure: a twentieth of the longest, then twice as long each time.
        mutating func next() -> Int {
            let pause = min(milliseconds, max(1, milliseconds / 20) << min(attempts, 10))
            attempts += 1
            return pause
        }

        mutating func reset() { attempts = 0 }
    }
#endif
