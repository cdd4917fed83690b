#if SQLite
    /// Several runs on their way into one: a value, so that a rolled-back step can be taken back.
    struct LookupMerge {
        /// One run being read from its first entry to its last.
        private struct Source {
            let epoch: LookupEpoch
            var page: Int64 = 0
            var entries: [LookupEntry] = []
            var index = 0
        }

        /// The run that is being written.
        private(set) var target: LookupEpoch
        let sources: [LookupEpoch]
        private var open: [Source]
        private var filling: [LookupEntry] = []
        private(set) var isFinished = false

        init(_ sources: [LookupEpoch], into target: LookupEpoch) {
            self.sources = sources
            self.target = target
            open = sources.map { Source(epoch: $0) }
        }

        /// Merges up to `pagesMax` pages' worth of entries and returns how many pages that were, a begun one counted whole.
        ///
        /// Entries of records older than the family's horizon (milliseconds) are left out. They count like those that are
        /// kept, since they have to be read too: a step is never longer for having little to write.
        mutating func step(
            pagesMax: Int,
            horizons: (invites: UInt64, audit: UInt64),
            readPage: Statement,
            writePage: Statement
        ) throws(SQLiteFailure) -> Int {
            for index in open.indices where open[index].index == open[index].entries.count {
                try load(index, readPage)
            }
            open.removeAll { $0.entries.isEmpty }
            let entriesMax = pagesMax * LookupCodec.entriesPerPage
            var taken = 0
            while taken < entriesMax {
                guard let entry = try nextEntry(readPage) else {
                    if !filling.isEmpty { try flush(writePage) }
                    isFinished = true
                    break
                }
                taken += 1
                let horizon = entry.family == .invites ? horizons.invites : horizons.audit
                if entry.milliseconds < horizon { continue }
                filling.append(entry)
                target.newest = max(target.newest, Int64(clamping: entry.milliseconds))
                if filling.count == LookupCodec.entriesPerPage { try flush(writePage) }
            }
            return (taken + LookupCodec.entriesPerPage - 1) / LookupCodec.entriesPerPage
        }

        private mutating func nextEntry(_ readPage: Statement) throws(SQLiteFailure) -> LookupEntry? {
            guard !open.isEmpty else { return nil }
            var best = 0
            var lowest = open[0].entries[open[0].index]
            for index in open.indices.dropFirst() {
                let entry = open[index].entries[open[index].index]
                if entry < lowest {
                    lowest = entry
                    best = index
                }
            }
            open[best].index += 1
            if open[best].index == open[best].entries.count {
                try load(best, readPage)
                if open[best].entries.isEmpty { open.remove(at: best) }
            }
            return lowest
        }

        /// Reads the source's next page; leaves it without entries at its end.
        private mutating func load(_ index: Int, _ readPage: Statement) throws(SQLiteFailure) {
            let source = open[index]
            open[index].entries = []
            open[index].index = 0
            guard source.page < source.epoch.pages else { return }
            let row = source.epoch.row(source.page)
            guard let entries = try readPage.first({ $0.add(row) }, { row in row.entries() }), !entries.isEmpty else {
                throw .damaged("a page of the look-up is missing")
            }
            open[index].entries = entries
            open[index].page += 1
        }

        private mutating func flush(_ writePage: Statement) throws(SQLiteFailure) {
            let row = target.row(target.pages)
            let bytes = LookupCodec.encode(filling)
            try writePage.run {
                $0.add(row)
                $0.add(bytes)
            }
            filling.removeAll(keepingCapacity: true)
            target.pages += 1
        }
    }
#endif
