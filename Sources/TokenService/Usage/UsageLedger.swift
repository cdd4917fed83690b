package import InviteStore
package import Platform
import Synchronization

/// Counts what keys do, in memory, until it is stored.
///
/// Counting is one look-up in one of a few tables under a lock of its own, held for some tens of nanoseconds, and
/// allocates only for the first request of a key and minute. A crash loses what was counted since the last
/// ``take()``: at most half a minute. Memory is bounded: at half the bound the ``doorbell`` rings, so that what is there
/// is stored early, and at the bound further keys are not counted (``dropped`` says how often).
package final class UsageLedger: Sendable {
    private static let shardCount = 8
    private static let entriesPerShard = ServiceLimits.usageEntriesMax / shardCount

    private struct Key: Hashable {
        let tenant: Tenant
        let apiKey: RecordID
        /// Minutes since 1970.
        let minute: Int64

        // The id's last word is random; the rest only tells equal ones apart.
        func hash(into hasher: inout Hasher) {
            hasher.combine(apiKey.low)
            hasher.combine(minute)
        }
    }

    private final class Shard: Sendable {
        let counts = Mutex<[Key: UsageCounts]>([:])
    }

    private let shards = (0..<shardCount).map { _ in Shard() }
    private let droppedCount = Atomic<Int>(0)
    /// Rings when the counts should be stored early.
    package let doorbell = Doorbell()

    package init() {}

    /// Requests, mints and redeems that were not counted, because too many keys were busy at once.
    package var dropped: Int { droppedCount.load(ordering: .relaxed) }

    /// Counts one answered request of a key.
    package func requested(_ tenant: Tenant, apiKey: RecordID, status: Int, now: UnixTime) {
        count(tenant, apiKey, now) { counts in
            counts.requests &+= 1
            if status >= 500 { counts.serverErrors &+= 1 } else if status >= 400 { counts.clientErrors &+= 1 }
        }
    }

    /// Counts what a key minted.
    package func minted(_ number: Int, _ tenant: Tenant, apiKey: RecordID, now: UnixTime) {
        count(tenant, apiKey, now) { $0.mints &+= Int64(clamping: number) }
    }

    /// Counts the use of an invite for the key that minted it.
    package func redeemed(_ tenant: Tenant, apiKey: RecordID, now: UnixTime) {
        count(tenant, apiKey, now) { $0.redeems &+= 1 }
    }

    /// Hands out everything that was counted, and begins anew.
    package func take() -> [UsageDelta] {
        var deltas: [UsageDelta] = []
        for shard in shards {
            shard.counts.withLock { counts in
                for (key, counted) in counts {
                    deltas.append(
                        UsageDelta(
                            tenant: key.tenant,
                            apiKey: key.apiKey,
                            minute: UnixTime(seconds: key.minute * 60),
                            counts: counted
                        )
                    )
                }
                counts.removeAll(keepingCapacity: true)
            }
        }
        return deltas
    }

    /// Takes back what could not be stored.
    package func restore(_ deltas: [UsageDelta]) {
        for delta in deltas { count(delta.tenant, delta.apiKey, delta.minute) { $0.add(delta.counts) } }
    }

    private func count(_ tenant: Tenant, _ apiKey: RecordID, _ now: UnixTime, _ add: (inout UsageCounts) -> Void) {
        let key = Key(tenant: tenant, apiKey: apiKey, minute: now.seconds / 60)
        let entriesBefore: Int? = shards[Int(apiKey.low % UInt64(Self.shardCount))].counts.withLock { counts in
            if let index = counts.index(forKey: key) {
                add(&counts.values[index])
                return nil
            }
            let before = counts.count
            if before < Self.entriesPerShard { add(&counts[key, default: UsageCounts()]) }
            return before
        }
        guard let entriesBefore, entriesBefore >= Self.entriesPerShard / 2 else { return }
        if entriesBefore >= Self.entriesPerShard { droppedCount.add(1, ordering: .relaxed) }
        doorbell.ring()
    }
}
