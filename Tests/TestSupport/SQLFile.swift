#if SQLite
    internal import CSQLite

    /// A data base file that a test changes behind the service's back, as somebody with access to the disk could.
    package struct SQLFile: Sendable {
        private let path: String

        package init(directory: String) { path = directory + "/token-service.sqlite3" }

        /// What SQLite said to a statement that failed.
        package struct Refusal: Error {
            package let text: String
        }

        /// Runs statements separated by semicolons.
        package func run(_ script: String) throws(Refusal) {
            unsafe try withDatabase { database throws(Refusal) in
                guard unsafe sqlite3_exec(database, script, nil, nil, nil) == SQLITE_OK else {
                    throw Refusal(text: unsafe String(cString: sqlite3_errmsg(database)))
                }
            }
        }

        /// The first column of the first row, as a number; 0 where there is no row.
        package func number(_ query: String) throws(Refusal) -> Int {
            unsafe try withDatabase { database throws(Refusal) in
                var statement: OpaquePointer?
                guard unsafe sqlite3_prepare_v2(database, query, -1, &statement, nil) == SQLITE_OK else {
                    throw Refusal(text: unsafe String(cString: sqlite3_errmsg(database)))
                }
                defer { unsafe sqlite3_finalize(statement) }
                return unsafe sqlite3_step(statement) == SQLITE_ROW ? Int(sqlite3_column_int64(statement, 0)) : 0
            }
        }

        private func withDatabase<Value>(_ body: (OpaquePointer) throws(Refusal) -> Value) throws(Refusal) -> Value {
            var opened: OpaquePointer?
            let code = unsafe sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE, nil)
            defer { unsafe sqlite3_close_v2(opened) }
            guard code == SQLITE_OK, let database = unsafe opened else { throw Refusal(text: "not opened: \(code)") }
            unsafe sqlite3_busy_timeout(database, 5_000)
            return unsafe try body(database)
        }
    }
#endif
