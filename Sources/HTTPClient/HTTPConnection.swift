import OpenSSLKit
import Platform

/// One connection of a client, with or without TLS; every call ends at the deadline.
struct HTTPConnection: ~Copyable {
    private enum Channel: ~Copyable {
        case plain(FileDescriptor)
        case secure(TLSClientConnection)
    }

    private static let readBytes = 16_384

    private let channel: Channel
    private let deadline: MonotonicInstant
    private let clock: any TimeSource

    /// Connects to an address that was checked; TLS is spoken with the name that was asked for.
    init(
        to address: SocketAddress,
        name: String,
        tls: TLSClientContext?,
        connectDeadline: MonotonicInstant,
        deadline: MonotonicInstant,
        clock: any TimeSource
    ) throws(HTTPClientError) {
        self.deadline = deadline
        self.clock = clock
        channel = try Self.channel(to: address, name, tls, min(connectDeadline, deadline), deadline, clock)
    }

    private static func channel(
        to address: SocketAddress,
        _ name: String,
        _ tls: TLSClientContext?,
        _ connectDeadline: MonotonicInstant,
        _ deadline: MonotonicInstant,
        _ clock: any TimeSource
    ) throws(HTTPClientError) -> Channel {
        let socket: FileDescriptor
        do throws(SystemError) {
            socket = try ClientSocket.connect(to: address, deadline: connectDeadline, clock: clock)
        } catch {
            throw error.isTimeout ? .timedOut : .unreachable(address.description, error)
        }
        guard let tls else { return .plain(socket) }
        do throws(TLSError) {
            return .secure(
                try TLSClientConnection(owning: socket, context: tls, host: name, deadline: deadline, clock: clock)
            )
        } catch {
            throw failure(error)
        }
    }

    func write(_ bytes: [UInt8]) throws(HTTPClientError) {
        switch channel {
        case .plain(let socket):
            var sent = 0
            while sent < bytes.count {
                switch Socket.send(socket.rawValue, bytes.span, from: sent) {
                case .moved(let count): sent += count
                case .blocked: try wait(socket, for: .sending)
                case .ended, .failed: throw .cutOff
                }
            }
        case .secure(let connection):
            do throws(TLSError) { try connection.write(bytes) } catch { throw Self.failure(error) }
        }
    }

    /// The next bytes; none at the end of the connection.
    func read() throws(HTTPClientError) -> [UInt8] {
        switch channel {
        case .plain(let socket):
            var buffer = [UInt8](repeating: 0, count: Self.readBytes)
            while true {
                switch Socket.receive(socket.rawValue, into: &buffer) {
                case .moved(let count): return Array(buffer.prefix(count))
                case .blocked: try wait(socket, for: .receiving)
                case .ended: return []
                case .failed: throw .cutOff
                }
            }
        case .secure(let connection):
            var bytes: [UInt8] = []
            do throws(TLSError) {
                _ = try connection.read(into: &bytes, bytesMax: Self.readBytes)
                return bytes
            } catch {
                throw Self.failure(error)
            }
        }
    }

    private func wait(
        _ socket: borrowing FileDescriptor,
        for readiness: ClientSocket.Readiness
    ) throws(HTTPClientError) {
        do throws(SystemError) {
            try ClientSocket.wait(socket.rawValue, for: readiness, deadline: deadline, clock: clock)
        } catch {
            throw error.isTimeout ? .timedOut : .cutOff
        }
    }

    private static func failure(_ error: TLSError) -> HTTPClientError {
        error.kind == .deadline ? .timedOut : .tls(error)
    }
}
