import Synchronization

/// A number that only grows, such as requests answered.
///
/// Kept in a few cells on cache lines of their own, one per group of threads, so that loops on different cores do not
/// wait for each other: adding costs a few nanoseconds.
package final class Counter: Sendable {
    private let cells = ShardedCells()

    package init() {}

    package func increment(by amount: Int = 1) {
        guard amount > 0 else { return }
        cells.add(UInt64(amount))
    }

    /// The sum so far.
    package var value: UInt64 { cells.sum }
}

/// A number that goes up and down, such as open connections.
package final class Gauge: Sendable {
    private let number = Atomic<Int>(0)

    package init() {}

    package func add(_ amount: Int) { _ = number.wrappingAdd(amount, ordering: .relaxed) }
    package func set(_ value: Int) { number.store(value, ordering: .relaxed) }
    package var value: Int { number.load(ordering: .relaxed) }
}
