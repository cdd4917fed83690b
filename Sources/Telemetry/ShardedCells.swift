import Glibc
import Synchronization

/// One sum spread over cells on cache lines of their own, chosen by thread.
struct ShardedCells: ~Copyable, Sendable {
    private static let shardCount = 4
    /// Eight words of eight bytes: one cache line.
    private static let wordsPerLine = 8

    // The array is not aligned to a line, so two cells may share one at their ends; the words used never do.
    private let words: [32 of Atomic<UInt64>] = InlineArray { _ in Atomic(0) }

    func add(_ amount: UInt64) {
        _ = words[Self.shard * Self.wordsPerLine].wrappingAdd(amount, ordering: .relaxed)
    }

    var sum: UInt64 {
        var sum: UInt64 = 0
        for shard in 0..<Self.shardCount {
            sum &+= words[shard * Self.wordsPerLine].load(ordering: .relaxed)
        }
        return sum
    }

    /// A cell for this thread: thread handles are addresses megabytes apart, which the product mixes.
    private static var shard: Int {
        Int(truncatingIfNeeded: (UInt64(pthread_self()) >> 12 &* 0x9E37_79B9_7F4A_7C15) >> 62)
    }
}
