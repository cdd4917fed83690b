import Foundation
import HTTPServer
import Platform
import TestSupport
import Testing

private let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite("Limits and deadlines on a socket")
struct ServerLimitTests {
    @Test("A head that drips in is answered 408 at the deadline, and the connection ends")
    func slowHead() throws {
        let fixture = try ServerFixture { $0.limits.headMilliseconds = 60 }
        let client = try fixture.client()
        try client.send("GET / HTTP/1.1\r\nHost")
        let answer = try client.response()
        #expect(answer.status == 408 && answer.text == "head_timeout" && answer.closes)
        #expect(client.isClosed())
        #expect(fixture.metric("http_deadlines_total{deadline=\"head\"") == 1)
    }

    @Test("A body that does not come is answered 408 at the deadline")
    func slowBody() throws {
        let fixture = try ServerFixture { $0.limits.bodyMilliseconds = 60 }
        let client = try fixture.client()
        let answer = try client.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
        #expect(answer.status == 408 && answer.text == "body_timeout of /")
        #expect(client.isClosed())
    }

    @Test("A connection that says nothing, or nothing more, is closed without a word")
    func idle() throws {
        let fixture = try ServerFixture { $0.limits.idleMilliseconds = 60 }
        #expect(try fixture.client().isClosed())
        let used = try fixture.client()
        #expect(try used.ask(get).status == 200)
        #expect(used.isClosed())
        #expect(fixture.metric("http_deadlines_total{deadline=\"idle\"") == 2)
    }

    @Test("An answer that is not made in time is answered for, and dropped when it comes")
    func slowReply() throws {
        let gate = Gate()
        let finished = CountingSemaphore()
        let fixture = try ServerFixture(
            TestResponder { request in
                if request.path == "/a" { return .now(TestResponder.text("here")) }
                return .later {
                    await gate.pass()
                    finished.signal()
                    return TestResponder.text("late")
                }
            },
            change: { $0.limits.replyMilliseconds = 60 }
        )
        let client = try fixture.client()
        let answer = try client.ask("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(answer.status == 503 && answer.text == "reply_timeout" && answer.closes)
        gate.open()
        #expect(finished.wait())
        #expect(client.isClosed())
        #expect(try fixture.client().ask(get).text == "here")
    }

    @Test("A client that does not read is cut at the write deadline")
    func slowReader() throws {
        let fixture = try ServerFixture(
            TestResponder { _ in .now(HTTPResponse(status: 200, body: [UInt8](repeating: 0, count: 16 << 20))) },
            change: { $0.limits.writeMilliseconds = 100 }
        )
        let client = try fixture.client(receiveBufferBytes: 4096)
        try client.send(get)
        #expect(client.waitForReset())
        #expect(fixture.metric("http_deadlines_total{deadline=\"write\"") == 1)
        #expect(fixture.server.openConnectionCount == 0)
    }

    @Test("A client that reads slowly, but in time, gets all of a great answer")
    func greatAnswer() throws {
        let body = (0..<8 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 8) }
        let fixture = try ServerFixture(TestResponder { _ in .now(HTTPResponse(status: 200, body: body)) })
        let client = try fixture.client(receiveBufferBytes: 4096)
        try client.send(get + get)
        #expect(try client.response().body == body)
        #expect(try client.response().body == body)
    }

