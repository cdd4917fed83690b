#if SQLite
    internal import Platform

    /// Keeps the look-up of invites by address and campaign, and of audit events by tenant, off the write path.
    ///
    /// A scattered index would cost several times the row it points to. Instead the entries of a batch go into one row
    /// of a journal, in the batch's own transaction, and into the ``LookupBuffer``. When the buffer is full, its entries
    /// are sorted and written as one run of pages, and the journal is emptied, in one transaction too. Runs of one level
    /// are merged, eight into one of the next, a few pages at a time. So at every instant each committed record is in
    /// the buffer or in a run, whatever its id; after a restart the journal is the buffer.
    ///
    /// Merging is paid for as it falls due: a transaction merges as many entries as its own will have to be merged until
    /// they rest, and not more, so that a mint costs the same whether a long merge is under way or none. The shortest
    /// merge goes first, so that a long one does not let short runs pile up. Where nobody waits, merging goes on alone.
    struct LookupWriter {
        private struct Statements {
            let addJournal: Statement
            let clearJournal: Statement
            let addEpoch: Statement
            let updateEpoch: Statement
            let deleteEpoch: Statement
            let readPage: Statement
            let writePage: Statement
            let deletePage: Statement
        }

        /// Runs of one level that are merged into one of the next.
        private static let runsPerMerge = 8

        /// Pages that removing counts as one page merged: it only unlinks them.
        private static let removalsPerPage = 4

        private let statements: Statements
        private let buffer: LookupBuffer
        private let bufferEntries: Int
        private var epochs: [LookupEpoch] {
            didSet { isIdle = nil }
        }
        /// Merges under way, no two of one family and level.
        private var merges: [LookupMerge] = []
        private var debt = LookupDebt()
        /// Entries of the open transaction.
        private var added: [LookupEntry] = []
        private var isFlushed = false
        /// Every invite whose id is older than this (milliseconds) has been swept.
        private var horizon: UInt64 = 0
        /// The same of audit events.
        private var auditHorizon: UInt64 = 0
        /// Invites whose ids are older than this (milliseconds) were looked at by a sweep.
        private var sweptBefore: UInt64 = 0
        /// Invites that were made with such an id since: a sweep that began before one of them may not have seen it.
        private(set) var lateInvites: UInt64 = 0
        /// Whether there is nothing to merge or remove; nil where that must be found out anew.
        private var isIdle: Bool?

        /// Reads the journal and the runs; marks what a merge left half done before a restart as dead.
        init(_ connection: Connection, bufferEntries: Int) throws(SQLiteFailure) {
            statements = Statements(
                addJournal: try connection.statement("INSERT INTO lookup_journal (entries) VALUES (?)"),
                clearJournal: try connection.statement("DELETE FROM lookup_journal"),
                addEpoch: try connection.statement(
                    "INSERT INTO lookup_epochs (epoch, family, level, pages, newest, state) VALUES (?, ?, ?, ?, ?, ?)"
                ),
                updateEpoch: try connection.statement(
                    "UPDATE lookup_epochs SET pages = ?, newest = ?, state = ? WHERE epoch = ?"
                ),
                deleteEpoch: try connection.statement("DELETE FROM lookup_epochs WHERE epoch = ?"),
                readPage: try connection.statement("SELECT entries FROM lookup_pages WHERE number = ?"),
                writePage: try connection.statement("INSERT OR REPLACE INTO lookup_pages VALUES (?, ?)"),
                deletePage: try connection.statement("DELETE FROM lookup_pages WHERE number = ?")
            )
            let journal = try connection.statement("SELECT entries FROM lookup_journal ORDER BY number")
            buffer = LookupBuffer(try journal.all { row in row.entries() }.flatMap(\.self))
            self.bufferEntries = bufferEntries
            try connection.execute("UPDATE lookup_epochs SET state = 2 WHERE state = 0")
            epochs = try connection.statement(Self.epochsQuery + " ORDER BY epoch").all { row in row.epoch() }
            // How far a half-done run got is not known: its pages are removed up to the first that is missing.
            for index in epochs.indices where epochs[index].state == .dead && epochs[index].pages == 0 {
                epochs[index].pages = try Self.pageCount(of: epochs[index], connection)
            }
        }

        static let epochsQuery = "SELECT epoch, family, level, pages, newest, state FROM lookup_epochs"

        private static func pageCount(of epoch: LookupEpoch, _ connection: Connection) throws(SQLiteFailure) -> Int64 {
            let last = try connection.statement("SELECT max(number) FROM lookup_pages WHERE number >= ? AND number < ?")
                .first {
                    $0.add(epoch.row(0))
                    $0.add(epoch.row(LookupEpoch.pagesMax))
                } _: { row in
                    row.optionalInt64()
                }
            return (last ?? nil).map { $0 - epoch.row(0) + 1 } ?? 0
        }

        /// What the readers search beside the runs.
        var shared: LookupBuffer { buffer }

        /// True while merged runs wait to be made or removed.
        var hasWork: Bool {
            mutating get {
                if let isIdle { return !isIdle }
                let hasWork =
                    !merges.isEmpty || epochs.contains { $0.state == .dead || isGone($0) } || mergeable() != nil
                isIdle = !hasWork
                return hasWork
            }
        }

        /// The runs that are searched.
        var live: [LookupEpoch] { epochs.filter { $0.state == .live } }

        // MARK: Inside a transaction

        mutating func add(_ entry: LookupEntry) {
            added.append(entry)
            switch entry.family {
            case .invites:
                horizon = min(horizon, entry.milliseconds)
                if entry.milliseconds < sweptBefore { lateInvites &+= 1 }
            case .audit: auditHorizon = min(auditHorizon, entry.milliseconds)
            }
        }

        /// Writes the entries of the transaction, to the journal or, where the buffer is full, with it as runs.
        mutating func finishTransaction() throws(SQLiteFailure) {
            guard !added.isEmpty else { return }
            guard buffer.count + added.count >= bufferEntries else {
                let bytes = LookupCodec.encode(added)
                try statements.addJournal.run { $0.add(bytes) }
                return
            }
            let sorted = (buffer.all + added).sorted()
            for family in LookupFamily.allCases {
                try writeRun(sorted.filter { $0.family == family }, family)
            }
            try statements.clearJournal.run()
            isFlushed = true
        }

        private mutating func writeRun(_ entries: [LookupEntry], _ family: LookupFamily) throws(SQLiteFailure) {
            guard !entries.isEmpty else { return }
            var epoch = LookupEpoch(
                number: nextEpoch,
                family: family,
                level: 0,
                pages: 0,
                newest: Int64(clamping: entries.map(\.milliseconds).max() ?? 0),
                state: .live
            )
            var rest = entries[...]
            while !rest.isEmpty {
                let bytes = LookupCodec.encode(rest.prefix(LookupCodec.entriesPerPage))
                let row = epoch.row(epoch.pages)
                try statements.writePage.run {
                    $0.add(row)
                    $0.add(bytes)
                }
                rest = rest.dropFirst(LookupCodec.entriesPerPage)
                epoch.pages += 1
            }
            try insert(epoch)
        }

        private var nextEpoch: Int64 { (epochs.map(\.number).max() ?? 0) + 1 }

        private mutating func insert(_ epoch: LookupEpoch) throws(SQLiteFailure) {
            try statements.addEpoch.run {
                $0.add(epoch.number)
                $0.add(epoch.family.rawValue)
                $0.add(epoch.level)
                $0.add(epoch.pages)
                $0.add(epoch.newest)
                $0.add(epoch.state.rawValue)
            }
            epochs.append(epoch)
        }

        private mutating func update(_ epoch: LookupEpoch) throws(SQLiteFailure) {
            try statements.updateEpoch.run {
                $0.add(epoch.pages)
                $0.add(epoch.newest)
                $0.add(epoch.state.rawValue)
                $0.add(epoch.number)
            }
            if let index = epochs.firstIndex(where: { $0.number == epoch.number }) { epochs[index] = epoch }
        }

        // MARK: After it

        /// Makes the committed entries visible to the readers.
        mutating func committed() {
            if isFlushed { buffer.clear() } else if !added.isEmpty { buffer.append(added) }
            added.removeAll(keepingCapacity: true)
            isFlushed = false
        }

        // MARK: Upkeep, inside a transaction of its own or at the end of another

        /// From now on invites that are made with older ids than this count as late.
        mutating func sweeps(before milliseconds: UInt64) { sweptBefore = max(sweptBefore, milliseconds) }

        /// Lets entries of invites go whose ids are older than this.
        mutating func raiseHorizon(to milliseconds: UInt64) {
            horizon = max(horizon, milliseconds)
            isIdle = nil
        }

        /// Lets entries of audit events go whose ids are older than this.
        mutating func raiseAuditHorizon(to milliseconds: UInt64) {
            auditHorizon = max(auditHorizon, milliseconds)
            isIdle = nil
        }

        /// Does the merging and removing that is due; with no entries of its own in the transaction, a small step.
        mutating func upkeepStep() throws(SQLiteFailure) {
            try letGo()
            let levels = 1 + (epochs.map(\.level).max() ?? 0)
            var left = debt.take(adding: added.count, levels: Int(clamping: levels)) * Self.removalsPerPage
            while left > 0 {
                if let dead = epochs.first(where: { $0.state == .dead }) {
                    left -= try remove(dead, pagesMax: left)
                } else if let pages = try mergeShortest(pagesMax: max(left / Self.removalsPerPage, 1)) {
                    left -= max(pages, 1) * Self.removalsPerPage
                } else {
                    return
                }
            }
        }

        /// Marks the runs whose records are all gone as dead, unread; but for those that a merge is reading.
        private mutating func letGo() throws(SQLiteFailure) {
            for var run in epochs where isGone(run) {
                run.state = .dead
                try update(run)
            }
        }

        /// Whether a run is searched, is part of no merge, and every record in it has been swept.
        private func isGone(_ run: LookupEpoch) -> Bool {
            let horizon = run.family == .invites ? horizon : auditHorizon
            return run.state == .live && run.newest < Int64(clamping: horizon)
                && !merges.contains { $0.sources.contains { $0.number == run.number } }
        }

        /// Goes on with the shortest merge; the pages merged, or nil where there is nothing to merge.
        private mutating func mergeShortest(pagesMax: Int) throws(SQLiteFailure) -> Int? {
            while let sources = mergeable() { try begin(sources) }
            guard let index = merges.indices.min(by: { merges[$0].target.level < merges[$1].target.level }) else {
                return nil
            }
            let merged = try merges[index].step(
                pagesMax: pagesMax,
                horizons: (invites: horizon, audit: auditHorizon),
                readPage: statements.readPage,
                writePage: statements.writePage
            )
            guard merges[index].isFinished else { return merged }
            let done = merges.remove(at: index)
            var target = done.target
            target.state = target.pages > 0 ? .live : .dead
            try update(target)
            for var source in done.sources {
                source.state = .dead
                try update(source)
            }
            return merged
        }

        /// Removes pages from the end of a run, so that its page count always says what is left; how many, and one for the
        /// run itself.
        private mutating func remove(_ epoch: LookupEpoch, pagesMax: Int) throws(SQLiteFailure) -> Int {
            var epoch = epoch
            var removed = 0
            while removed < pagesMax, epoch.pages > 0 {
                epoch.pages -= 1
                removed += 1
                let row = epoch.row(epoch.pages)
                try statements.deletePage.run { $0.add(row) }
            }
            if epoch.pages > 0 {
                try update(epoch)
                return removed
            }
            try statements.deleteEpoch.run { $0.add(epoch.number) }
            epochs.removeAll { $0.number == epoch.number }
            return removed + 1
        }

        private mutating func begin(_ sources: [LookupEpoch]) throws(SQLiteFailure) {
            guard let first = sources.first else { return }
            let target = LookupEpoch(
                number: nextEpoch,
                family: first.family,
                level: first.level + 1,
                pages: 0,
                newest: 0,
                state: .building
            )
            try insert(target)
            merges.append(LookupMerge(sources, into: target))
        }

        /// The runs to merge next, eight of one level; none of a level whose runs are being merged already.
        private func mergeable() -> [LookupEpoch]? {
            for family in LookupFamily.allCases {
                let busy = merges.filter { $0.target.family == family }.map { $0.target.level - 1 }
                let live = epochs.filter {
                    $0.family == family && $0.state == .live && !busy.contains($0.level)
                }
                for level in Set(live.map(\.level)).sorted() {
                    let runs = live.filter { $0.level == level }
                    if runs.count >= Self.runsPerMerge { return Array(runs.prefix(Self.runsPerMerge)) }
                }
            }
            return nil
        }
    }
#endif
