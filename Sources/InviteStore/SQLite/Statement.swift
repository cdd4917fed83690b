#if SQLite
    internal import CSQLite

    /// A prepared statement with a safe face: bind, run, read, always reset.
    struct Statement {
        private let box: StatementBox

        init(_ box: StatementBox) { self.box = box }

        /// Runs a statement that yields no rows and returns how many rows it changed.
        @discardableResult
        func run(_ bind: (inout Binder) -> Void = { _ in }) throws(SQLiteFailure) -> Int {
            var binder = Binder(box)
            bind(&binder)
            let code = box.raw.step()
            defer { box.raw.reset() }
            guard code == SQLITE_DONE || code == SQLITE_ROW else { throw box.raw.failure(code) }
            return box.raw.changes()
        }

        /// Reads the first row; nil where there is none.
        func first<Value>(
            _ bind: (inout Binder) -> Void = { _ in },
            _ read: (inout Row) -> Value
        ) throws(SQLiteFailure) -> Value? {
            var value: Value?
            try each(bind) { row in
                value = read(&row)
                return false
            }
            return value
        }

        /// Reads every row.
        func all<Value>(
            _ bind: (inout Binder) -> Void = { _ in },
            _ read: (inout Row) -> Value
        ) throws(SQLiteFailure) -> [Value] {
            var values: [Value] = []
            try each(bind) { row in
                values.append(read(&row))
                return true
            }
            return values
        }

        /// Reads row after row until there are no more or `read` returns false.
        func each(
            _ bind: (inout Binder) -> Void = { _ in },
            _ read: (inout Row) -> Bool
        ) throws(SQLiteFailure) {
            var binder = Binder(box)
            bind(&binder)
            defer { box.raw.reset() }
            while true {
                let code = box.raw.step()
                if code == SQLITE_DONE { return }
                guard code == SQLITE_ROW else { throw box.raw.failure(code) }
                var row = Row(box)
                let goesOn = read(&row)
                if row.isDamaged { throw .damaged("a stored row has a value of the wrong kind") }
                if !goesOn { return }
            }
        }
    }
#endif
