import HTTPClient
import OpenSSLKit
import Platform
import Synchronization
import Testing

/// A server on loopback that says the same to everybody, and notes what it was asked.
private final class CannedServer: Sendable {
    let port: UInt16
    private let listener: FileDescriptor
    private let asked = Mutex<[String]>([])

    /// Without an answer it keeps the connection open and is silent.
    init(_ answer: String?) throws {
        let any = SocketAddress(address: .loopback, port: 0)
        listener = try Socket.listen(on: any, backlog: 8, unsentBytesMax: 65_536)
        port = try Socket.localAddress(of: listener.rawValue).port
        let raw = listener.rawValue
        let thread = try Thread(name: "canned") { [self] in
            while case .accepted(let connection, _) = Self.next(raw) { serve(connection, answer) }
        }
        thread.detach()
    }

    var requests: [String] { asked.withLock { $0 } }

    private static func next(_ raw: CInt) -> AcceptOutcome {
        let clock = SystemTimeSource()
        let deadline = clock.monotonicNow().adding(milliseconds: 5_000)
        guard (try? ClientSocket.wait(raw, for: .receiving, deadline: deadline, clock: clock)) != nil else {
            return .nobody
        }
        return Socket.accept(raw)
    }

    private func serve(_ connection: borrowing FileDescriptor, _ answer: String?) {
        let clock = SystemTimeSource()
        let deadline = clock.monotonicNow().adding(milliseconds: 3_000)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var count = 0
        while !String(decoding: buffer.prefix(count), as: UTF8.self).contains("\r\n\r\n") {
            switch Socket.receive(connection.rawValue, into: &buffer, from: count) {
            case .moved(let more): count += more
            case .blocked:
                let isReady: Void? = try? ClientSocket.wait(
                    connection.rawValue,
                    for: .receiving,
                    deadline: deadline,
                    clock: clock
                )
                if isReady == nil { return }
            case .ended, .failed: return
            }
        }
        asked.withLock { $0.append(String(decoding: buffer.prefix(count), as: UTF8.self)) }
        if let answer {
            _ = Socket.send(connection.rawValue, Array(answer.utf8).span)
        } else {
            _ = try? ClientSocket.wait(connection.rawValue, for: .receiving, deadline: deadline, clock: clock)
        }
    }
}

@Suite("The HTTP client on loopback")
struct ClientTests {
    private static func client(
        _ addresses: AddressGuard = .none,
        totalMilliseconds: Int = 2_000,
        bodyBytesMax: Int? = 1_000
    ) -> HTTPClient {
        HTTPClient(
            addresses: addresses,
            tls: nil,
            deadlines: .init(connectMilliseconds: 1_000, totalMilliseconds: totalMilliseconds),
            limits: HTTPAnswerLimits(bodyBytesMax: bodyBytesMax)
        )
    }

    private static func order(_ port: UInt16, host: String = "127.0.0.1", isSecure: Bool = false) -> HTTPOrder {
        HTTPOrder(
            method: "POST",
            endpoint: HTTPEndpoint(isSecure: isSecure, host: host, port: port),
            target: "/a?b",
            fields: [("X-Field", "value")],
            body: Array("body".utf8)
        )
    }

    @Test("A request arrives as it was ordered, and its answer comes back")
    func exchange() throws {
        let server = try CannedServer("HTTP/1.1 201 Made\r\nContent-Length: 2\r\nX-Y: z\r\n\r\nok")
        let answer = try Self.client().send(Self.order(server.port))
        #expect(answer.status == 201 && answer.body == Array("ok".utf8) && answer.first("x-y") == "z")
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("POST /a?b HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nConnection: close\r\n"))
        #expect(request.contains("\r\nX-Field: value\r\n") && request.contains("\r\nContent-Length: 4\r\n"))
    }

    @Test("A redirect is an answer like any other: nothing is asked of where it leads")
    func redirect() throws {
        let target = try CannedServer("HTTP/1.1 200 OK\r\n\r\n")
        let location = "http://127.0.0.1:\(target.port)/"
        let server = try CannedServer("HTTP/1.1 302 Found\r\nLocation: \(location)\r\nContent-Length: 0\r\n\r\n")
        #expect(try Self.client().send(Self.order(server.port)).status == 302)
        #expect(server.requests.count == 1 && target.requests.isEmpty)
    }

    @Test("An address that is not admitted is not connected to, by number or by name")
    func guarded() throws {
        let server = try CannedServer("HTTP/1.1 200 OK\r\n\r\n")
        let client = Self.client(.publicOnly(allowing: []))
        for host in ["127.0.0.1", "localhost", "::1", "127.1", "0x7f000001", "2130706433", "0"] {
            let error = #expect(throws: HTTPClientError.self) { try client.send(Self.order(server.port, host: host)) }
            guard case .addressRefused = error else {
                Issue.record("\(host): \(String(describing: error))")
                continue
            }
        }
        #expect(server.requests.isEmpty)
    }

    @Test("A server that is silent ends with the deadline, and one that is not there at once")
    func silence() throws {
        let server = try CannedServer(nil)
        #expect(throws: HTTPClientError.timedOut) {
            try Self.client(totalMilliseconds: 100).send(Self.order(server.port))
        }
        let free = SocketAddress(address: .loopback, port: 0)
        let listener = try Socket.listen(on: free, backlog: 1, unsentBytesMax: 65_536)
        let port = try Socket.localAddress(of: listener.rawValue).port
        _ = consume listener
        let error = #expect(throws: HTTPClientError.self) { try Self.client().send(Self.order(port)) }
        guard case .unreachable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("An answer that is cut off, malformed or too long is an error")
    func broken() throws {
        let rows: [(String, HTTPClientError)] = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", .cutOff), ("", .cutOff),
            ("nonsense\r\n\r\n", .malformed(.notHTTP)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", .malformed(.bodyTooLong)),
        ]
        for (text, error) in rows {
            let server = try CannedServer(text)
            #expect(throws: error) { try Self.client().send(Self.order(server.port)) }
        }
    }

    @Test("What should be encrypted is not sent in clear where nobody is trusted")
    func nobodyTrusted() throws {
        let server = try CannedServer("HTTP/1.1 200 OK\r\n\r\n")
        #expect(throws: HTTPClientError.nobodyTrusted) {
            try Self.client().send(Self.order(server.port, isSecure: true))
        }
        #expect(server.requests.isEmpty)
    }

    @Test("No field of a request can end its line")
    func fields() throws {
        for value in ["a\r\nX: y", "a\nb", "\u{0}", "\u{7F}", "\u{E9}"] {
            var order = Self.order(1)
            order.fields = [("X-Field", value)]
            #expect(throws: HTTPClientError.badField("X-Field")) { try Self.client().send(order) }
        }
        for target in ["/ HTTP/1.1\r\nX: y", "/a b", "/\u{E9}"] {
            var order = Self.order(1)
            order.target = target
            #expect(throws: HTTPClientError.badField("request")) { try Self.client().send(order) }
        }
    }

    @Test("A host that does not exist is unknown, and a look-up without time ends at once")
    func lookups() throws {
        let clock = SystemTimeSource()
        let soon = clock.monotonicNow().adding(milliseconds: 2_000)
        #expect(try HostLookup.addresses(of: "127.0.0.1", deadline: soon, clock: clock) == [.loopback])
        #expect(try HostLookup.addresses(of: "localhost", deadline: soon, clock: clock).allSatisfy(\.isLoopback))
        #expect(throws: HostLookup.Failure.timedOut) {
            try HostLookup.addresses(of: "localhost", deadline: clock.monotonicNow(), clock: clock)
        }
    }
}
