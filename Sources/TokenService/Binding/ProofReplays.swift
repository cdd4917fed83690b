import OpenSSLKit
import Synchronization

/// The proofs that were used, as long as they could be used again (RFC 9449 section 11.1).
///
/// A proof is told by its key and its `jti`, kept as 64 bits of a digest in the bucket of its nonce's slot; when nonces
/// of a slot are no longer taken, its bucket goes as a whole. Where there is no room, nothing is taken for fresh: who
/// asks is refused. Room is parted by key, so that a flood of one key's proofs crowds out one part in
/// ``partsCount`` of the others.
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
        /// There is no room to remember it.
        case full
    }

    /// Parts of the room, each under its own lock.
    package static let partsCount = 8
    private struct Bucket {
        var slot: Int64
        var seen: Set<UInt64> = []
    }

    private struct Part {
        var buckets: [Bucket] = []
        var count = 0
    }

    private let entriesPerPart: Int
    private let parts: [PartLock]

    private final class PartLock: Sendable {
        let state = Mutex(Part())
    }

    /// - Parameter entriesMax: proofs remembered at once, in all parts; each costs up to 21 bytes.
    package init(entriesMax: Int) {
        entriesPerPart = max(1, entriesMax / Self.partsCount)
        parts = (0..<Self.partsCount).map { _ in PartLock() }
    }

    /// Remembers the proof of a key, or says why not.
    ///
    /// - Parameters:
    ///   - key: the key's thumbprint.
    ///   - id: the proof's `jti`.
    ///   - slot: the slot of its nonce.
    ///   - current: the slot of the moment, which never goes back.
    package func admit(key: [UInt8], id: [UInt8], slot: Int64, current: Int64) -> Verdict {
        guard slot >= current - 1, slot <= current + 1 else { return .tooOld }
        // A thumbprint has a fixed length, so no two pairs make one text.
        let mark = SHA256Digest.digest(key + id).leadingWords.0
        // A thumbprint is the text of a digest: its characters are spread evenly, but for the last.
        let part = parts[Int(key.first ?? 0) % Self.partsCount]
        return part.state.withLock { part in
            for bucket in part.buckets where bucket.slot < current - 1 { part.count -= bucket.seen.count }
            part.buckets.removeAll { $0.slot < current - 1 }
            if part.buckets.contains(where: { $0.seen.contains(mark) }) { return .replayed }
            guard part.count < entriesPerPart else { return .full }
            if let index = part.buckets.firstIndex(where: { $0.slot == slot }) {
                part.buckets[index].seen.insert(mark)
            } else {
                part.buckets.append(Bucket(slot: slot, seen: [mark]))
            }
            part.count += 1
            return .fresh
        }
    }

    /// Proofs that are remembered, for the metrics.
    package var count: Int { parts.reduce(0) { sum, part in sum + part.state.withLock { $0.count } } }
}
