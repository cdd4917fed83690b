/// Why the store did not do what it was asked; nothing of the request was done, unless the case says otherwise.
package enum StoreError: Error, Equatable, Sendable {
    /// Disk full, input/output error, data base gone. The text is for the operator's log, never for a client.
    case unavailable(String)
    /// The bounded queue of waiting writes or reads is full.
    case overloaded
    /// The statement took longer than its deadline.
    case deadlineExceeded
    /// The wall clock is more than 5 s behind the last stored instant: times written now would lie.
    case clockBehind
    /// The commit may or may not have happened. Ask again under the same idempotency key to learn which.
    case unknownOutcome(String)
    /// The data base was written by a newer release; `found` and `supported` are schema versions.
    case newerSchema(found: Int, supported: Int)
    /// Another process holds the data directory.
    case inUse(String)
    /// The deployment was set up before.
    case alreadyInitialised
    /// Nothing was set up yet, or only half.
    case notInitialised
    /// A stored row can not be read: damage, or a hand-made edit.
    case corrupt(String)
}
