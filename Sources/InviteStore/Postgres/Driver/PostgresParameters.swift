#if Postgres
    internal import Platform

    /// A type of PostgreSQL and of its arrays, by object identifier; both are fixed by PostgreSQL's catalogue.
    struct PostgresType: Equatable, Sendable {
        let oid: UInt32
        let arrayOID: UInt32

        static let bigint = PostgresType(oid: 20, arrayOID: 1016)
        static let bytea = PostgresType(oid: 17, arrayOID: 1001)
        static let text = PostgresType(oid: 25, arrayOID: 1009)
        static let uuid = PostgresType(oid: 2950, arrayOID: 2951)
    }

    /// A value that can stand for a parameter, in PostgreSQL's binary form.
    protocol PostgresValue {
        static var type: PostgresType { get }
        var isNull: Bool { get }
        func append(to bytes: inout [UInt8])
    }

    extension PostgresValue {
        var isNull: Bool { false }
    }

    extension Int64: PostgresValue {
        static var type: PostgresType { .bigint }
        func append(to bytes: inout [UInt8]) { bytes.append(bigEndian: UInt64(bitPattern: self)) }
    }

    extension Int: PostgresValue {
        static var type: PostgresType { .bigint }
        func append(to bytes: inout [UInt8]) { Int64(self).append(to: &bytes) }
    }

    extension UnixTime: PostgresValue {
        static var type: PostgresType { .bigint }
        func append(to bytes: inout [UInt8]) { milliseconds.append(to: &bytes) }
    }

    extension RecordID: PostgresValue {
        static var type: PostgresType { .uuid }
    }

    extension KeyedDigest16: PostgresValue {
        static var type: PostgresType { .uuid }
        func append(to bytes: inout [UInt8]) { RecordID(high: high, low: low).append(to: &bytes) }
    }

    extension String: PostgresValue {
        static var type: PostgresType { .text }
        func append(to bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
    }

    extension [UInt8]: PostgresValue {
        static var type: PostgresType { .bytea }
        func append(to bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
    }

    extension Optional: PostgresValue where Wrapped: PostgresValue {
        static var type: PostgresType { Wrapped.type }
        var isNull: Bool { self == nil ? true : false }
        func append(to bytes: inout [UInt8]) { self?.append(to: &bytes) }
    }

    extension Tenant {
        /// A tenant in full: the workspace's 16 bytes and one for the environment.
        var fullBytes: [UInt8] { workspace.bytes + [UInt8(truncatingIfNeeded: environment.code)] }
    }

    /// The parameters of one statement, one after the other, in the order of `$1`, `$2`, ….
    struct PostgresParameters {
        /// The values one after the other, behind one byte: so an empty value has an address, too, which no address would
        /// make NULL.
        private(set) var bytes: [UInt8] = [0]
        /// Where each value stands in ``bytes``; nil for NULL.
        private(set) var ranges: [Range<Int>?] = []
        private(set) var types: [UInt32] = []

        init() {}

        mutating func add<Value: PostgresValue>(_ value: Value) {
            types.append(Value.type.oid)
            guard !value.isNull else { return ranges.append(nil) }
            let start = bytes.count
            value.append(to: &bytes)
            ranges.append(start..<bytes.count)
        }

        /// Adds one array, which holds a value of each element.
        mutating func add<Element, Value: PostgresValue>(each elements: [Element], _ value: (Element) -> Value) {
            types.append(Value.type.arrayOID)
            let start = bytes.count
            // One dimension, may hold NULLs, the element's type; then how many, counted from 1.
            for word in [elements.isEmpty ? 0 : 1, 1, Value.type.oid] { bytes.append(bigEndian: word) }
            if !elements.isEmpty {
                for word in [UInt32(clamping: elements.count), 1] { bytes.append(bigEndian: word) }
            }
            for element in elements {
                let value = value(element)
                let place = bytes.count
                bytes.append(bigEndian: UInt32.max)
                guard !value.isNull else { continue }
                value.append(to: &bytes)
                let length = UInt32(clamping: bytes.count - place - 4)
                for index in 0..<4 {
                    bytes[place + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index))
                }
            }
            ranges.append(start..<bytes.count)
        }

        mutating func add<Value: PostgresValue>(each values: [Value]) { add(each: values) { $0 } }
    }

    extension [UInt8] {
        /// Appends the bytes of an integer, the most significant first.
        fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
            unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
        }
    }

    /// One statement and its parameters.
    struct PostgresStatement {
        let sql: String
        var parameters = PostgresParameters()

        init(_ sql: String, _ parameters: PostgresParameters = PostgresParameters()) {
            self.sql = sql
            self.parameters = parameters
        }

        init(_ sql: String, _ bind: (inout PostgresParameters) -> Void) {
            self.sql = sql
            bind(&parameters)
        }
    }
#endif
