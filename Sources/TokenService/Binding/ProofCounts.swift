/// How many proofs of each key there are, in a size that does not grow with the keys.
///
/// A key has one counter in each of two rows, and the lower of the two is its number: never less than its proofs, and more
/// only where others share both counters. Where a key's counters stand is drawn anew by each process, so that nobody can
/// make a key that shares those of another: of a million other keys one does.
struct ProofCounts: Sendable {
    /// The counters of a key.
    struct Place: Sendable {
        fileprivate let first: Int
        fileprivate let second: Int

        /// - Parameter key: the key's thumbprint.
        init(of key: [UInt8]) {
            // Swift's hashes are keyed, at random for each process. So many of a digest's characters tell keys apart, and
            // two words are hashed in a fraction of the time of 43 bytes.
            var hasher = Hasher()
            for start in stride(from: 0, to: 16, by: 8) {
                hasher.combine(key.dropFirst(start).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
            }
            let hash = UInt(bitPattern: hasher.finalize())
            first = Int(hash % UInt(ProofCounts.columns))
            second = ProofCounts.columns + Int(hash / UInt(ProofCounts.columns) % UInt(ProofCounts.columns))
        }
    }

    private static let columns = 1_024

    private var counters = [UInt32](repeating: 0, count: 2 * columns)

    /// Counts one proof of a key; false, and nothing counted, where there are as many as there may be.
    mutating func add(_ place: Place, max: Int) -> Bool {
        guard min(counters[place.first], counters[place.second]) < max else { return false }
        // As many as a part remembers are counted at most, which no counter's range ends before.
        counters[place.first] += 1
        counters[place.second] += 1
        return true
    }
}
