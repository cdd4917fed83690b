#if Postgres
    internal import CPostgres
    internal import Glibc
    internal import Platform

    /// The one owner of a `PGconn`; finished when it goes out of scope.
    @safe
    private struct RawConnection: ~Copyable {
        let pointer: OpaquePointer

        init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

        deinit { unsafe PQfinish(pointer) }

        var errorText: String {
            guard let text = unsafe PQerrorMessage(pointer) else { return "no message" }
            return unsafe String(String(cString: text).split(separator: "\n").joined(separator: " "))
        }
    }

    /// One connection to PostgreSQL, driven without blocking calls: each wait is a poll(2) of its socket that ends at
    /// ``deadline``.
    ///
    /// Belongs to one thread at a time. After a failure that ``PostgresFailure/isDisconnected`` it is of no more use.
    final class PostgresConnection {
        private let raw: RawConnection
        let time: any TimeSource
        /// Names of prepared statements, by their text.
        private var prepared: [String: String] = [:]
        /// The instant at which whatever is under way is given up, and the connection with it.
        var deadline: MonotonicInstant

        /// Connects as libpq users expect it: a URL or a connection string, and where that is silent the environment,
        /// the service file and the password file.
        ///
        /// Only the look-up of a host's name is left to the C library's own time.
        init(_ address: String, deadline: MonotonicInstant, time: any TimeSource) throws(PostgresFailure) {
            self.deadline = deadline
            self.time = time
            // What stands before dbname is overridden by the address; what stands after it is not.
            let settings = [
                ("target_session_attrs", "read-write"), ("fallback_application_name", "token-service"),
                ("dbname", address), ("client_encoding", "UTF8"),
            ]
            guard let opened = unsafe Self.start(settings) else { throw .connection("out of memory") }
            raw = unsafe RawConnection(owning: opened)
            unsafe cpostgres_ignore_notices(raw.pointer)
            try finishConnecting()
            guard unsafe PQsetnonblocking(raw.pointer, 1) == 0, unsafe PQenterPipelineMode(raw.pointer) == 1 else {
                throw .connection(raw.errorText)
            }
        }

        private static func start(_ settings: [(String, String)]) -> OpaquePointer? {
            var keywords: [UnsafePointer<CChar>?] = unsafe []
            var values: [UnsafePointer<CChar>?] = unsafe []
            defer {
                // Copies of our own, of which libpq keeps none.
                for index in unsafe keywords.indices { unsafe free(UnsafeMutableRawPointer(mutating: keywords[index])) }
                for index in unsafe values.indices { unsafe free(UnsafeMutableRawPointer(mutating: values[index])) }
            }
            for (keyword, value) in settings {
                unsafe keywords.append(UnsafePointer(strdup(keyword)))
                unsafe values.append(UnsafePointer(strdup(value)))
            }
            unsafe keywords.append(nil)
            unsafe values.append(nil)
            return unsafe PQconnectStartParams(keywords, values, 1)
        }

        private func finishConnecting() throws(PostgresFailure) {
            if unsafe PQstatus(raw.pointer) == CONNECTION_BAD { throw .connection(raw.errorText) }
            var interest = CInt(POLLOUT)
            while true {
                // The socket may be another one after each step, as hosts are tried one after the other.
                try wait(for: interest)
                switch unsafe PQconnectPoll(raw.pointer) {
                case PGRES_POLLING_READING: interest = CInt(POLLIN)
                case PGRES_POLLING_WRITING: interest = CInt(POLLOUT)
                case PGRES_POLLING_OK: return
                default: throw .connection(raw.errorText)
                }
            }
        }

        // MARK: Round trips

        /// Sends all statements in one go and returns their results in order: one round trip.
        ///
        /// Where one fails, those behind it are not run; the first failure is thrown.
        @discardableResult
        func run(_ statements: [PostgresStatement]) throws(PostgresFailure) -> [PostgresResult] {
            var steps: [Step] = []
            for statement in statements { try send(statement, &steps) }
            guard unsafe PQpipelineSync(raw.pointer) == 1 else { throw .connection(raw.errorText) }
            var results: [PostgresResult] = []
            var failure: PostgresFailure?
            for step in steps {
                let result = try next()
                if result.isError, failure == nil { failure = result.failure }
                while let more = try nextOrEnd() { if more.isError, failure == nil { failure = more.failure } }
                switch step {
                case .prepare(let sql, let name):
                    if result.status == PGRES_COMMAND_OK { prepared[sql] = name }
                case .execute: results.append(result)
                }
            }
            guard try next().status == PGRES_PIPELINE_SYNC else { throw .connection("the answers are out of step") }
            if let failure { throw failure }
            return results
        }

        /// Runs one statement.
        @discardableResult
        func run(
            _ sql: String,
            _ bind: (inout PostgresParameters) -> Void = { _ in }
        ) throws(PostgresFailure) -> PostgresResult {
            guard let result = try run([PostgresStatement(sql, bind)]).first else {
                throw .connection("the answers are out of step")
            }
            return result
        }

        private enum Step {
            case prepare(sql: String, name: String)
            case execute
        }

        private func send(_ statement: PostgresStatement, _ steps: inout [Step]) throws(PostgresFailure) {
            let parameters = statement.parameters
            var name = prepared[statement.sql]
            if name == nil {
                // The number is the text's own, though it may be prepared twice in one go.
                let new = "s\(prepared.count)_\(steps.count)"
                let sent = unsafe PQsendPrepare(
                    raw.pointer,
                    new,
                    statement.sql,
                    CInt(parameters.types.count),
                    parameters.types
                )
                guard sent == 1 else { throw .connection(raw.errorText) }
                steps.append(.prepare(sql: statement.sql, name: new))
                name = new
            }
            let sent = unsafe parameters.bytes.withUnsafeBytes { bytes in
                let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                var values: [UnsafePointer<CChar>?] = unsafe []
                for range in parameters.ranges {
                    if let range, let base = unsafe base {
                        unsafe values.append(base + range.lowerBound)
                    } else {
                        unsafe values.append(nil)
                    }
                }
                let lengths = parameters.ranges.map { CInt(truncatingIfNeeded: $0?.count ?? 0) }
                let formats = [CInt](repeating: 1, count: lengths.count)
                return unsafe PQsendQueryPrepared(
                    raw.pointer,
                    name,
                    CInt(values.count),
                    values,
                    lengths,
                    formats,
                    1
                )
            }
            guard sent == 1 else { throw .connection(raw.errorText) }
            steps.append(.execute)
        }

        private func next() throws(PostgresFailure) -> PostgresResult {
            guard let result = try nextOrEnd() else { throw .connection("the answers are out of step") }
            return result
        }

        /// The next result; nil at the end of one statement's.
        private func nextOrEnd() throws(PostgresFailure) -> PostgresResult? {
            while unsafe PQisBusy(raw.pointer) == 1 {
                let left = unsafe PQflush(raw.pointer)
                guard left >= 0 else { throw .connection(raw.errorText) }
                try wait(for: CInt(left == 1 ? POLLIN | POLLOUT : POLLIN))
                guard unsafe PQconsumeInput(raw.pointer) == 1 else { throw .connection(raw.errorText) }
            }
            guard let result = unsafe PQgetResult(raw.pointer) else { return nil }
            return unsafe PostgresResult(owning: result)
        }

        /// Runs statements that take no parameters, separated by semicolons, in one round trip of the old kind.
        func runScript(_ sql: String) throws(PostgresFailure) {
            guard unsafe PQexitPipelineMode(raw.pointer) == 1, unsafe PQsendQuery(raw.pointer, sql) == 1 else {
                throw .connection(raw.errorText)
            }
            var failure: PostgresFailure?
            while let result = try nextOrEnd() { if result.isError, failure == nil { failure = result.failure } }
            guard unsafe PQenterPipelineMode(raw.pointer) == 1 else { throw .connection(raw.errorText) }
            if let failure { throw failure }
        }

        // MARK: Notices from other sessions

        /// Waits until other sessions have said something, or `end` has come; true where they have.
        func waitForNotification(until end: MonotonicInstant) throws(PostgresFailure) -> Bool {
            var heard = takeNotifications()
            while !heard, time.monotonicNow() < end {
                guard try isReady(CInt(POLLIN), until: end) else { break }
                guard unsafe PQconsumeInput(raw.pointer) == 1 else { throw .connection(raw.errorText) }
                heard = takeNotifications()
            }
            return heard
        }

        private func takeNotifications() -> Bool {
            var heard = false
            while let notification = unsafe PQnotifies(raw.pointer) {
                unsafe PQfreemem(notification)
                heard = true
            }
            return heard
        }

        // MARK: Waiting

        private func wait(for events: CInt) throws(PostgresFailure) {
            guard try isReady(events, until: deadline) else { throw .deadline }
        }

        private func isReady(_ events: CInt, until end: MonotonicInstant) throws(PostgresFailure) -> Bool {
            let socket = unsafe PQsocket(raw.pointer)
            guard socket >= 0 else { throw .connection(raw.errorText) }
            while true {
                let left = end.nanoseconds(since: time.monotonicNow())
                var polled = pollfd(fd: socket, events: CShort(truncatingIfNeeded: events), revents: 0)
                let milliseconds = CInt(clamping: (left + 999_999) / 1_000_000)
                let count = unsafe poll(&polled, 1, milliseconds)
                if count > 0 { return true }
                if count == 0, time.monotonicNow() >= end { return false }
                if count < 0, errno != EINTR { throw .connection("poll: error \(errno)") }
            }
        }
    }
#endif
