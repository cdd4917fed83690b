#if SQLite
    internal import CSQLite
    internal import Platform

    /// Reads the columns of one row, one after the other.
    ///
    /// Valid only inside the closure it is handed to. A column of the wrong type or size yields a zero and marks the
    /// row as damaged; whoever stepped the statement then fails with ``StoreError/corrupt(_:)``.
    struct Row: ~Copyable {
        private let statement: StatementBox
        private var index: CInt = 0
        private(set) var isDamaged = false

        init(_ statement: StatementBox) { self.statement = statement }

        mutating func int64() -> Int64 {
            defer { index += 1 }
            if statement.raw.type(at: index) != SQLITE_INTEGER { isDamaged = true }
            return statement.raw.int64(at: index)
        }

        mutating func optionalInt64() -> Int64? { skipNull() ? nil : int64() }

        mutating func int() -> Int { Int(int64()) }

        mutating func time() -> UnixTime { UnixTime(milliseconds: int64()) }

        mutating func optionalTime() -> UnixTime? { skipNull() ? nil : time() }

        mutating func text() -> String {
            defer { index += 1 }
            if statement.raw.type(at: index) != SQLITE_TEXT { isDamaged = true }
            return unsafe statement.raw.withBytes(at: index) { unsafe String(decoding: $0, as: UTF8.self) }
        }

        mutating func optionalText() -> String? { skipNull() ? nil : text() }

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

        mutating func optionalBytes() -> [UInt8]? { skipNull() ? nil : bytes() }

        mutating func id() -> RecordID {
            let words = words()
            return RecordID(high: words.high, low: words.low)
        }

        mutating func optionalID() -> RecordID? { skipNull() ? nil : id() }

        mutating func digest() -> KeyedDigest16 {
            let words = words()
            return KeyedDigest16(high: words.high, low: words.low)
        }

        /// A text that names a case; damaged where it names none.
        mutating func named<Value: RawRepresentable<String> & CaseIterable>(_ type: Value.Type) -> Value? {
            let value = Value(rawValue: text())
            if value == nil { isDamaged = true }
            return value
        }

        mutating func markDamaged() { isDamaged = true }

        private mutating func skipNull() -> Bool {
            guard statement.raw.type(at: index) == SQLITE_NULL else { return false }
            index += 1
            return true
        }

        private mutating func words() -> (high: UInt64, low: UInt64) {
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
