import HTTPServer
import Testing

private func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n" }

@Suite("More requests than a loop can do")
struct LoadTests {
    /// Requests for `/wait…` wait at the gate, all others are answered at once.
    private static func responder(_ gate: Gate) -> TestResponder {
        TestResponder(
            answer: { request in
                guard request.path.hasPrefix("/wait") else { return .now(TestResponder.text(request.path)) }
                return .later {
                    await gate.pass()
                    return TestResponder.text(request.path)
                }
            },
            urgency: { $0 == "/health" ? .always : $0.hasSuffix("high") ? .high : .normal }
        )
    }

    @Test("Beyond the bound a request is refused before anything is done for it, and its connection lives on")
    func refused() throws {
        let gate = Gate()
        let fixture = try ServerFixture(Self.responder(gate)) {
            $0.limits.requestsInHandMax = 2
            $0.limits.requestsInHandMin = 2
        }
        let waiting = try (0..<3).map { _ in try fixture.client() }
        for (client, path) in zip(waiting, ["/wait", "/wait", "/wait/high"]) {
            try client.send(get(path))
            gate.awaitArrival()
        }
        let other = try fixture.client()
        let refusal = try other.ask(get("/wait"))
        #expect(refusal.status == 503 && refusal.text == "no room for /wait" && !refusal.closes)
        #expect(try other.ask(get("/")).status == 503)
        #expect(try other.ask(get("/wait/high")).status == 503)
        #expect(try other.ask(get("/health")).text == "/health")
        try other.send(get("/a") + get("/health") + get("/b/high"))
        for status in [503, 200, 503] { #expect(try other.response().status == status) }
        gate.open()
        for (client, path) in zip(waiting, ["/wait", "/wait", "/wait/high"]) {
            #expect(try client.response().text == path)
        }
        #expect(try other.ask(get("/wait")).text == "/wait")
        #expect(try waiting[0].ask(get("/high")).text == "/high")
        fixture.server.drainAndWait(deadlineMilliseconds: 2000)
        #expect(fixture.metric("http_requests_shed_total{listener=\"test\",urgency=\"normal\"") == 3)
        #expect(fixture.metric("http_requests_shed_total{listener=\"test\",urgency=\"high\"") == 2)
    }

    @Test("With no time at all in a round, every request still has its turn, in the order of its connection")
    func noTime() throws {
        let gate = Gate()
        let fixture = try ServerFixture(Self.responder(gate)) { $0.limits.workMilliseconds = 0 }
        let clients = try (0..<40).map { _ in try fixture.client() }
        for (number, client) in clients.enumerated() {
            try client.send((0..<50).map { get("/\(number)/\($0)") }.joined() + get("/wait/\(number)") + get("/health"))
        }
        for _ in clients { gate.awaitArrival() }
        gate.open()
        for (number, client) in clients.enumerated() {
            for step in 0..<50 { #expect(try client.response().text == "/\(number)/\(step)") }
            #expect(try client.response().text == "/wait/\(number)")
            #expect(try client.response().text == "/health")
        }
    }

    @Test("Tasks that can all go on at once, and take longer than a round has, are all brought to their end")
    func tasks() throws {
        let gate = Gate()
        let fixture = try ServerFixture(
            TestResponder { request in
                .later {
                    await gate.pass()
                    var mixed: UInt64 = 1
                    for step in 0..<100_000 { mixed = (mixed ^ UInt64(step)) &* 0x100_0000_01B3 }
                    return TestResponder.text("\(request.path) \(mixed != 0)")
                }
            },
            change: { $0.limits.workMilliseconds = 0 }
        )
        let clients = try (0..<60).map { _ in try fixture.client() }
        for (number, client) in clients.enumerated() { try client.send(get("/\(number)") + get("/then/\(number)")) }
        for _ in clients { gate.awaitArrival() }
        gate.open()
        for (number, client) in clients.enumerated() {
            #expect(try client.response().text == "/\(number) true")
            #expect(try client.response().text == "/then/\(number) true")
        }
    }

    @Test("A body, a HEAD and a last request that have to wait in line are answered as if they had not")
    func kinds() throws {
        let fixture = try ServerFixture { $0.limits.workMilliseconds = 0 }
        let client = try fixture.client()
        #expect(try client.ask("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").text == "POST /a abc")
        try client.send("HEAD /b HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response(toHead: true).status == 200)
        let last = try client.ask("GET /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(last.text == "GET /c " && last.closes)
        #expect(client.isClosed())
    }

    @Test("More connections that ask at once than one look tells of are all answered")
    func manyConnections() throws {
        let isHeld = CountingSemaphore()
        let goesOn = CountingSemaphore()
        let fixture = try ServerFixture(
            TestResponder { request in
                if request.path == "/hold" {
                    isHeld.signal()
                    goesOn.wait()
                }
                return .now(TestResponder.text(request.path))
            }
        )
        let clients = try (0..<600).map { _ in try fixture.client() }
        for client in clients { _ = try client.ask(get("/first")) }
        let holder = try fixture.client()
        try holder.send(get("/hold"))
        isHeld.wait()
        // The loop stands still until all of them wait.
        for (number, client) in clients.enumerated() { try client.send(get("/\(number)")) }
        goesOn.signal()
        #expect(try holder.response().text == "/hold")
        for (number, client) in clients.enumerated() { #expect(try client.response().text == "/\(number)") }
    }

    @Test("What waits in line when the server drains is answered before it ends")
    func drain() throws {
        let fixture = try ServerFixture { $0.limits.workMilliseconds = 0 }
        let clients = try (0..<20).map { _ in try fixture.client() }
        for client in clients { _ = try client.ask(get("/first")) }
        for client in clients { try client.send(get("/last")) }
        fixture.server.drainAndWait(deadlineMilliseconds: 5000)
        for client in clients {
            #expect(try client.response().text == "GET /last ")
            #expect(client.isClosed())
        }
    }

    @Test("A client that is told of the time it took does not get another answer when its turn comes")
    func tooLate() throws {
        let gate = Gate()
        let fixture = try ServerFixture(Self.responder(gate)) {
            $0.limits.replyMilliseconds = 60
            $0.limits.workMilliseconds = 0
        }
        let client = try fixture.client()
        let answer = try client.ask(get("/wait"))
        #expect(answer.status == 503 && answer.text == "reply_timeout" && answer.closes)
        gate.open()
        #expect(client.isClosed())
        #expect(try fixture.client().ask(get("/a")).text == "/a")
    }
}
