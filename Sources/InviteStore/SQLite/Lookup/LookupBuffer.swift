#if SQLite
    internal import Synchronization

    /// The entries of committed records that are in no run yet: written by the writer, searched by the readers.
    ///
    /// A reader looks here *before* it opens its read transaction. An entry leaves the buffer only after the run that
    /// holds it was committed, so it is then in one of the two, or in both.
    final class LookupBuffer: Sendable {
        private let entries: Mutex<[LookupEntry]>

        init(_ entries: [LookupEntry]) { self.entries = Mutex(entries) }

        var count: Int { entries.withLock { $0.count } }

        var all: [LookupEntry] { entries.withLock { $0 } }

        func append(_ new: [LookupEntry]) { entries.withLock { $0.append(contentsOf: new) } }

        func clear() { entries.withLock { $0.removeAll(keepingCapacity: true) } }

        /// The entries from `lower` up to but not including `upper`, sorted.
        func entries(from lower: LookupEntry, to upper: LookupEntry) -> [LookupEntry] {
            entries.withLock { entries in entries.filter { $0.space == lower.space && $0 >= lower && $0 < upper } }
                .sorted()
        }
    }
#endif
