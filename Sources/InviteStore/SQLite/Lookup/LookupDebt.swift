#if SQLite
    /// How much merging is due: what was added pays for itself, evenly.
    ///
    /// An entry is merged once for each level that it has before it, so a transaction owes that often the entries which
    /// it adds. It does as many whole pages of it as are due; the rest is carried on. So merging costs a transaction the
    /// same whether a merge of a hundred thousand pages is under way or none, and never falls behind for good.
    package struct LookupDebt: Sendable {
        /// Pages done in one step where nobody waits: about a millisecond's work.
        package static let idlePages = 16

        /// Pages done in one step beside commands, at most: what is due beyond is carried on.
        package static let pagesMax = 256

        /// Entries due, counted once for each level.
        private var entries = 0

        package init() {}

        /// The pages to be done now beside a transaction that adds entries to a look-up of so many levels; they are due
        /// no more then.
        ///
        /// A transaction without entries of its own has time: it does ``idlePages``, and what was due is forgotten.
        package mutating func take(adding added: Int, levels: Int) -> Int {
            guard added > 0 else {
                entries = 0
                return Self.idlePages
            }
            // A quarter for removing what was merged, and a quarter so that what is behind catches up.
            let share = added.multipliedReportingOverflow(by: max(levels, 1))
            entries += min(share.overflow ? .max : share.partialValue, Self.entriesMax) * 3 / 2
            let pages = min(entries / LookupCodec.entriesPerPage, Self.pagesMax)
            entries = min(entries - pages * LookupCodec.entriesPerPage, Self.entriesMax)
            return pages
        }

        /// More than this is not carried on: ten thousand pages.
        private static let entriesMax = 10_000 * LookupCodec.entriesPerPage
    }
#endif
