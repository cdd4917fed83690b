#if SQLite
    internal import CSQLite
    internal import Glibc
    internal import Platform

    /// The one owner of a `sqlite3` handle; closed when it goes out of scope.
    @safe
    private struct RawConnection: ~Copyable {
        let pointer: OpaquePointer

        init(path: String, flags: CInt) throws(SQLiteFailure) {
            var opened: OpaquePointer?
            let code = unsafe sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX, nil)
            guard code == SQLITE_OK, let database = unsafe opened else {
                unsafe sqlite3_close_v2(opened)
                throw unsafe .statement(
                    code: code,
                    text: "cannot open the data base: \(String(cString: sqlite3_errstr(code)))"
                )
            }
            unsafe sqlite3_extended_result_codes(database, 1)
            unsafe pointer = database
        }

        // close_v2, so that a statement which outlives the connection keeps the handle instead of dangling.
        deinit { unsafe sqlite3_close_v2(pointer) }
    }

    /// When the work of a connection has to end; asked by SQLite every thousand steps of its machine.
    private final class StatementDeadline {
        let time: any TimeSource
        var end: MonotonicInstant?

        init(_ time: any TimeSource) { self.time = time }

        var isOver: Bool { end.map { time.monotonicNow() > $0 } ?? false }
    }

    /// One connection to the data base.
    ///
    /// Belongs to one thread at a time.
    final class Connection {
        private let raw: RawConnection
        private let deadline: StatementDeadline

        enum Access {
            case write
            case readOnly
        }

        /// Opens the file, which must exist, and sets what holds for a connection rather than for the file.
        init(path: String, access: Access, cacheKibibytes: Int, time: any TimeSource) throws(SQLiteFailure) {
            _ = Self.configureOnce
            raw = try RawConnection(
                path: path,
                flags: access == .write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY
            )
            deadline = StatementDeadline(time)
            let context = unsafe Unmanaged.passUnretained(deadline).toOpaque()
            unsafe sqlite3_progress_handler(
                raw.pointer,
                1000,
                { context in
                    guard let context = unsafe context else { return 0 }
                    return unsafe Unmanaged<StatementDeadline>.fromOpaque(context).takeUnretainedValue().isOver ? 1 : 0
                },
                context
            )
            // Readers beside the writer may meet a lock for a moment while the log is recovered or checkpointed.
            unsafe sqlite3_busy_timeout(raw.pointer, 2_000)
            try execute("PRAGMA cache_size = -\(cacheKibibytes)")
            try execute("PRAGMA temp_store = MEMORY")
            // A schema that somebody tampered with must not call functions.
            try execute("PRAGMA trusted_schema = OFF")
        }

        private static let configureOnce: Bool = csqlite_disable_memory_statistics() == SQLITE_OK

        func statement(_ sql: String) throws(SQLiteFailure) -> Statement {
            let compiled = unsafe try RawStatement(raw.pointer, sql)
            return Statement(StatementBox(compiled))
        }

        /// Compiles and runs one statement whose rows nobody reads.
        func execute(_ sql: String) throws(SQLiteFailure) {
            try statement(sql).each { _ in true }
        }

        /// Runs several statements separated by semicolons; stops at the first that fails.
        func executeScript(_ script: String) throws(SQLiteFailure) {
            let code = unsafe sqlite3_exec(raw.pointer, script, nil, nil, nil)
            guard code == SQLITE_OK else {
                throw unsafe .statement(code: code, text: String(cString: sqlite3_errmsg(raw.pointer)))
            }
        }

        /// True while a transaction is open: SQLite ends one itself after some failures.
        var isInTransaction: Bool { unsafe sqlite3_get_autocommit(raw.pointer) == 0 }

        /// Runs `body` with a deadline after which statements fail with SQLITE_INTERRUPT.
        func until<Value>(
            _ end: MonotonicInstant,
            _ body: () throws(SQLiteFailure) -> Value
        ) throws(SQLiteFailure) -> Value {
            deadline.end = end
            defer { deadline.end = nil }
            return try body()
        }
    }
#endif
