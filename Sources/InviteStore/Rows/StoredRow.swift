#if SQLite || Postgres
    internal import Platform

    /// The columns of one row, read one after the other; what a value of the wrong type or size yields is a zero, and the
    /// row then counts as damaged.
    protocol StoredRow: ~Copyable {
        mutating func int64() -> Int64
        mutating func text() -> String
        mutating func bytes() -> [UInt8]
        /// Sixteen bytes, as two words.
        mutating func words() -> (high: UInt64, low: UInt64)
        /// Passes over the next column where it is NULL; false, and nothing done, where it is not.
        mutating func skipNull() -> Bool
        mutating func markDamaged()
    }

    extension StoredRow where Self: ~Copyable {
        mutating func optionalInt64() -> Int64? { skipNull() ? nil : int64() }

        mutating func int() -> Int { Int(int64()) }

        mutating func time() -> UnixTime { UnixTime(milliseconds: int64()) }

        mutating func optionalTime() -> UnixTime? { skipNull() ? nil : time() }

        mutating func optionalText() -> String? { skipNull() ? nil : text() }

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
            if value == nil { markDamaged() }
            return value
        }

        /// A list as ``ListCodec`` wrote it.
        mutating func list() -> [String] {
            let list = ListCodec.decode(optionalBytes())
            if list == nil { markDamaged() }
            return list ?? []
        }
    }
#endif
