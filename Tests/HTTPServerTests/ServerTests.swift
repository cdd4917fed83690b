import HTTPServer
import Platform
import Synchronization
import TestSupport
import Testing

private let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite("Serving on a socket")
struct ServerTests {
    @Test("One connection serves many requests")
    func keepAlive() throws {
        let fixture = try ServerFixture()
        let client = try fixture.client()
        for _ in 0..<3 {
            let response = try client.ask(get)
            #expect(response.status == 200 && response.text == "GET /a " && !response.closes)
        }
        #expect(fixture.server.openConnectionCount == 1)
    }

    @Test("Pipelined requests are answered in their order, at once or later", arguments: [1, 2, 7])
    func pipelining(_ laterEvery: Int) throws {
        let fixture = try ServerFixture(
            TestResponder { request in
                let response = TestResponder.text(request.path)
                let number = Int(request.path.dropFirst()) ?? 0
                guard number % laterEvery == 0 else { return .now(response) }
                return .later {
                    await Task.yield()
                    return response
                }
            }
        )
        let client = try fixture.client()
        try client.send((0..<500).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        for number in 0..<500 { #expect(try client.response().text == "/\(number)") }
    }

    @Test("A task that is done at once answers at once")
    func immediateTask() throws {
        let fixture = try ServerFixture(TestResponder { request in .later { TestResponder.text(request.path) } })
        let client = try fixture.client()
        try client.send(String(repeating: get, count: 100))
        for _ in 0..<100 { #expect(try client.response().text == "/a") }
    }

    @Test("A task resumed by another thread goes on on the loop's thread")
    func threads() throws {
        let gate = Gate()
        let fixture = try ServerFixture(
            TestResponder { _ in
                let loop = Thread.currentID
                return .later {
                    let before = Thread.currentID
                    await gate.pass()
                    return TestResponder.text("\(before == loop) \(Thread.currentID == loop)")
                }
            }
        )
        let clients = try (0..<20).map { _ in try fixture.client() }
        for client in clients {
            try client.send(get)
            gate.awaitArrival()
        }
        gate.open()
        for client in clients { #expect(try client.response().text == "true true") }
    }

    @Test("While an answer is waited for, pipelined requests wait too, and are all answered")
    func pipelineBehindTask() throws {
        let gate = Gate()
        let fixture = try ServerFixture(
            TestResponder { request in
                if request.path != "/wait" { return .now(TestResponder.text(request.path)) }
                return .later {
                    await gate.pass()
                    return TestResponder.text("waited")
                }
            }
        )
        let client = try fixture.client()
        try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n" + String(repeating: get, count: 2000))
        gate.awaitArrival()
        gate.open()
        #expect(try client.response().text == "waited")
        for _ in 0..<2000 { #expect(try client.response().text == "/a") }
    }

    @Test("A client that goes away while its answer is made harms nobody")
    func clientGone() throws {
        let gate = Gate()
        let finished = CountingSemaphore()
        let fixture = try ServerFixture(
            TestResponder { request in
                if request.path == "/a" { return .now(TestResponder.text("here")) }
                return .later {
                    await gate.pass()
                    finished.signal()
                    return HTTPResponse(status: 200, body: [UInt8](repeating: 0, count: 1 << 20))
                }
            }
        )
        for _ in 0..<10 {
            let client = try fixture.client()
            try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            gate.awaitArrival()
        }
        gate.open()
        for _ in 0..<10 { #expect(finished.wait()) }
        #expect(try fixture.client().ask(get).text == "here")
    }

    @Test("A chunked body arrives without its coding, and its trailers are dropped")
    func chunked() throws {
        let fixture = try ServerFixture()
        let head = "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let client = try fixture.client()
        #expect(try client.ask(head + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX: y\r\n\r\n").text == "POST /c abcde")
        #expect(try client.ask(get).status == 200)
    }

    @Test("A request that comes byte by byte is served like any other")
    func byteByByte() throws {
        let fixture = try ServerFixture()
        let client = try fixture.client()
        for byte in Array("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".utf8) {
            try client.send([byte])
        }
        #expect(try client.response().text == "POST /b abc")
    }

    @Test("A body of a mebibyte goes there and back")
    func greatBody() throws {
        let fixture = try ServerFixture()
        let client = try fixture.client(receiveBufferBytes: 4096)
        let body = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for _ in 0..<2 {
            try client.send(Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
            let response = try client.response()
            #expect(response.body.count == body.count + 7 && response.body.suffix(body.count) == body[...])
        }
    }

    @Test("A client that expects it is told to continue, once, and only where the body is welcome")
    func expectContinue() throws {
        let fixture = try ServerFixture(TestResponder(bodyBytesMax: 10, answer: TestResponder.echo.answer))
        let client = try fixture.client()
        func head(_ length: Int) -> String {
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\nExpect: 100-continue\r\n\r\n"
        }
        try client.send(head(3))
        #expect(try client.response().head == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(try client.ask("abc").text == "POST / abc")
        #expect(try client.ask(head(3) + "abc").status == 200, "a body that is there needs no leave")
        let refused = try client.ask(head(11))
        #expect(refused.status == 413)
        #expect(refused.text.hasSuffix(" of /"), "who renders the error sees the request: \(refused.text)")
        #expect(client.isClosed())
    }

    @Test("HEAD gets the length and no content, and the connection goes on")
    func head() throws {
        let fixture = try ServerFixture()
        let client = try fixture.client()
        try client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response(toHead: true).head.contains("Content-Length: 8\r\n"))
        #expect(try client.ask(get).text == "GET /a ")
    }

    @Test("HTTP/1.0 and Connection: close get their answer and the close")
    func closing() throws {
        let fixture = try ServerFixture()
        for request in ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"] {
            let client = try fixture.client()
            let response = try client.ask(request)
            #expect(response.status == 200 && response.closes)
            #expect(client.isClosed())
        }
    }

    @Test("The responder can end the connection")
    func closedByResponder() throws {
        let fixture = try ServerFixture(
            TestResponder { _ in
                var response = HTTPResponse(status: 200)
                response.closesConnection = true
                return .now(response)
            }
        )
        let client = try fixture.client()
        try client.send(get + get)
        #expect(try client.response().closes)
        #expect(client.isClosed())
    }

    @Test("A client that shuts its sending side still gets all its answers")
    func halfClose() throws {
        let fixture = try ServerFixture()
        let client = try fixture.client()
        try client.send(get + get + get)
        client.endSending()
        for _ in 0..<3 { #expect(try client.response().status == 200) }
        #expect(client.isClosed())
    }

    @Test("A refused message is answered once and the connection ends, whatever follows")
    func refusal() throws {
        let fixture = try ServerFixture()
        let client = try fixture.client()
        let smuggled = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        try client.send(get + smuggled + String(repeating: get, count: 100))
        #expect(try client.response().status == 200)
        let answer = try client.response()
        #expect(answer.status == 400 && answer.closes && answer.text == "length_with_transfer_encoding")
        #expect(client.isClosed())
    }

    @Test("What the client sees of its request's address and transport is right")
    func address() throws {
        let responder = TestResponder { .now(TestResponder.text("\($0.clientAddress) \($0.isSecure)")) }
        let plain = try ServerFixture(responder)
        let forwarded = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n"
        #expect(try plain.client().ask(forwarded).text == "127.0.0.1 false")
        let proxied = try ServerFixture(responder) {
            $0.trustedProxies = [IPNetwork(parsing: "127.0.0.0/8")].compactMap { $0 }
        }
        #expect(try proxied.client().ask(forwarded).text == "203.0.113.7 false")
    }

    @Test("IPv6 is served where the machine has it, and IPv4 through the wildcard is IPv4")
    func ipv6() throws {
        let responder = TestResponder { .now(TestResponder.text("\($0.clientAddress)")) }
        guard let fixture = try? ServerFixture(responder, listen: "[::]:0") else { return }
        #expect(try fixture.client().ask(get).text == "::1")
        let mapped = try TestClient(SocketAddress(address: .loopback, port: fixture.address.port))
        #expect(try mapped.ask(get).text == "127.0.0.1")
    }

    @Test("Several loops share one port")
    func loops() throws {
        let threads = Mutex<Set<UInt>>([])
        let responder = TestResponder { _ in
            threads.withLock { _ = $0.insert(Thread.currentID) }
            return .now(TestResponder.text(""))
        }
        let fixture = try ServerFixture(responder) { $0.loopCount = 3 }
        let clients = try (0..<64).map { _ in try fixture.client() }
        for client in clients { #expect(try client.ask(get).status == 200) }
        #expect(threads.withLock { $0.count } == 3)
    }

    @Test("The metrics count what happened")
    func metrics() throws {
        let fixture = try ServerFixture()
        let client = try fixture.client()
        _ = try client.ask(get)
        _ = try client.ask("GET / HTTP/1.1\n")
        #expect(client.isClosed())
        fixture.server.drainAndWait(deadlineMilliseconds: 2000)
        #expect(fixture.metric("http_connections_accepted_total") == 1)
        #expect(fixture.metric("http_connections_open") == 0)
        #expect(fixture.metric("http_responses_total{class=\"2xx\"") == 1)
        #expect(fixture.metric("http_responses_total{class=\"4xx\"") == 1)
        #expect(fixture.metric("http_requests_rejected_total{listener=\"test\",reason=\"bare_line_feed\"") == 1)
        #expect(fixture.metric("http_received_bytes_total") == get.utf8.count + 15)
    }
}
