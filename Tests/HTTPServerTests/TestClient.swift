import Glibc
import Platform

/// A blocking client on a raw socket; no call waits longer than ten seconds.
final class TestClient {
    /// One response, as it came over the wire.
    struct Response: Equatable {
        var status: Int
        var head: String
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var closes: Bool { head.lowercased().contains("\r\nconnection: close\r\n") }
    }

    struct Failure: Error {
        let text: String
    }

    /// Closed once, by its owner, even where `init` throws after it: a second close could hit a stranger's.
    private let socket: FileDescriptor
    private var received: [UInt8] = []

    init(_ address: SocketAddress, receiveBufferBytes: CInt? = nil) throws {
        let isV4 = address.address.family == .v4
        let raw = Glibc.socket(isV4 ? AF_INET : AF_INET6, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0 else { throw SystemError(call: "socket", code: errno) }
        socket = FileDescriptor(owning: raw)
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        _ = unsafe setsockopt(raw, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        if var bytes = receiveBufferBytes {
            _ = unsafe setsockopt(raw, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<CInt>.size))
        }
        let result: CInt
        if isV4 {
            var form = sockaddr_in()
            form.sin_family = sa_family_t(AF_INET)
            form.sin_port = address.port.bigEndian
            form.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.address.lowerBits).bigEndian
            result = connect(raw, &form)
        } else {
            var form = sockaddr_in6()
            form.sin6_family = sa_family_t(AF_INET6)
            form.sin6_port = address.port.bigEndian
            form.sin6_addr = in6addr_loopback
            result = connect(raw, &form)
        }
        guard result == 0 else { throw SystemError(call: "connect", code: errno) }
    }

    /// The descriptor's number, lent.
    var raw: CInt { socket.rawValue }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(raw, buffer.baseAddress?.advanced(by: sent), buffer.count - sent, 0x4000)
            }
            guard count > 0 else { throw SystemError(call: "send", code: errno) }
            sent += count
        }
    }

    /// Tells the server that no more will come.
    func endSending() { _ = shutdown(raw, CInt(SHUT_WR)) }

    /// Reads some bytes; empty at the end of the connection.
    func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(raw, &buffer, buffer.count, 0)
        guard count >= 0 else { throw SystemError(call: "recv", code: errno) }
        return Array(buffer[..<count])
    }

    /// Reads one response, interim ones included.
    func response(toHead: Bool = false) throws -> Response {
        while true {
            if let response = takeResponse(toHead: toHead) { return response }
            let bytes = try receive()
            guard !bytes.isEmpty else {
                throw Failure(text: "end of connection after \(String(decoding: received, as: UTF8.self))")
            }
            received += bytes
        }
    }

    /// Sends a request and reads its response.
    func ask(_ text: String) throws -> Response {
        try send(text)
        return try response()
    }

    /// Reads to the end of the connection; a reset counts as an end.
    func rest() -> String {
        while let bytes = try? receive(), !bytes.isEmpty { received += bytes }
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }

    /// Whether the server ends the connection, without another byte, within ten seconds.
    func isClosed() -> Bool {
        guard received.isEmpty else { return false }
        do { return try receive().isEmpty } catch let error as SystemError { return error.code == ECONNRESET } catch {
            return false
        }
    }

    /// Waits, without reading, until the connection is reset; false after ten seconds.
    func waitForReset() -> Bool {
        var request = pollfd(fd: raw, events: 0, revents: 0)
        return unsafe poll(&request, 1, 10_000) == 1
    }

    private func takeResponse(toHead: Bool) -> Response? {
        guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: received[..<end.upperBound], as: UTF8.self)
        let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        var length = 0
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length: ") {
            length = Int(line.dropFirst(16)) ?? 0
        }
        if toHead { length = 0 }
        guard received.count - end.upperBound >= length else { return nil }
        let body = Array(received[end.upperBound..<end.upperBound + length])
        received.removeFirst(end.upperBound + length)
        return Response(status: status, head: head, body: body)
    }
}

/// connect(2) for one concrete form of address.
private func connect<Form>(_ raw: CInt, _ form: inout Form) -> CInt {
    unsafe withUnsafePointer(to: &form) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe Glibc.connect(raw, $0, socklen_t(MemoryLayout<Form>.size))
        }
    }
}
