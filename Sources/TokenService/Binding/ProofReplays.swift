import OpenSSLKit
package import Platform
import Synchronization

/// The proofs that were used, as long as they could be used again (RFC 9449 section 11.1).
///
/// A proof is told by its key and its `jti`, kept as 64 bits of a digest in the bucket of its nonce's slot; when nonces
/// of a slot are no longer taken, its bucket goes as a whole. Where there is no room, nothing is taken for fresh: who
/// asks is refused. Room is parted by key, and in its part a key has a share of each slot: whoever floods is refused
/// alone, and many who do crowd out one part in ``partsCount`` of the others.
///
/// A wall clock may jump ahead and be set right again. So what was there before a jump, either way, stays until its
/// nonces are over by the monotonic clock, too.
///
/// Each process remembers for itself. What one replica has seen, or a process that ended, another one takes once more
/// within the life of the nonce; it is good for the same request alone, and no use is counted twice by it.
package final class ProofReplays: Sendable {
    /// What a proof is.
    package enum Verdict: Equatable, Sendable {
        /// Seen for the first time, and remembered.
        case fresh
        case replayed
        /// Its bucket is gone: the nonce is too old to tell.
        case tooOld
        /// Its key has used up its share of the nonce's slot.
        case overShare
        /// There is no room to remember it.
        case full
    }

    /// Parts of the room, each under its own lock.
    package static let partsCount = 8
    private static let slotMilliseconds = Int(ProofNonces.slotSeconds) * 1_000

    private struct Bucket {
        var slot: Int64
        var seen: Set<UInt64> = []
        var counts = ProofCounts()
        /// When its last nonce is over, by the monotonic clock.
        var overAt: MonotonicInstant
        /// True where the wall clock did not go through the slots one after the other since.
        var isJumped = false
    }

    private struct Part {
        /// The slot of the moment when it was last asked; nil before the first time.
        var current: Int64?
        var buckets: [Bucket] = []
        var count = 0

        /// Takes note of the slot of the moment, and forgets what can not come again.
        mutating func turn(to slot: Int64, at now: MonotonicInstant) {
            // A request from before the turn is none back.
            guard let known = current, slot != known, slot != known &- 1 else { return current = current ?? slot }
            current = slot
            if slot != known &+ 1 { for index in buckets.indices { buckets[index].isJumped = true } }
            buckets.removeAll { bucket in
                let (distance, isFar) = bucket.slot.subtractingReportingOverflow(slot)
                return (isFar || distance.magnitude > 1) && (!bucket.isJumped || bucket.overAt <= now)
            }
            count = buckets.reduce(0) { $0 + $1.seen.count }
        }

        /// Remembers a mark in the bucket of a slot, unless its key has used up its share of it.
        mutating func insert(
            _ mark: UInt64,
            of key: ProofCounts.Place,
            slot: Int64,
            overAt: MonotonicInstant,
            shareMax: Int
        ) -> Bool {
            var index = buckets.firstIndex { $0.slot == slot }
            if index == nil {
                buckets.append(Bucket(slot: slot, overAt: overAt))
                index = buckets.indices.last
            }
            guard let index, buckets[index].counts.add(key, max: shareMax) else { return false }
            buckets[index].seen.insert(mark)
            buckets[index].overAt = max(buckets[index].overAt, overAt)
            count += 1
            return true
        }
    }

    private let entriesPerPart: Int
    private let shareMax: Int
    private let time: any TimeSource
    private let parts: [PartLock]

    private final class PartLock: Sendable {
        let state = Mutex(Part())
    }

    /// - Parameters:
    ///   - entriesMax: proofs remembered at once, in all parts; each costs up to 21 bytes.
    ///   - shareMax: proofs of one key with nonces of one slot.
    package init(
        entriesMax: Int,
        shareMax: Int = ServiceLimits.proofsOfKeyAndSlotMax,
        time: any TimeSource
    ) {
        self.time = time
        self.shareMax = shareMax
        entriesPerPart = max(1, entriesMax / Self.partsCount)
        parts = (0..<Self.partsCount).map { _ in PartLock() }
    }

    /// Remembers the proof of a key, or says why not.
    ///
    /// - Parameters:
    ///   - key: the key's thumbprint.
    ///   - id: the proof's `jti`.
    ///   - slot: the slot of its nonce.
    ///   - current: the slot of the moment.
    package func admit(key: [UInt8], id: [UInt8], slot: Int64, current: Int64) -> Verdict {
        let (distance, isFar) = slot.subtractingReportingOverflow(current)
        guard !isFar, distance.magnitude <= 1 else { return .tooOld }
        // A thumbprint has a fixed length, so no two pairs make one text.
        let mark = SHA256Digest.digest(key + id).leadingWords.0
        // A thumbprint is the text of a digest: its characters are spread evenly, but for the last.
        let part = parts[Int(key.first ?? 0) % Self.partsCount]
        let place = ProofCounts.Place(of: key)
        let now = time.monotonicNow()
        // A nonce of the slot after the moment's is good for up to three slots from now.
        let overAt = now.adding(milliseconds: Int(2 + distance) * Self.slotMilliseconds)
        return part.state.withLock { part in
            part.turn(to: current, at: now)
            if part.buckets.contains(where: { $0.seen.contains(mark) }) { return .replayed }
            guard part.count < entriesPerPart else { return .full }
            let isTaken = part.insert(mark, of: place, slot: slot, overAt: overAt, shareMax: shareMax)
            return isTaken ? .fresh : .overShare
        }
    }

    /// Proofs that are remembered, for the metrics.
    package var count: Int { parts.reduce(0) { sum, part in sum + part.state.withLock { $0.count } } }
}
