import OpenSSLKit
import Platform
import TestSupport
import Testing

@Suite("TLS client connection")
struct TLSClientConnectionTests {
    let certificates: TLSCertificates
    let serverContext: TLSServerContext
    let clientContext: TLSClientContext
    let clock = SystemTimeSource()

    init() throws {
        certificates = try TLSCertificates.shared.get()
        serverContext = try TLSServerContext(
            TLSServerConfiguration(certificateFile: certificates.server, privateKeyFile: certificates.serverKey)
        )
        clientContext = try TLSClientContext(trust: .file(certificates.authority))
    }

    private func connect(_ ending: TLSSocketPeer.Ending, host: String = "localhost") throws -> TLSClientConnection {
        let pair = try TLSSocketPeer.socketPair()
        TLSSocketPeer.serve(pair.server, serverContext, ending)
        return try TLSClientConnection(
            owning: FileDescriptor(owning: pair.client),
            context: clientContext,
            host: host,
            deadline: clock.monotonicNow().adding(milliseconds: 20_000),
            clock: clock
        )
    }

    @Test("What is written comes back from an echo, however long, and close_notify ends it")
    func echoes() throws {
        let connection = try connect(.closeNotify)
        for count in [1, 100, 70_000] {
            let message = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try connection.write(message)
            var answer: [UInt8] = []
            while answer.count < count {
                let read = try connection.read(into: &answer, bytesMax: 1000)
                try #require(read > 0 && read <= 1000)
            }
            #expect(answer == message)
        }
        connection.close()
        var rest: [UInt8] = []
        #expect(try connection.read(into: &rest, bytesMax: 10) == 0)
        #expect(throws: TLSError.self) { try connection.write([1]) }
    }

    @Test("A socket that ends without close_notify is an error, after the bytes before it")
    func noticesTruncation() throws {
        let connection = try connect(.cut)
        try connection.write(Array("one".utf8))
        var answer: [UInt8] = []
        while answer.count < 3 { try #require(try connection.read(into: &answer, bytesMax: 10) > 0) }
        let error = try #require(throws: TLSError.self) { try connection.read(into: &answer, bytesMax: 10) }
        #expect(error.kind == .connection)
        #expect(answer == Array("one".utf8))
    }

    @Test("A certificate for another host is refused in words")
    func refusesOtherHost() throws {
        let error = try #require(throws: TLSError.self) { try connect(.closeNotify, host: "other.test") }
        #expect(error.kind == .untrustedPeer)
        #expect(error.description.hasPrefix("certificate of the server: "))
    }

    @Test("A silent server ends at the deadline")
    func obeysDeadline() throws {
        let pair = try TLSSocketPeer.socketPair()
        let silent = FileDescriptor(owning: pair.server)
        let manual = ManualTimeSource()
        let error = try #require(throws: TLSError.self) {
            try TLSClientConnection(
                owning: FileDescriptor(owning: pair.client),
                context: clientContext,
                host: "localhost",
                deadline: manual.monotonicNow(),
                clock: manual
            )
        }
        #expect(error.kind == .deadline)
        #expect(silent.rawValue >= 0)
    }

    @Test("A server that hangs up during the handshake is told apart")
    func noticesHangUp() throws {
        let pair = try TLSSocketPeer.socketPair()
        _ = FileDescriptor(owning: pair.server)
        let error = try #require(throws: TLSError.self) {
            try TLSClientConnection(
                owning: FileDescriptor(owning: pair.client),
                context: clientContext,
                host: "localhost",
                deadline: clock.monotonicNow().adding(milliseconds: 20_000),
                clock: clock
            )
        }
        #expect(error.kind == .connection)
    }
}
