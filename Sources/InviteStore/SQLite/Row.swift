#if SQLite
    internal import CSQLite

    /// Reads the columns of one row, one after the other.
    ///
    /// Valid only inside the closure it is handed to. A column of the wrong type or size yields a zero and marks the
    /// row as damaged; whoever stepped the statement then fails with ``StoreError/corrupt(_:)``.
    struct Row: StoredRow, ~Copyable {
        private let statement: StatementBox
        private var index: CInt = 0
        private(set) var isDamaged = false

        init(_ statement: StatementBox) { self.statement = statement }

        mutating func int64() -> Int64 {
            defer { index += 1 }
            if statement.raw.type(at: index) != SQLITE_INTEGER { isDamaged = true }
            return statement.raw.int64(at: index)
        }

        mutating func text() -> String {
            defer { index += 1 }
            if statement.raw.type(at: index) != SQLITE_TEXT { isDamaged = true }
            return unsafe statement.raw.withBytes(at: index) { unsafe String(decoding: $0, as: UTF8.self) }
        }

        mutating func bytes() -> [UInt8] {
            defer { index += 1 }
            if statement.raw.type(at: index) != SQLITE_BLOB { isDamaged = true }
            return unsafe statement.raw.withBytes(at: index) { unsafe [UInt8]($0) }
        }

        /// Lends the bytes of a blob.
        mutating func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
            defer { index += 1 }
            if statement.raw.type(at: index) != SQLITE_BLOB { isDamaged = true }
            return unsafe statement.raw.withBytes(at: index, body)
        }

        mutating func markDamaged() { isDamaged = true }

        mutating func skipNull() -> Bool {
            guard statement.raw.type(at: index) == SQLITE_NULL else { return false }
            index += 1
            return true
        }

        mutating func words() -> (high: UInt64, low: UInt64) {
            defer { index += 1 }
            let words: (UInt64, UInt64)? = unsafe statement.raw.withBytes(at: index) { bytes in
                guard bytes.count == 16 else { return nil }
                return unsafe (
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                )
            }
            if words == nil { isDamaged = true }
            return words ?? (0, 0)
        }
    }
#endif
