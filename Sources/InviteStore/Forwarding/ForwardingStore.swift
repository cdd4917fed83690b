#if SQLite || Postgres
    internal import Platform

    /// A store whose reads and commands are done by threads of its own: each method hands its work to one of them.
    ///
    /// What each method means stands in ``InviteStore``; a conforming store gives the two ways to its threads, and its own
    /// form of any method that does more than hand over.
    protocol ForwardingStore: InviteStore {
        associatedtype Reader: StoreReader
        associatedtype Writer: StoreWriter

        /// Has a reader do it.
        func read<Value: Sendable>(
            _ body: @escaping (Reader) throws(Reader.Failure) -> Value
        ) async throws(StoreError) -> Value

        /// Has the writer do it in a transaction, and returns after the commit has been synced; `claim` is the one that the
        /// command makes under an idempotency key.
        func write<Value: Sendable>(
            _ claim: IdempotencyClaim?,
            _ body: @escaping (Writer) throws(Writer.Failure) -> Value
        ) async throws(StoreError) -> Value
    }

    extension ForwardingStore {
        /// Has the writer do what makes no claim.
        func write<Value: Sendable>(
            _ body: @escaping (Writer) throws(Writer.Failure) -> Value
        ) async throws(StoreError) -> Value {
            try await write(nil, body)
        }
    }
#endif
