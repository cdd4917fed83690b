import Dispatch
import HTTPServer
import Platform
import Synchronization
import Testing

private let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite("Draining")
struct DrainTests {
    /// Drains from another thread; the semaphore tells of the end.
    private func drain(_ fixture: ServerFixture, deadlineMilliseconds: Int = 8000) -> CountingSemaphore {
        let ended = CountingSemaphore()
        fixture.server.drain(deadlineMilliseconds: deadlineMilliseconds) { ended.signal() }
        return ended
    }

    @Test("A server without connections ends at once, and nobody listens any more")
    func empty() async throws {
        let fixture = try ServerFixture()
        await fixture.server.drain(deadlineMilliseconds: 8000)
        #expect(throws: SystemError.self) { try fixture.client() }
        await fixture.server.drain(deadlineMilliseconds: 8000)
    }

    @Test("An idle connection is closed, begun requests are answered with a close")
    func begun() throws {
        let gate = Gate()
        let fixture = try ServerFixture(
            TestResponder { request in
                guard request.path == "/wait" else { return .now(TestResponder.text("answered")) }
                return .later {
                    await gate.pass()
                    return TestResponder.text("waited")
                }
            }
        )
        let idle = try fixture.client()
        _ = try idle.ask(get)
        let head = try fixture.client()
        try head.send("GET / HTTP/1.1\r\nHost")
        let body = try fixture.client()
        try body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na")
        let waiting = try fixture.client()
        try waiting.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        gate.awaitArrival()
        // The rounds of the loop are over for these bytes when a later request has been answered.
        _ = try idle.ask(get)

        let ended = drain(fixture)
        #expect(idle.isClosed())
        #expect(throws: SystemError.self) { try fixture.client() }
        try head.send(": a\r\n\r\n")
        try body.send("bc")
        gate.open()
        for (client, text) in [(head, "answered"), (body, "answered"), (waiting, "waited")] {
            let response = try client.response()
            #expect(response.text == text && response.closes)
            #expect(client.isClosed())
        }
        #expect(ended.wait())
    }

    @Test("Requests on connections that wait in the backlog are answered")
    func backlog() throws {
        let isHeld = CountingSemaphore()
        let holds = CountingSemaphore()
        let fixture = try ServerFixture(
            TestResponder { request in
                if request.path == "/hold" {
                    isHeld.signal()
                    holds.wait()
                }
                return .now(TestResponder.text("answered"))
            }
        )
        let holder = try fixture.client()
        try holder.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(isHeld.wait())
        // The loop is busy: these are accepted by the kernel and by nobody else.
        let clients = try (0..<100).map { _ in try fixture.client() }
        for client in clients.prefix(50) { try client.send(get) }
        let ended = drain(fixture)
        holds.signal()
        for client in clients.suffix(50) { try client.send(get) }
        for client in clients {
            let response = try client.response()
            #expect(response.text == "answered" && response.closes)
        }
        #expect(ended.wait())
    }

    @Test("Under load no request that was begun goes without its answer")
    func underLoad() throws {
        let fixture = try ServerFixture { $0.loopCount = 2 }
        let address = fixture.address
        let ended = CountingSemaphore()
        let started = CountingSemaphore()
        let answered = Atomic<Int>(0)
        let dropped = Atomic<Int>(0)
        for _ in 0..<8 {
            DispatchQueue.global().async {
                // One connection after the other, until nobody listens.
                while let client = try? TestClient(address) {
                    for _ in 0..<20 {
                        guard let response = try? client.ask(get) else {
                            dropped.add(1, ordering: .relaxed)
                            break
                        }
                        answered.add(1, ordering: .relaxed)
                        started.signal()
                        if response.closes { break }
                    }
                }
                ended.signal()
            }
        }
        for _ in 0..<400 { #expect(started.wait()) }
        let drained = drain(fixture)
        #expect(drained.wait())
        for _ in 0..<8 { #expect(ended.wait()) }
        #expect(dropped.load(ordering: .relaxed) == 0)
        #expect(answered.load(ordering: .relaxed) >= 400)
    }

    @Test("What never ends does not hold the end")
    func deadline() throws {
        let gate = Gate()
        let fixture = try ServerFixture(
            TestResponder { _ in
                .later {
                    await gate.pass()
                    return TestResponder.text("")
                }
            }
        )
        let client = try fixture.client()
        try client.send(get)
        gate.awaitArrival()
        let ended = drain(fixture, deadlineMilliseconds: 100)
        #expect(ended.wait())
        #expect(client.isClosed())
        // The task still goes on, on the thread that resumes it.
        gate.open()
    }

    @Test("During the delay the server goes on as before; a second drain can bring the end nearer")
    func delay() throws {
        let fixture = try ServerFixture { $0.drainDelayMilliseconds = 60_000 }
        let ended = drain(fixture, deadlineMilliseconds: 120_000)
        let client = try fixture.client()
        let response = try client.ask(get)
        #expect(response.status == 200 && !response.closes)
        fixture.server.drainAndWait(deadlineMilliseconds: 0)
        #expect(ended.wait())
        #expect(client.isClosed())
    }
}
