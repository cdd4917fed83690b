#if Postgres
    internal import CPostgres

    /// The one owner of a `PGresult`, which a connection made.
    @safe
    final class PostgresResult {
        fileprivate let pointer: OpaquePointer

        init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

        deinit { unsafe PQclear(pointer) }

        var status: ExecStatusType { unsafe PQresultStatus(pointer) }

        var isError: Bool { status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE }

        /// SQLSTATE and primary message of an error; the detail, which may hold values, is left out.
        var failure: PostgresFailure {
            .statement(code: field(cpostgres_sqlstate()) ?? "", text: field(cpostgres_message()) ?? "no message")
        }

        private func field(_ code: CInt) -> String? {
            guard let text = unsafe PQresultErrorField(pointer, code) else { return nil }
            return unsafe String(cString: text)
        }

        /// Rows that an INSERT, UPDATE or DELETE touched.
        var affected: Int {
            guard let text = unsafe PQcmdTuples(pointer) else { return 0 }
            return unsafe Int(String(cString: text)) ?? 0
        }

        /// What the server says that it did, such as `COMMIT`.
        var commandTag: String {
            guard let text = unsafe PQcmdStatus(pointer) else { return "" }
            return unsafe String(cString: text)
        }

        var rowCount: Int { Int(unsafe PQntuples(pointer)) }

        // MARK: Rows

        /// Reads every row.
        ///
        /// - Throws: ``PostgresFailure/damaged(_:)`` where a column is not what the closure asked for.
        func all<Value>(_ read: (inout PostgresRow) -> Value) throws(PostgresFailure) -> [Value] {
            var values: [Value] = []
            values.reserveCapacity(rowCount)
            for number in 0..<rowCount {
                var row = PostgresRow(self, CInt(truncatingIfNeeded: number))
                values.append(read(&row))
                if row.isDamaged { throw .damaged("a row is not what the store wrote") }
            }
            return values
        }

        /// Reads the first row; nil where there is none.
        func first<Value>(_ read: (inout PostgresRow) -> Value) throws(PostgresFailure) -> Value? {
            guard rowCount > 0 else { return nil }
            var row = PostgresRow(self, 0)
            let value = read(&row)
            if row.isDamaged { throw .damaged("a row is not what the store wrote") }
            return value
        }

        /// Lends the bytes of one value; nil for NULL and for a column that is not there.
        fileprivate func withBytes<Value>(
            _ row: CInt,
            _ column: CInt,
            _ body: (UnsafeRawBufferPointer) -> Value
        ) -> Value? {
            guard unsafe column < PQnfields(pointer), unsafe PQgetisnull(pointer, row, column) == 0,
                let start = unsafe PQgetvalue(pointer, row, column)
            else { return nil }
            let count = Int(unsafe PQgetlength(pointer, row, column))
            return unsafe body(UnsafeRawBufferPointer(start: start, count: count))
        }

        fileprivate func isNull(_ row: CInt, _ column: CInt) -> Bool { unsafe PQgetisnull(pointer, row, column) == 1 }
    }

    /// Reads the columns of one row, one after the other, in binary form.
    struct PostgresRow: StoredRow, ~Copyable {
        private let result: PostgresResult
        private let number: CInt
        private var column: CInt = 0
        private(set) var isDamaged = false

        fileprivate init(_ result: PostgresResult, _ number: CInt) {
            self.result = result
            self.number = number
        }

        mutating func int64() -> Int64 {
            let value: Int64? = unsafe next { bytes in
                guard bytes.count == 8 else { return nil }
                return unsafe Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
            }
            return value ?? 0
        }

        mutating func text() -> String {
            unsafe next { unsafe String(decoding: $0, as: UTF8.self) } ?? ""
        }

        mutating func bytes() -> [UInt8] { unsafe next { unsafe [UInt8]($0) } ?? [] }

        mutating func words() -> (high: UInt64, low: UInt64) {
            let words: (UInt64, UInt64)? = unsafe next { bytes in
                guard bytes.count == 16 else { return nil }
                return unsafe (
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                )
            }
            return words ?? (0, 0)
        }

        mutating func skipNull() -> Bool {
            guard result.isNull(number, column) else { return false }
            column += 1
            return true
        }

        mutating func markDamaged() { isDamaged = true }

        private mutating func next<Value>(_ read: (UnsafeRawBufferPointer) -> Value?) -> Value? {
            let value = unsafe result.withBytes(number, column, read) ?? nil
            column += 1
            if value == nil { isDamaged = true }
            return value
        }
    }
#endif
