#if Postgres
    internal import CPostgres
    internal import Foundation
    internal import Synchronization

    /// A session that keeps tables locked.
    @safe
    package final class PostgresLock: @unchecked Sendable {
        // Safe because: the connection is taken out by whoever ends it, under the lock.
        private let connection: Mutex<UInt>

        init(_ pointer: OpaquePointer) { connection = Mutex(UInt(bitPattern: pointer)) }

        deinit { end() }

        /// Gives the tables free, once.
        package func end() {
            let address = connection.withLock { address in
                defer { address = 0 }
                return address
            }
            if let pointer = unsafe OpaquePointer(bitPattern: address) { unsafe PQfinish(pointer) }
        }
    }

    /// A private PostgreSQL cluster for one test run, in a temporary directory and on a Unix socket.
    ///
    /// A keeper process starts it and waits for its standard input to end: so the cluster stops, and its directory goes,
    /// with this process, whatever ends it.
    package final class PostgresCluster: Sendable {
        package struct Refusal: Error, CustomStringConvertible {
            package let description: String
        }

        /// The cluster that tests share, each with a schema of its own; started at first use.
        package static let shared = Result { try PostgresCluster() }

        let directory: String
        private let keeper: Mutex<ChildProcess.Conversation>
        private let schemas = Atomic<Int>(0)

        package init() throws {
            directory = NSTemporaryDirectory() + "ts-pg-" + String(UInt32.random(in: 0 ... .max), radix: 36)
            let started = try ChildProcess.start(["/bin/sh", "-c", Self.script, "keeper", directory])
            keeper = Mutex(started)
            var said = ""
            while !said.contains("ready\n") {
                let part = try started.output.read()
                guard !part.isEmpty else { throw Refusal(description: "PostgreSQL did not start: \(said)") }
                said += String(decoding: part, as: UTF8.self)
            }
        }

        /// Stops the cluster as a crash would, and removes it.
        deinit {
            keeper.withLock { keeper in
                keeper.input = nil
                keeper.process.wait()
            }
        }

        private static let script = """
            set -eu
            dir=$1
            bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
            PATH="${bin:-/usr/bin}:$PATH"
            unset PGHOST PGPORT PGUSER PGDATABASE PGSERVICE PGOPTIONS PGPASSWORD PGPASSFILE
            as=
            mkdir -m 0700 "$dir"
            if [ "$(id -u)" = 0 ]; then
                chown postgres: "$dir"
                as="setpriv --reuid=postgres --regid=postgres --init-groups"
            fi
            trap '$as pg_ctl -D "$dir/data" -m immediate stop >/dev/null 2>&1; rm -rf "$dir"' EXIT
            cd /
            $as initdb -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 ||
                { cat "$dir/log"; exit 1; }
            start() {
                $as pg_ctl -D "$dir/data" -w -t 60 -l "$dir/data/server.log" -o "-c listen_addresses='' \\
                    -c unix_socket_directories='$dir' -c max_connections=400 -c shared_buffers=64MB -c fsync=on \\
                    -c max_locks_per_transaction=256" start >"$dir/log" 2>&1 || { cat "$dir/log" "$dir/data/server.log"; exit 1; }
            }
            start
            echo ready
            while read -r order; do
                case "$order" in
                    stop) $as pg_ctl -D "$dir/data" -m immediate stop >/dev/null ;;
                    start) while ! $as pg_ctl -D "$dir/data" status >/dev/null 2>&1 && ! start; do sleep 0.1; done ;;
                esac
            done
            """

        /// Crashes the server, as a power cut would end it; it stays down until ``startAgain()``.
        package func crash() throws { try order("stop") }

        package func startAgain() throws { try order("start") }

        private func order(_ text: String) throws {
            try keeper.withLock { try $0.input?.write(Array((text + "\n").utf8)) }
        }

        /// The address of a schema, as a store takes it.
        package func address(schema: String, user: String = "postgres") -> String {
            "postgresql:///postgres?host=\(directory)&user=\(user)&options=-csearch_path%3D\(schema)"
        }

        /// Makes an empty schema and returns its name.
        package func makeSchema() throws -> String {
            let number = schemas.add(1, ordering: .relaxed).newValue
            let name = "test_\(number)"
            try run("CREATE SCHEMA \(name)", schema: name)
            return name
        }

        /// Runs statements, behind the service's back, as an administrator could.
        package func run(_ script: String, schema: String) throws {
            try unsafe withConnection(schema) { connection in
                let result = unsafe PQexec(connection, script)
                defer { unsafe PQclear(result) }
                let status = unsafe PQresultStatus(result)
                guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else {
                    throw unsafe Refusal(description: String(cString: PQerrorMessage(connection)))
                }
            }
        }

        /// Locks tables against everybody, until the lock is told to end.
        package func lock(_ tables: String, schema: String) throws -> PostgresLock {
            guard let connection = unsafe PQconnectdb(address(schema: schema)) else {
                throw Refusal(description: "out of memory")
            }
            let result = unsafe PQexec(connection, "BEGIN; LOCK TABLE \(tables) IN ACCESS EXCLUSIVE MODE")
            defer { unsafe PQclear(result) }
            guard unsafe PQresultStatus(result) == PGRES_COMMAND_OK else {
                defer { unsafe PQfinish(connection) }
                throw unsafe Refusal(description: String(cString: PQerrorMessage(connection)))
            }
            return unsafe PostgresLock(connection)
        }

        /// The first column of the first row, as a number; 0 where there is no row.
        package func number(_ query: String, schema: String) throws -> Int {
            try unsafe withConnection(schema) { connection in
                let result = unsafe PQexec(connection, query)
                defer { unsafe PQclear(result) }
                guard unsafe PQresultStatus(result) == PGRES_TUPLES_OK else {
                    throw unsafe Refusal(description: String(cString: PQerrorMessage(connection)))
                }
                guard unsafe PQntuples(result) > 0, let text = unsafe PQgetvalue(result, 0, 0) else { return 0 }
                return unsafe Int(String(cString: text)) ?? 0
            }
        }

        private func withConnection<Value>(_ schema: String, _ body: (OpaquePointer) throws -> Value) throws -> Value {
            guard let connection = unsafe PQconnectdb(address(schema: schema)) else {
                throw Refusal(description: "out of memory")
            }
            defer { unsafe PQfinish(connection) }
            guard unsafe PQstatus(connection) == CONNECTION_OK else {
                throw unsafe Refusal(description: String(cString: PQerrorMessage(connection)))
            }
            unsafe cpostgres_ignore_notices(connection)
            return unsafe try body(connection)
        }
    }
#endif
