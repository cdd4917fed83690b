import HTTPServer
import Platform
import Synchronization
import Telemetry

/// A responder made of closures.
struct TestResponder: HTTPResponder {
    var bodyBytesMax = 2 << 20
    var answer: @Sendable (HTTPRequest) -> HTTPReply
    /// By the path.
    var urgency: @Sendable (String) -> HTTPUrgency = { _ in .normal }

    func bodyBytesMax(method: HTTPMethod, path: String) -> Int { bodyBytesMax }

    func respond(to request: HTTPRequest) -> HTTPReply { answer(request) }

    func urgency(method: HTTPMethod, path: String) -> HTTPUrgency { urgency(path) }

    func refusal(of request: HTTPRequest) -> HTTPResponse {
        HTTPResponse(status: 503, body: Array("no room for \(request.path)".utf8), contentType: "text/plain")
    }

    func response(to rejection: HTTPRejection, of request: HTTPRequest?) -> HTTPResponse {
        let place = request.map { " of \($0.path)" } ?? ""
        let text = rejection.reason.rawValue + place
        return HTTPResponse(status: rejection.status, body: Array(text.utf8), contentType: "text/plain")
    }

    /// Answers with method, path and body.
    static let echo = TestResponder { .now(text("\($0.method.name) \($0.path) ", $0.body)) }

    static func text(_ text: String, _ body: [UInt8] = []) -> HTTPResponse {
        HTTPResponse(status: 200, body: Array(text.utf8) + body, contentType: "text/plain")
    }
}

/// A server on a free port of loopback, with one loop unless told otherwise; drained at the end.
final class ServerFixture {
    let server: HTTPServer
    let address: SocketAddress
    let metrics = MetricsRegistry()

    init(
        _ responder: TestResponder = .echo,
        listen: String = "127.0.0.1:0",
        change: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) throws {
        guard let wanted = SocketAddress(parsing: listen) else { throw TestClient.Failure(text: listen) }
        var configuration = HTTPServerConfiguration(listeners: [wanted], name: "test")
        configuration.loopCount = 1
        configuration.limits.drainGraceMilliseconds = 50
        change(&configuration)
        server = try HTTPServer(configuration: configuration, responder: responder, metrics: metrics)
        guard let bound = try server.start().first else { throw TestClient.Failure(text: "no address") }
        address = bound
    }

    deinit { server.drainAndWait(deadlineMilliseconds: 500) }

    func client(receiveBufferBytes: CInt? = nil) throws -> TestClient {
        try TestClient(address, receiveBufferBytes: receiveBufferBytes)
    }

    /// The value of one series, such as `http_deadlines_total{deadline="head"`.
    func metric(_ prefix: String) -> Int? {
        let text = String(decoding: metrics.prometheusText(), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(prefix) }
        return line?.split(separator: " ").last.flatMap { Int($0) }
    }
}

/// A gate that tasks wait at until a test opens it.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var arrivals = 0
    }

    private let state = Mutex(State())
    private let arrived = CountingSemaphore()

    /// Waits until the gate is open.
    func pass() async {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            arrived.signal()
            if goesOn { continuation.resume() }
        }
    }

    /// Blocks the calling thread until a task has come to the gate.
    func awaitArrival() { arrived.wait() }

    /// Lets all go on, from the calling thread.
    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
