import Foundation
import HTTPServer
import OpenSSLKit
import Platform
import TestSupport
import Testing

private let get = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"

/// A certificate for localhost with its key, made by the openssl command, in a directory of its own.
final class TestCertificate {
    let configuration: TLSServerConfiguration
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "http-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        configuration = TLSServerConfiguration(
            certificateFile: directory.appending(path: "tls.pem").path,
            privateKeyFile: directory.appending(path: "tls.key").path
        )
        try renew()
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// Puts another certificate and key in place.
    func renew() throws {
        let outcome = try ChildProcess.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", configuration.privateKeyFile, "-out", configuration.certificateFile,
        ])
        guard outcome.isSuccess else { throw TestClient.Failure(text: "openssl req") }
    }

    func spoil() throws {
        try "no certificate".write(toFile: configuration.certificateFile, atomically: true, encoding: .utf8)
    }
}

/// A client that speaks TLS over a ``TestClient``.
final class SecureClient {
    let client: TestClient
    private let session: TLSSession
    private var plaintext: [UInt8] = []
    private var hasEnded = false

    init(_ address: SocketAddress, trusting certificateFile: String) throws {
        client = try TestClient(address)
        let context = try TLSClientContext(trust: .file(certificateFile))
        session = try TLSSession(client: context, host: "localhost")
        try crank([])
        while !session.isHandshakeComplete { try crank(try client.receive()) }
    }

    /// Sends requests and reads until so many plaintext bytes are there.
    func ask(_ text: String, responseBytes: Int) throws -> String {
        _ = session.send(Array(text.utf8))
        try flush()
        while plaintext.count < responseBytes { try crank(try client.receive()) }
        defer { plaintext = [] }
        return String(decoding: plaintext, as: UTF8.self)
    }

    func send(_ text: String) throws {
        _ = session.send(Array(text.utf8))
        try flush()
    }

    /// Reads until a text has come so often.
    func receive(until text: String, count: Int) throws -> String {
        while true {
            let all = String(decoding: plaintext, as: UTF8.self)
            // Long texts are looked for only where there are enough bytes for them.
            let isLongEnough = plaintext.count >= count * text.utf8.count
            if isLongEnough, all.components(separatedBy: text).count > count { return all }
            try crank(try client.receive())
        }
    }

    /// Says that no more will be sent.
    func end() throws {
        session.shutdown()
        try flush()
    }

    /// Whether the server says close_notify.
    func isEnded() throws -> Bool {
        while !hasEnded {
            let bytes = try client.receive()
            if bytes.isEmpty { return false }
            try crank(bytes)
        }
        return true
    }

    private func crank(_ bytes: [UInt8]) throws {
        switch session.advance(bytes, into: &plaintext, bytesMax: 8 << 20) {
        case .failed(let error): throw error
        case .closed: hasEnded = true
        case .needsMoreInput, .outputFull: break
        }
        if !hasEnded { try flush() }
    }

    private func flush() throws {
        var bytes: [UInt8] = []
        session.takeCiphertext(into: &bytes)
        if !bytes.isEmpty { try client.send(bytes) }
    }
}

@Suite("Serving over TLS")
struct ServerTLSTests {
    private let certificate: TestCertificate

    init() throws { certificate = try TestCertificate() }

    private func serve(
        _ responder: TestResponder = TestResponder { .now(TestResponder.text("\($0.path) \($0.isSecure)")) },
        change: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) throws -> ServerFixture {
        try ServerFixture(responder) {
            $0.tls = certificate.configuration
            change(&$0)
        }
    }

    private func connect(_ fixture: ServerFixture) throws -> SecureClient {
        try SecureClient(fixture.address, trusting: certificate.configuration.certificateFile)
    }

    @Test("Long answers come whole and in their order over TLS")
    func longAnswers() throws {
        let long = String(repeating: "0123456789abcdef", count: 40_000)
        let fixture = try serve(TestResponder { .now(TestResponder.text($0.path == "/a" ? long : $0.path)) })
        let client = try connect(fixture)
        let short = "GET /short HTTP/1.1\r\nHost: localhost\r\n\r\n"
        try client.send(get + short + get)
        var rest = Substring(try client.receive(until: "\r\n\r\n" + long, count: 2))
        for body in [long, "/short", long] {
            let end = try #require(rest.firstRange(of: "\r\n\r\n"))
            #expect(rest[..<end.lowerBound].contains("Content-Length: \(body.utf8.count)"))
            rest = rest[end.upperBound...]
            #expect(rest.hasPrefix(body))
            rest = rest.dropFirst(body.count)
        }
        #expect(rest.isEmpty)
    }

