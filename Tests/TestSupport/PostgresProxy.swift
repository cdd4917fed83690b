#if Postgres
    internal import Foundation
    internal import Glibc
    internal import Platform
    internal import Synchronization

    /// Stands between a store and a cluster, as a network does: it forwards, and when it is cut it takes everything and
    /// passes nothing on, either way, without a word to either side.
    package final class PostgresProxy: Sendable {
        private struct State {
            var target: String
            var isCut = false
            var isOver = false
            var loses = false
        }

        private static let name = ".s.PGSQL.5432"
        /// A message of the server's with the number of its process and a secret, without the two (`BackendKeyData`).
        private static let keyData: [UInt8] = [0x4B, 0, 0, 0, 12]

        private let directory: String
        private let tellsOwnNumbers: Bool
        private let listener: SharedDescriptor
        private let state: Mutex<State>
        private let count = Atomic(0)
        /// Says that the state has changed.
        private let bell: (reading: SharedDescriptor, writing: SharedDescriptor)

        /// Listens on a socket of its own; `cluster` is the directory of the cluster's.
        ///
        /// One that `tellsOwnNumbers` gives clients another number for the server's process than it has, as poolers do.
        init(cluster: String, tellsOwnNumbers: Bool) throws {
            directory = NSTemporaryDirectory() + "ts-px-" + String(UInt32.random(in: 0 ... .max), radix: 36)
            self.tellsOwnNumbers = tellsOwnNumbers
            state = Mutex(State(target: Self.socketPath(cluster)))
            bell = try SharedDescriptor.pipe()
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            let listener = Self.makeSocket()
            self.listener = listener
            guard unsafe Self.apply(directory + "/" + Self.name, { unsafe bind(listener.rawValue, $0, $1) }) == 0,
                listen(listener.rawValue, 64) == 0
            else { throw PostgresCluster.Refusal(description: "the proxy can not listen: error \(errno)") }
            Thread.detachNewThread { [self] in run() }
        }

        private static func socketPath(_ cluster: String) -> String { cluster + "/" + name }

        package func address(schema: String) -> String {
            "postgresql:///postgres?host=\(directory)&user=postgres&options=-csearch_path%3D\(schema)"
        }

        /// Connections that were made through it so far.
        package var connections: Int { count.load(ordering: .acquiring) }

        /// From now on nothing passes.
        package func cut() { change { $0.isCut = true } }

        /// What waited is passed on, and so is what comes.
        package func heal() { change { $0.isCut = false } }

        /// Clients see their connections end, while the server has all sessions still.
        package func loseClients() { change { $0.loses = true } }

        /// New connections lead there; those that are stay where they are.
        package func lead(to cluster: PostgresCluster) {
            change { $0.target = Self.socketPath(cluster.directory) }
        }

        /// Ends the proxy and every connection through it.
        package func end() { change { $0.isOver = true } }

        private func change(_ body: (inout State) -> Void) {
            state.withLock { body(&$0) }
            _ = unsafe write(bell.writing.rawValue, [UInt8(1)], 1)
        }

        private static func makeSocket() -> SharedDescriptor {
            let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            return SharedDescriptor(FileDescriptor(owning: number))
        }

        private static func apply(
            _ path: String,
            _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
        ) -> Int32 {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8.prefix(107)) }
            let length = socklen_t(MemoryLayout<sockaddr_un>.size)
            return unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
            }
        }

        /// One connection's two ends.
        private struct Pair {
            let client: SharedDescriptor
            let server: SharedDescriptor
            /// True as long as the server has not told the number of its process.
            var isNew = true
        }

        private func run() {
            var pairs: [Pair] = []
            /// Sessions whose clients were lost.
            var orphans: [SharedDescriptor] = []
            defer { try? FileManager.default.removeItem(atPath: directory) }
            while true {
                let now = state.withLock { state in
                    defer { state.loses = false }
                    return state
                }
                if now.isOver { return }
                if now.loses {
                    orphans += pairs.map(\.server)
                    pairs = []
                }
                var polled = [pollfd(fd: bell.reading.rawValue, events: Int16(POLLIN), revents: 0)]
                if !now.isCut {
                    polled.append(pollfd(fd: listener.rawValue, events: Int16(POLLIN), revents: 0))
                    for pair in pairs {
                        polled += [pair.client, pair.server].map {
                            pollfd(fd: $0.rawValue, events: Int16(POLLIN), revents: 0)
                        }
                    }
                }
                _ = unsafe poll(&polled, nfds_t(polled.count), -1)
                if polled[0].revents != 0 {
                    var rings = [UInt8](repeating: 0, count: 64)
                    _ = unsafe read(bell.reading.rawValue, &rings, rings.count)
                    continue
                }
                guard polled.count > 1 else { continue }
                let gone = pairs.indices.filter { index in
                    let toServer = polled[2 * index + 2].revents != 0
                    let toClient = polled[2 * index + 3].revents != 0
                    return toServer && !pass(&pairs[index], toClient: false)
                        || toClient && !pass(&pairs[index], toClient: true)
                }
                for index in gone.reversed() { pairs.remove(at: index) }
                if polled[1].revents != 0, let pair = accepted(now.target) { pairs.append(pair) }
            }
        }

        private func accepted(_ target: String) -> Pair? {
            let number = accept(listener.rawValue, nil, nil)
            guard number >= 0 else { return nil }
            let client = SharedDescriptor(FileDescriptor(owning: number))
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            let server = Self.makeSocket()
            // Where the server is not there, both ends go with this.
            guard unsafe Self.apply(target, { unsafe connect(server.rawValue, $0, $1) }) == 0 else { return nil }
            count.add(1, ordering: .acquiringAndReleasing)
            return Pair(client: client, server: server, isNew: tellsOwnNumbers)
        }

        /// Passes on what is there; false where one end is gone.
        private func pass(_ pair: inout Pair, toClient: Bool) -> Bool {
            let (from, to) = toClient ? (pair.server, pair.client) : (pair.client, pair.server)
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe read(from.rawValue, &buffer, buffer.count)
            guard count > 0 else { return false }
            if toClient, pair.isNew, let place = Self.numberPlace(in: buffer[..<count]) {
                buffer.replaceSubrange(place, with: [0, 0, 0, 1])
                pair.isNew = false
            }
            var sent = 0
            while sent < count {
                let done = unsafe buffer.withUnsafeBytes { bytes in
                    unsafe send(
                        to.rawValue,
                        bytes.baseAddress?.advanced(by: sent),
                        count - sent,
                        Int32(MSG_NOSIGNAL)
                    )
                }
                guard done > 0 else { return false }
                sent += done
            }
            return true
        }

        /// Where the number of the server's process stands.
        private static func numberPlace(in bytes: ArraySlice<UInt8>) -> Range<Int>? {
            let start = bytes.indices.first { bytes[$0...].starts(with: keyData) }
            return start.flatMap { $0 + 9 <= bytes.endIndex ? $0 + 5..<$0 + 9 : nil }
        }
    }

    extension PostgresCluster {
        /// A network between a store and this cluster that a test can cut.
        package func makeProxy(tellsOwnNumbers: Bool = false) throws -> PostgresProxy {
            try PostgresProxy(cluster: directory, tellsOwnNumbers: tellsOwnNumbers)
        }
    }
#endif
