#if Postgres
    internal import Foundation
    internal import Glibc
    internal import Platform
    internal import Synchronization

    /// Stands between a store and a cluster, as a network does: it forwards, and when it is cut it takes everything and
    /// passes nothing on, either way, without a word to either side.
    package final class PostgresProxy: Sendable {
        private static let name = ".s.PGSQL.5432"
        private let directory: String
        private let target: String
        private let listener: SharedDescriptor
        private let isCut = Atomic(false)
        private let isOver = Atomic(false)

        /// Listens on a socket of its own; `cluster` is the directory of the cluster's.
        init(cluster: String) throws {
            directory = NSTemporaryDirectory() + "ts-px-" + String(UInt32.random(in: 0 ... .max), radix: 36)
            target = cluster + "/" + Self.name
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            let listener = Self.makeSocket()
            self.listener = listener
            guard unsafe Self.apply(directory + "/" + Self.name, { unsafe bind(listener.rawValue, $0, $1) }) == 0,
                listen(listener.rawValue, 64) == 0
            else { throw PostgresCluster.Refusal(description: "the proxy can not listen: error \(errno)") }
            Thread.detachNewThread { [self] in run() }
        }

        package func address(schema: String) -> String {
            "postgresql:///postgres?host=\(directory)&user=postgres&options=-csearch_path%3D\(schema)"
        }

        /// From now on nothing passes.
        package func cut() { isCut.store(true, ordering: .releasing) }

        /// What waited is passed on, and so is what comes.
        package func heal() { isCut.store(false, ordering: .releasing) }

        /// Ends the proxy and every connection through it.
        package func end() { isOver.store(true, ordering: .releasing) }

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

        private func run() {
            /// Both ends of each connection.
            var ends: [(client: SharedDescriptor, server: SharedDescriptor)] = []
            defer { try? FileManager.default.removeItem(atPath: directory) }
            while !isOver.load(ordering: .acquiring) {
                guard !isCut.load(ordering: .acquiring) else {
                    usleep(5_000)
                    continue
                }
                var polled = [pollfd(fd: listener.rawValue, events: Int16(POLLIN), revents: 0)]
                for (client, server) in ends {
                    polled += [client, server].map { pollfd(fd: $0.rawValue, events: Int16(POLLIN), revents: 0) }
                }
                _ = unsafe poll(&polled, nfds_t(polled.count), 20)
                var gone: Set<Int> = []
                for (index, pair) in ends.enumerated() {
                    for (place, from, to) in [(1, pair.client, pair.server), (2, pair.server, pair.client)]
                    where polled[2 * index + place].revents != 0 && !Self.pass(from, to) {
                        gone.insert(index)
                    }
                }
                for index in gone.sorted(by: >) { ends.remove(at: index) }
                if polled[0].revents != 0, let pair = accepted() { ends.append(pair) }
            }
        }

        private func accepted() -> (client: SharedDescriptor, server: SharedDescriptor)? {
            let number = accept(listener.rawValue, nil, nil)
            guard number >= 0 else { return nil }
            let client = SharedDescriptor(FileDescriptor(owning: number))
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            let server = Self.makeSocket()
            // Where the server is not there, both ends go with this.
            guard unsafe Self.apply(target, { unsafe connect(server.rawValue, $0, $1) }) == 0 else { return nil }
            return (client, server)
        }

        /// Passes on what is there; false where one end is gone.
        private static func pass(_ from: SharedDescriptor, _ to: SharedDescriptor) -> Bool {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe read(from.rawValue, &buffer, buffer.count)
            guard count > 0 else { return false }
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
    }

    extension PostgresCluster {
        /// A network between a store and this cluster that a test can cut.
        package func makeProxy() throws -> PostgresProxy { try PostgresProxy(cluster: directory) }
    }
#endif