    @Test("Long and short answers to pipelined requests come whole and in their order, however slowly they are read")
    func mixedAnswers() throws {
        let long = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 13 >> 6) }
        let fixture = try ServerFixture(
            TestResponder { request in
                switch request.path {
                case "/long": .now(HTTPResponse(status: 200, body: long))
                case "/later":
                    .later {
                        await Task.yield()
                        return HTTPResponse(status: 200, body: long)
                    }
                default: .now(TestResponder.text(request.path))
                }
            }
        )
        let paths = (0..<60).map { ["/long", "/short", "/later", "/a"][$0 * 7 % 4] }
        let client = try fixture.client(receiveBufferBytes: 4096)
        try client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        for path in paths {
            let expected = path == "/long" || path == "/later" ? long : Array(path.utf8)
            #expect(try client.response().body == expected)
        }
    }

    @Test("Many clients that do not read cost their connections, not a copy each of what they asked for")
    func sharedBody() throws {
        let (clients, bytes) = (100, 2 << 20)
        let body = [UInt8](repeating: 1, count: bytes)
        let fixture = try ServerFixture(TestResponder { _ in .now(HTTPResponse(status: 200, body: body)) })
        let before = try Self.residentBytes()
        let held = try (0..<clients).map { _ in
            let client = try fixture.client(receiveBufferBytes: 4096)
            try client.send(get + get)
            return client
        }
        // The last one is answered behind all others.
        #expect(try fixture.client().ask(get).body.count == bytes)
        #expect(fixture.server.openConnectionCount >= clients)
        #expect(try Self.residentBytes() - before < clients * bytes / 3)
        withExtendedLifetime(held) {}
    }

    private static func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        guard let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return 0 }
        return pages * 4096
    }

    @Test("An address has so many connections and no more, until one of them ends")
    func addressLimit() throws {
        let fixture = try ServerFixture { $0.limits.connectionsPerAddressMax = 2 }
        let first = try fixture.client()
        var second: TestClient? = try fixture.client()
        #expect(try first.ask(get).status == 200)
        #expect(try second?.ask(get).status == 200)
        let third = try fixture.client()
        let refusal = try third.response()
        #expect(refusal.status == 503 && refusal.closes && refusal.text == "overloaded")
        #expect(third.isClosed())
        #expect(fixture.metric("http_connections_refused_total{listener=\"test\",reason=\"address_limit\"") == 1)
        #expect(try second?.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").status == 200)
        #expect(second?.isClosed() == true)
        second = nil
        #expect(try fixture.client().ask(get).status == 200)
    }

    @Test("A trusted proxy has no such limit, and neither has anybody where it is switched off")
    func noAddressLimit() throws {
        let trusting = try ServerFixture {
            $0.limits.connectionsPerAddressMax = 1
            $0.trustedProxies = [IPNetwork(parsing: "127.0.0.1")].compactMap { $0 }
        }
        let free = try ServerFixture { $0.limits.connectionsPerAddressMax = 0 }
        for fixture in [trusting, free] {
            let clients = try (0..<5).map { _ in try fixture.client() }
            for client in clients { #expect(try client.ask(get).status == 200) }
        }
    }

    @Test("With no room left the connection that has been idle longest goes")
    func eviction() throws {
        let fixture = try ServerFixture { $0.limits.connectionsMax = 3 }
        let clients = try (0..<3).map { _ in try fixture.client() }
        for client in clients { #expect(try client.ask(get).status == 200) }
        // The first to come is not the first to go: it has been busy since.
        #expect(try clients[0].ask(get).status == 200)
        let newcomer = try fixture.client()
        #expect(try newcomer.ask(get).status == 200)
        #expect(clients[1].isClosed())
        #expect(try clients[0].ask(get).status == 200)
        #expect(try clients[2].ask(get).status == 200)
        #expect(fixture.metric("http_connections_refused_total{listener=\"test\",reason=\"evicted\"") == 1)
    }

    @Test("With no room left and nobody idle the newcomer is answered 503")
    func connectionLimit() throws {
        let gate = Gate()
        let fixture = try ServerFixture(
            TestResponder { _ in
                .later {
                    await gate.pass()
                    return TestResponder.text("done")
                }
            },
            change: { $0.limits.connectionsMax = 2 }
        )
        let busy = try (0..<2).map { _ in try fixture.client() }
        for client in busy {
            try client.send(get)
            gate.awaitArrival()
        }
        let newcomer = try fixture.client()
        let refusal = try newcomer.response()
        #expect(refusal.status == 503 && refusal.closes)
        #expect(newcomer.isClosed())
        gate.open()
        for client in busy { #expect(try client.response().text == "done") }
    }

    @Test("With no descriptor left a newcomer is answered 503, and the others are served on")
    func noDescriptors() async {
        // In a process of its own, whose limit can be lowered without harm.
        await #expect(processExitsWith: .success) {
            let fixture = try ServerFixture()
            let first = try fixture.client()
            _ = try first.ask(get)
            Platform.setDescriptorLimit(Int(first.raw) + 50)
            var held: [SharedDescriptor] = []
            while true {
                let raw = dup(first.raw)
                if raw < 0 { break }
                held.append(SharedDescriptor(FileDescriptor(owning: raw)))
            }
            // One is free, and the client takes it: there is none for the server.
            held.removeLast()
            for _ in 0..<5 {
                let refused = try fixture.client()
                try refused.send(get)
                let refusal = try refused.response()
                guard refusal.status == 503, refusal.closes, try first.ask(get).status == 200 else {
                    throw TestClient.Failure(text: refusal.head)
                }
            }
            // Two are free: one for each side.
            held.removeLast()
            guard try fixture.client().ask(get).status == 200 else { throw TestClient.Failure(text: "no room") }
            withExtendedLifetime(held) {}
        }
    }

    @Test("A flood of pipelined requests whose answers nobody reads holds bounded memory and is cut")
    func pipelinedFlood() throws {
        let body = [UInt8](repeating: 0, count: 10_000)
        let fixture = try ServerFixture(
            TestResponder { _ in .now(HTTPResponse(status: 200, body: body)) },
            change: { $0.limits.writeMilliseconds = 200 }
        )
        let client = try fixture.client(receiveBufferBytes: 4096)
        // Sent until the server stops reading, or cuts the connection.
        let flood = Array(String(repeating: get, count: 1000).utf8)
        var sent = 0
        while (try? client.send(flood)) != nil { sent += 1 }
        let made = fixture.metric("http_responses_total{class=\"2xx\"") ?? 0
        #expect(made < sent * 1000 / 2, "answers are not made for a client that does not read: \(made)")
        #expect(fixture.metric("http_deadlines_total{deadline=\"write\"") == 1)
    }
}
