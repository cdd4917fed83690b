/// Records by id, listed newest first; the one shape of table that the memory store needs.
struct OrderedTable<Record: Sendable>: Sendable {
    private var records: [RecordID: Record] = [:]
    private var order: [RecordID] = []

    var count: Int { records.count }

    /// Reads and replaces; O(1) but for a new id that is not the highest, and for removals.
    subscript(id: RecordID) -> Record? {
        get { records[id] }
        set {
            let isStored = records[id] != nil
            records[id] = newValue
            switch (isStored, newValue != nil) {
            case (false, true): order.insert(id, at: position(of: id))
            case (true, false): order.remove(at: position(of: id))
            case (true, true), (false, false): break
            }
        }
    }

    /// Every record, lowest id first.
    var ascending: [Record] { order.compactMap { records[$0] } }

    /// The newest records that `matches` keeps, at most `page.boundedLimit` of at most `examinedMax` examined.
    func page(
        _ page: PageRequest,
        id: (Record) -> RecordID,
        examinedMax: Int = StoreRules.examinedRowsMax,
        where matches: (Record) -> Bool = { _ in true },
        as transform: (Record) -> Record = { $0 }
    ) -> Page<Record> {
        var found: [Record] = []
        var index = page.before.map { position(of: $0) } ?? order.count
        var examined = 0
        while index > 0 {
            if examined == examinedMax { return Page(records: found, next: order[index]) }
            guard let stored = records[order[index - 1]] else { break }
            let record = transform(stored)
            if matches(record) {
                if found.count == page.boundedLimit { return Page(records: found, next: found.last.map(id)) }
                found.append(record)
            }
            index -= 1
            examined += 1
        }
        return Page(records: found, next: nil)
    }

    /// Where the id stands, or would stand, in the order.
    private func position(of id: RecordID) -> Int {
        if let last = order.last, last < id { return order.count }
        var low = 0
        var high = order.count
        while low < high {
            let middle = low + (high - low) / 2
            if order[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
