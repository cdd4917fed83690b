#if SQLite
    internal import CSQLite

    /// The one owner of a `sqlite3_stmt`: finalised when it goes out of scope.
    ///
    /// Hands out SQLite's own codes.
    ///
    /// Belongs to its connection's thread, and must be gone before the connection is.
    @safe
    struct RawStatement: ~Copyable {
        private let pointer: OpaquePointer

        /// Compiles one statement that will be used again and again.
        init(_ database: OpaquePointer, _ sql: String) throws(SQLiteFailure) {
            var compiled: OpaquePointer?
            let code = unsafe sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &compiled, nil)
            guard code == SQLITE_OK, let statement = unsafe compiled else {
                throw unsafe .statement(code: code, text: String(cString: sqlite3_errmsg(database)) + " in: " + sql)
            }
            unsafe pointer = statement
        }

        deinit { unsafe sqlite3_finalize(pointer) }

        // MARK: Binding; `index` counts from 1

        func bind(_ value: Int64, at index: CInt) { unsafe sqlite3_bind_int64(pointer, index, value) }

        func bindNull(at index: CInt) { unsafe sqlite3_bind_null(pointer, index) }

        /// SQLite copies the bytes, into memory that the statement keeps for the next time.
        func bind(_ bytes: UnsafeRawBufferPointer, at index: CInt) {
            guard let start = bytes.baseAddress else {
                unsafe sqlite3_bind_zeroblob(pointer, index, 0)
                return
            }
            unsafe sqlite3_bind_blob(pointer, index, start, CInt(clamping: bytes.count), csqlite_transient())
        }

        func bind(_ text: String, at index: CInt) {
            var text = text
            text.withUTF8 { bytes in
                _ = unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                    // An empty string may have no address, which SQLite would take for NULL.
                    unsafe characters.baseAddress.map { start in
                        unsafe sqlite3_bind_text(
                            pointer,
                            index,
                            start,
                            CInt(clamping: characters.count),
                            csqlite_transient()
                        )
                    } ?? sqlite3_bind_text(pointer, index, "", 0, csqlite_transient())
                }
            }
        }

        // MARK: Running

        func step() -> CInt { unsafe sqlite3_step(pointer) }

        /// Ends the run; the code repeats the last step's and so is of no news.
        func reset() { unsafe sqlite3_reset(pointer) }

        /// Rows changed by the last INSERT, UPDATE or DELETE of the connection.
        func changes() -> Int { Int(unsafe sqlite3_changes64(sqlite3_db_handle(pointer))) }

        /// The connection's latest failure.
        func failure(_ code: CInt) -> SQLiteFailure {
            let database = unsafe sqlite3_db_handle(pointer)
            let text = unsafe String(cString: sqlite3_errmsg(database))
            let sql = unsafe sqlite3_sql(pointer).map { unsafe String(cString: $0) } ?? ""
            return unsafe .statement(code: max(code, sqlite3_extended_errcode(database)), text: text + " in: " + sql)
        }

        // MARK: Columns of the current row; `index` counts from 0

        func type(at index: CInt) -> CInt { unsafe sqlite3_column_type(pointer, index) }

        func int64(at index: CInt) -> Int64 { unsafe sqlite3_column_int64(pointer, index) }

        /// Lends the bytes of a text or blob; they are gone at the next step.
        func withBytes<Value>(at index: CInt, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
            let start = unsafe sqlite3_column_blob(pointer, index)
            let count = unsafe sqlite3_column_bytes(pointer, index)
            return unsafe body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(count)))
        }
    }
#endif
