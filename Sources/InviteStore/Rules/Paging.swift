#if SQLite || Postgres
    extension Page {
        /// A page from one record more than it may hold, which shows whether there is a next.
        init(_ found: [Record], of request: PageRequest, id: (Record) -> RecordID) {
            let records = Array(found.prefix(request.boundedLimit))
            self.init(records: records, next: found.count > records.count ? records.last.map(id) : nil)
        }
    }

    /// Collects one page while rows are examined, newest first.
    struct PageBuilder<Record: Sendable> {
        private let limit: Int
        private var examined = 0
        private var lastID: RecordID?
        private(set) var page = Page<Record>(records: [], next: nil)

        init(_ request: PageRequest) { limit = request.boundedLimit }

        /// Takes an examined row, nil for one that does not belong; false where the page ends before this row.
        mutating func add(_ record: Record?, id: RecordID) -> Bool {
            if examined == StoreRules.examinedRowsMax || (record != nil && page.records.count == limit) {
                page.next = lastID
                return false
            }
            examined += 1
            lastID = id
            if let record { page.records.append(record) }
            return true
        }
    }
#endif
