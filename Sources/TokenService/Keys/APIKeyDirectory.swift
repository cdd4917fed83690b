package import InviteStore
package import OpenSSLKit
package import Platform
import Synchronization

/// Finds API keys by what a client presents: a checksum, a keyed digest, a bounded cache, then the store.
package final class APIKeyDirectory: Sendable {
    private struct State {
        /// Two generations: what is found in the old one moves to the young one; when the young one is full it
        /// becomes the old one and the old one goes.
        ///
        /// Bounds the cache at twice its entries without a list.
        var young: [Digest256: AuthenticatedKey] = [:]
        var old: [Digest256: AuthenticatedKey] = [:]
        var digests: [RecordID: Digest256] = [:]
        var meters: [RecordID: RateMeter] = [:]
        /// Last uses that were handed out and not stored.
        var unrecorded: [RecordID: UnixTime] = [:]
    }

    private let store: any InviteStore
    private let digestKey: HMACSHA256Key
    /// Nil where no other replica counts the same keys.
    private let leases: RateLeases?
    private let state = Mutex(State())
    /// Raised by every change of a key, with the lock held, so that a look-up begun before it can not put the old state
    /// back.
    private let generation = Atomic<UInt64>(0)

    package init(store: any InviteStore, digestKey: HMACSHA256Key, leases: RateLeases? = nil) {
        self.store = store
        self.digestKey = digestKey
        self.leases = leases
    }

    /// A number that rises whenever a key changes in this process.
    package var changes: UInt64 { generation.load(ordering: .acquiring) }

    /// The keyed digest under which a secret is stored.
    package func digest(of secret: APIKeySecret) -> Digest256 {
        var text = secret.text
        return text.withUTF8 { unsafe digestKey.authenticate(UnsafeRawBufferPointer($0)) }
    }

    /// The key in the cache, without waiting.
    package func cached(_ digest: Digest256) -> AuthenticatedKey? {
        state.withLock { state in
            if let key = state.young[digest] { return key }
            guard let key = state.old[digest] else { return nil }
            Self.insert(key, digest, into: &state)
            return key
        }
    }

    /// The key as the store has it, taken into the cache; nil where there is none.
    package func load(_ digest: Digest256) async throws(StoreError) -> AuthenticatedKey? {
        let before = changes
        let presented = digest.bytes
        guard let record = try await store.apiKey(digest: presented),
            constantTimeEquals(record.digest, presented)
        else { return nil }
        return state.withLock { state in
            let meter = state.meters[record.id] ?? RateMeter(of: record.id, leases: leases)
            state.meters[record.id] = meter
            let key = AuthenticatedKey(record, meter: meter)
            if changes == before { Self.insert(key, digest, into: &state) }
            return key
        }
    }

    /// The record behind a key as the store has it now.
    package func stored(_ key: AuthenticatedKey) async throws(StoreError) -> APIKeyRecord? {
        try await store.apiKey(key.record.id, of: key.record.tenant)
    }

    /// Forgets a key that changed; the next request reads it anew.
    package func invalidate(_ id: RecordID) {
        state.withLock { state in
            generation.add(1, ordering: .acquiringAndReleasing)
            guard let digest = state.digests.removeValue(forKey: id) else { return }
            state.young[digest] = nil
            state.old[digest] = nil
        }
    }

    /// Forgets every key, as another process may have changed any; counters of requests stay.
    package func invalidateAll() {
        state.withLock { state in
            generation.add(1, ordering: .acquiringAndReleasing)
            state.young.removeAll(keepingCapacity: true)
            state.old.removeAll()
            state.digests.removeAll(keepingCapacity: true)
        }
    }

    /// The last uses that the store does not know yet, exact to a minute.
    package func takeUses() -> [RecordID: UnixTime] {
        let (meters, unrecorded) = state.withLock { state in
            defer { state.unrecorded = [:] }
            return (state.meters, state.unrecorded)
        }
        return meters.compactMapValues { $0.takeUse() }.merging(unrecorded) { max($0, $1) }
    }

    /// Takes back uses that could not be stored; the next ``takeUses()`` hands them out again.
    package func putBack(_ uses: [RecordID: UnixTime]) {
        state.withLock { state in
            for (id, time) in uses where state.unrecorded.count < ServiceLimits.keyCacheEntriesMax {
                state.unrecorded[id] = max(state.unrecorded[id] ?? time, time)
            }
        }
    }

    /// The record with the last use that this process saw, which the store may not know yet.
    package func withLastUse(_ record: APIKeyRecord) -> APIKeyRecord {
        let meter = state.withLock { $0.meters[record.id] }
        guard let seen = meter?.lastUse else { return record }
        var record = record
        record.lastUsedAt = max(record.lastUsedAt ?? seen, seen)
        return record
    }

    /// Forgets meters whose minute is over and whose key is not in the cache.
    package func trim(now: UnixTime) {
        state.withLock { state in
            guard state.meters.count > ServiceLimits.keyCacheEntriesMax else { return }
            let cached = state.digests
            state.meters = state.meters.filter { cached[$0.key] != nil || !$0.value.isIdle(at: now) }
        }
    }

    private static func insert(_ key: AuthenticatedKey, _ digest: Digest256, into state: inout State) {
        if state.young.count >= ServiceLimits.keyCacheEntriesMax {
            state.old = state.young
            state.young = [:]
            state.digests = [:]
            for (digest, key) in state.old { state.digests[key.record.id] = digest }
        }
        state.young[digest] = key
        state.digests[key.record.id] = digest
    }
}
