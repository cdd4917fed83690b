#if SQLite
    /// Walks the entries of one range from the last to the first, over all runs and the buffer.
    ///
    /// To be used inside one read transaction that was opened after `buffered` was taken.
    struct LookupSearch {
        /// One run, or the buffer, with the position of its next entry.
        private struct Source {
            var epoch: LookupEpoch?
            var page: Int64
            var entries: [LookupEntry]
            /// One past the next entry.
            var end: Int
        }

        private let readPage: Statement
        private let lower: LookupEntry
        private var sources: [Source] = []
        private var last: LookupEntry?

        init(
            from lower: LookupEntry,
            to upper: LookupEntry,
            buffered: [LookupEntry],
            epochs: [LookupEpoch],
            readPage: Statement
        ) throws(SQLiteFailure) {
            self.readPage = readPage
            self.lower = lower
            sources.append(Source(epoch: nil, page: 0, entries: buffered, end: buffered.count))
            for epoch in epochs where epoch.pages > 0 { try open(epoch, before: upper) }
        }

        /// The next entry downwards, each once; nil behind the first.
        mutating func next() throws(SQLiteFailure) -> LookupEntry? {
            while true {
                var best: Int?
                var highest = lower
                for (index, source) in sources.enumerated() where source.end > 0 {
                    let entry = source.entries[source.end - 1]
                    if entry >= highest {
                        best = index
                        highest = entry
                    }
                }
                guard let best else { return nil }
                try stepBack(best)
                if highest != last {
                    last = highest
                    return highest
                }
            }
        }

        /// Finds the last entry before `upper` by halving: first the page, then the place in it.
        private mutating func open(_ epoch: LookupEpoch, before upper: LookupEntry) throws(SQLiteFailure) {
            var low: Int64 = 0
            var high = epoch.pages - 1
            while low < high {
                let middle = low + (high - low + 1) / 2
                if let first = try page(middle, of: epoch).first, first < upper {
                    low = middle
                } else {
                    high = middle - 1
                }
            }
            let entries = try page(low, of: epoch)
            let end = entries.firstIndex { $0 >= upper } ?? entries.count
            if end > 0 { sources.append(Source(epoch: epoch, page: low, entries: entries, end: end)) }
        }

        private mutating func stepBack(_ index: Int) throws(SQLiteFailure) {
            sources[index].end -= 1
            guard sources[index].end == 0, let epoch = sources[index].epoch, sources[index].page > 0 else { return }
            sources[index].page -= 1
            sources[index].entries = try page(sources[index].page, of: epoch)
            sources[index].end = sources[index].entries.count
        }

        private func page(_ page: Int64, of epoch: LookupEpoch) throws(SQLiteFailure) -> [LookupEntry] {
            let entries = try readPage.first {
                $0.add(epoch.row(page))
            } _: { row in
                row.entries()
            }
            guard let entries, !entries.isEmpty else { throw .damaged("a page of the look-up is missing") }
            return entries
        }
    }
#endif
