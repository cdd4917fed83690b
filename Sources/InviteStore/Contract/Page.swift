/// Which part of a list, newest first.
package struct PageRequest: Equatable, Sendable {
    /// Only records with a lower id; nil starts at the newest.
    package var before: RecordID?
    /// At most this many records; 1 to 100.
    package var limit: Int

    package init(before: RecordID? = nil, limit: Int) {
        self.before = before
        self.limit = limit
    }
}

/// One part of a list, newest first.
package struct Page<Record: Sendable>: Sendable {
    package var records: [Record]
    /// Where the next page starts; nil where this is the last.
    ///
    /// A page may be short, even empty, and still have a next: the store examines a bounded number of rows for each
    /// page.
    package var next: RecordID?

    package init(records: [Record], next: RecordID?) {
        self.records = records
        self.next = next
    }
}

extension Page: Equatable where Record: Equatable {}
