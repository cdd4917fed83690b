package import Platform
import Synchronization

/// Participant tokens that were validated before, found by their exact bytes: a repeat costs neither the check of the
/// signature nor the opening of the seal.
///
/// The bytes at the end of a token, which belong to the signature, choose the place; the whole token is compared there,
/// in a time that does not tell how much of it was right. So a hit means that these very bytes were found good by
/// the keys of this process, and nothing else: time, revocation, environment, origin and binding are judged on every use.
///
/// A token comes in when it is seen for the second time, so that tokens that are used once neither pay for it nor crowd
/// out others. Entries and bytes are bounded; what is full gives up, of the sixteen that share a place, one that was not
/// found since it came in.
package final class ValidatedTokenCache: Sendable {
    /// A power of two: four bits choose the part.
    private static let partsCount = 16
    /// With fewer, tokens that come round in turn crowd each other out long before all places are taken.
    private static let ways = 16
    /// Bytes of the signature's text that choose a place: 48 bits.
    private static let markBytes = 8
    /// Places that remember a first sight, for each one that holds a token.
    private static let sightsPerPlace = 2
    /// First sights that share a place, the latest first.
    private static let sightWays = 4

    private struct Part {
        var places: [ValidatedToken?]
        /// What chose each place: only where it is the token's own, the token is compared.
        var marks: [UInt64]
        /// Whether each was found since it came in, or since one of its sixteen had to go and all had been.
        var used: [Bool]
        /// For each sixteen, where the search for one that gives way goes on.
        var hands: [UInt8]
        var sights: [UInt64]
        var bytes = 0
        var hand = 0
        var hits = 0
        var misses = 0
    }

    private final class PartLock: Sendable {
        let state: Mutex<Part>

        init(places: Int) {
            state = Mutex(
                Part(
                    places: Array(repeating: nil, count: places),
                    marks: Array(repeating: 0, count: places),
                    used: Array(repeating: false, count: places),
                    hands: Array(repeating: 0, count: places / ways),
                    sights: Array(repeating: 0, count: places * sightsPerPlace)
                )
            )
        }
    }

    private let parts: [PartLock]
    private let bytesPerPart: Int
    private let setsPerPart: Int

    /// - Parameters:
    ///   - entriesMax: tokens held at once.
    ///   - bytesMax: bytes that they may cost together.
    package init(entriesMax: Int, bytesMax: Int) {
        let sets = max(1, entriesMax / Self.partsCount / Self.ways)
        setsPerPart = sets
        bytesPerPart = bytesMax / Self.partsCount
        parts = (0..<Self.partsCount).map { _ in PartLock(places: sets * Self.ways) }
    }

    /// The entry of exactly this token; nil where there is none.
    package func find(_ text: ArraySlice<UInt8>) -> ValidatedToken? {
        guard let mark = Self.mark(text) else { return nil }
        return parts[Self.part(mark)].state.withLock { part in
            let start = set(mark) * Self.ways
            for place in start..<start + Self.ways {
                if part.marks[place] == mark, let entry = part.places[place], Self.isSame(entry.text, text) {
                    part.hits += 1
                    part.used[place] = true
                    return entry
                }
            }
            part.misses += 1
            return nil
        }
    }

    /// Whether a token that was just found good was seen before, and is worth keeping; remembers that it was seen.
    package func isKnown(_ text: ArraySlice<UInt8>) -> Bool {
        guard let mark = Self.mark(text) else { return false }
        return parts[Self.part(mark)].state.withLock { part in
            let first = Int(mark >> 20) % (part.sights.count / Self.sightWays) * Self.sightWays
            let last = first + Self.sightWays - 1
            if (first...last).contains(where: { part.sights[$0] == mark }) { return true }
            for sight in stride(from: last, to: first, by: -1) { part.sights[sight] = part.sights[sight - 1] }
            part.sights[first] = mark
            return false
        }
    }

    /// Takes in a token that was found good.
    package func insert(_ entry: ValidatedToken, now: UnixTime) {
        guard let mark = Self.mark(entry.text[...]), entry.bytes <= bytesPerPart else { return }
        parts[Self.part(mark)].state.withLock { part in
            let start = set(mark) * Self.ways
            let range = start..<start + Self.ways
            let place =
                range.first {
                    part.marks[$0] == mark && part.places[$0].map { Self.isSame($0.text, entry.text[...]) } ?? false
                }
                ?? range.first { part.places[$0].map { $0.claims.expiresAt <= now } ?? true }
                ?? Self.leastUsed(&part, set(mark))
            Self.clear(&part, place)
            while part.bytes + entry.bytes > bytesPerPart { Self.shrink(&part) }
            part.places[place] = entry
            part.marks[place] = mark
            part.used[place] = false
            part.bytes += entry.bytes
        }
    }

    /// Gives up the tokens that are over: nobody comes with them again, and until then each would keep its memory.
    package func removeExpired(now: UnixTime) {
        for part in parts {
            part.state.withLock { part in
                for place in part.places.indices {
                    if let entry = part.places[place], entry.claims.expiresAt <= now { Self.clear(&part, place) }
                }
            }
        }
    }

    /// Tokens held, their bytes, and how often one was found or not; for the metrics.
    package var statistics: (entries: Int, bytes: Int, hits: Int, misses: Int) {
        parts.reduce((0, 0, 0, 0)) { sum, part in
            part.state.withLock { part in
                let entries = part.places.count { $0 != nil }
                return (sum.0 + entries, sum.1 + part.bytes, sum.2 + part.hits, sum.3 + part.misses)
            }
        }
    }

    // MARK: Places

    /// The place of sixteen that gives way: the next one that was not found since the hand came by.
    private static func leastUsed(_ part: inout Part, _ set: Int) -> Int {
        // After one round nobody is used any more.
        for _ in 0...ways {
            let place = set * ways + Int(part.hands[set])
            part.hands[set] = (part.hands[set] + 1) % UInt8(ways)
            if !part.used[place] { return place }
            part.used[place] = false
        }
        return set * ways
    }

    /// Moves on by one place: who was found since the last time stays once more, who was not goes.
    ///
    /// So two rounds at most give up everything.
    private static func shrink(_ part: inout Part) {
        if part.used[part.hand] { part.used[part.hand] = false } else { clear(&part, part.hand) }
        part.hand = (part.hand + 1) % part.places.count
    }

    private static func clear(_ part: inout Part, _ place: Int) {
        guard let old = part.places[place] else { return }
        part.bytes -= old.bytes
        part.places[place] = nil
        part.marks[place] = 0
    }

    private static func part(_ mark: UInt64) -> Int { Int(mark >> 60) }

    private func set(_ mark: UInt64) -> Int { Int(mark >> 28 & 0xFFFF_FFFF) % setsPerPart }

    private static func mark(_ text: ArraySlice<UInt8>) -> UInt64? {
        guard text.count > markBytes, text.count <= ServiceLimits.tokenCharactersMax else { return nil }
        let bits = text[(text.endIndex - markBytes)...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // The characters are letters, digits and two signs: a product spreads what they have (Knuth 6.4).
        return bits &* 0x9E37_79B9_7F4A_7C15
    }

    private static func isSame(_ left: [UInt8], _ right: ArraySlice<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in
                var difference: UInt64 = 0
                var offset = 0
                while offset + 8 <= left.count {
                    unsafe difference |=
                        left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                        ^ right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    offset += 8
                }
                while offset < left.count {
                    unsafe difference |= UInt64(left[offset] ^ right[offset])
                    offset += 1
                }
                return difference == 0
            }
        }
    }
}
