#if SQLite
    internal import Platform

    /// Binds parameters one after the other, in the order of the question marks.
    ///
    /// Valid only inside the closure it is handed to. Every parameter is bound anew for every run, so none is cleared
    /// in between: the statement then keeps its copies' memory.
    struct Binder: ~Copyable {
        private let statement: StatementBox
        private var index: CInt = 0

        init(_ statement: StatementBox) { self.statement = statement }

        mutating func add(_ value: Int64) {
            index += 1
            statement.raw.bind(value, at: index)
        }

        mutating func add(_ value: Int) { add(Int64(value)) }

        mutating func add(_ time: UnixTime) { add(time.milliseconds) }

        mutating func add(_ time: UnixTime?) {
            if let time { add(time) } else { addNull() }
        }

        mutating func add(_ text: String) {
            index += 1
            statement.raw.bind(text, at: index)
        }

        mutating func add(_ text: String?) {
            if let text { add(text) } else { addNull() }
        }

        mutating func add(_ bytes: [UInt8]) {
            index += 1
            unsafe bytes.withUnsafeBytes { unsafe statement.raw.bind($0, at: index) }
        }

        mutating func add(_ bytes: [UInt8]?) {
            if let bytes { add(bytes) } else { addNull() }
        }

        mutating func add(_ id: RecordID) { addWords(id.high, id.low) }

        mutating func add(_ id: RecordID?) {
            if let id { add(id) } else { addNull() }
        }

        mutating func add(_ digest: KeyedDigest16) { addWords(digest.high, digest.low) }

        /// A tenant in full: the workspace's 16 bytes and one for the environment.
        mutating func add(_ tenant: Tenant?) {
            guard let tenant else { return addNull() }
            index += 1
            let parts = (
                tenant.workspace.high.bigEndian, tenant.workspace.low.bigEndian,
                UInt8(truncatingIfNeeded: tenant.environment.code)
            )
            unsafe withUnsafeBytes(of: parts) { bytes in
                unsafe statement.raw.bind(UnsafeRawBufferPointer(rebasing: bytes.prefix(17)), at: index)
            }
        }

        mutating func addNull() {
            index += 1
            statement.raw.bindNull(at: index)
        }

        /// Sixteen bytes, without an array for them.
        private mutating func addWords(_ high: UInt64, _ low: UInt64) {
            index += 1
            let words = (high.bigEndian, low.bigEndian)
            unsafe withUnsafeBytes(of: words) { unsafe statement.raw.bind($0, at: index) }
        }
    }

    /// Gives a statement an address that a binder and a row can hold on to for the length of a closure.
    final class StatementBox {
        let raw: RawStatement

        init(_ raw: consuming RawStatement) { self.raw = raw }
    }
#endif