    @Test("Requests are served over TLS, alone and pipelined")
    func requests() throws {
        let fixture = try serve()
        let client = try connect(fixture)
        let one = try client.ask(get, responseBytes: 100)
        #expect(one.hasPrefix("HTTP/1.1 200 OK\r\n") && one.hasSuffix("/a true"))
        let many = try client.ask(String(repeating: get, count: 300), responseBytes: one.utf8.count * 300)
        #expect(many.components(separatedBy: "/a true").count == 301)
    }

    @Test("A great body and a great answer pass in many records")
    func greatMessages() throws {
        let fixture = try serve(TestResponder { .now(HTTPResponse(status: 200, body: $0.body + $0.body)) })
        let client = try connect(fixture)
        let body = String(repeating: "0123456789abcdef", count: 1 << 16)
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        let answer = try client.ask(head + body, responseBytes: body.utf8.count * 2 + 80)
        #expect(answer.hasSuffix(body + body))
    }

    @Test("A task's answer goes out encrypted like any other")
    func later() throws {
        let gate = Gate()
        let fixture = try serve(
            TestResponder { _ in
                .later {
                    await gate.pass()
                    return TestResponder.text("later")
                }
            }
        )
        let client = try connect(fixture)
        DispatchQueue.global().async {
            gate.awaitArrival()
            gate.open()
        }
        #expect(try client.ask(get, responseBytes: 90).hasSuffix("later"))
    }

    @Test("The end is said with close_notify, whoever begins it")
    func ends() throws {
        let fixture = try serve()
        let ours = try connect(fixture)
        let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        #expect(try ours.ask(last, responseBytes: 100).contains("Connection: close"))
        #expect(try ours.isEnded())
        let theirs = try connect(fixture)
        _ = try theirs.ask(get, responseBytes: 100)
        try theirs.end()
        #expect(try theirs.isEnded())
    }

    @Test("New connections get the new certificate, old ones go on; a bad one is not taken")
    func reload() throws {
        let fixture = try serve()
        let before = try connect(fixture)
        _ = try before.ask(get, responseBytes: 100)
        let oldFile = certificate.configuration.certificateFile + ".old"
        try FileManager.default.copyItem(atPath: certificate.configuration.certificateFile, toPath: oldFile)

        try certificate.renew()
        try fixture.server.reloadTLS()
        #expect(throws: TLSError.self) { try SecureClient(fixture.address, trusting: oldFile) }
        _ = try connect(fixture).ask(get, responseBytes: 100)
        _ = try before.ask(get, responseBytes: 100)

        let newFile = certificate.configuration.certificateFile + ".new"
        try FileManager.default.copyItem(atPath: certificate.configuration.certificateFile, toPath: newFile)
        try certificate.spoil()
        #expect(throws: TLSError.self) { try fixture.server.reloadTLS() }
        _ = try SecureClient(fixture.address, trusting: newFile).ask(get, responseBytes: 100)
    }

    @Test("A server with files that are no good does not start")
    func badFiles() throws {
        try certificate.spoil()
        #expect(throws: TLSError.self) { try serve() }
    }

    @Test("A handshake that does not come is cut at its deadline")
    func slowHandshake() throws {
        let fixture = try serve { $0.limits.handshakeMilliseconds = 60 }
        let client = try TestClient(fixture.address)
        try client.send([0x16, 0x03, 0x01])
        #expect(client.isClosed())
        #expect(fixture.metric("http_deadlines_total{deadline=\"handshake\"") == 1)
    }

    @Test("Plain HTTP on the TLS port gets an alert at most, and is counted")
    func plain() throws {
        let fixture = try serve()
        let client = try TestClient(fixture.address)
        try client.send(get)
        #expect(!client.rest().contains("HTTP/1.1 200"))
        #expect(fixture.metric("http_tls_handshake_failures_total") == 1)
        _ = try connect(fixture).ask(get, responseBytes: 100)
    }

    @Test("A drained server answers what has begun over TLS too")
    func drain() async throws {
        let fixture = try serve()
        let client = try connect(fixture)
        _ = try client.ask(get, responseBytes: 100)
        await fixture.server.drain(deadlineMilliseconds: 8000)
        #expect(try client.isEnded())
    }
}
