/// Learns how the store is doing; called on the store's own threads, so it must return at once and never block.
package protocol StoreObserver: Sendable {
    /// One transaction was synced: `commands` shared it, `nanoseconds` passed from its begin to its end, and
    /// `waiting` commands stood in the queue by then.
    func committed(commands: Int, nanoseconds: UInt64, waiting: Int)

    /// A transaction failed and none of its commands was done.
    func commitFailed()

    /// One read took this long, its wait in the queue included.
    func read(nanoseconds: UInt64)
}
