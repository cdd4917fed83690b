import Platform
import TestSupport
import Testing

@testable import OpenSSLKit

@Suite("TLS session")
struct TLSSessionTests {
    let certificates: TLSCertificates
    let serverContext: TLSServerContext
    let clientContext: TLSClientContext

    init() throws {
        certificates = try TLSCertificates.shared.get()
        serverContext = try TLSServerContext(
            TLSServerConfiguration(certificateFile: certificates.server, privateKeyFile: certificates.serverKey)
        )
        clientContext = try TLSClientContext(trust: .file(certificates.authority))
    }

    @Test("A handshake completes and carries bytes both ways, however the stream is cut", arguments: [1, 2, 7, .max])
    func carriesBothWays(pieceBytes: Int) throws {
        let pair = try TLSPair(serverContext, clientContext)
        #expect(!pair.server.send([1]))
        pair.run(pieceBytes: pieceBytes)
        #expect(pair.client.isHandshakeComplete && pair.server.isHandshakeComplete)
        #expect(pair.server.protocolVersion == "TLSv1.3")
        let question = [UInt8](repeating: 0x61, count: 40_000)
        let answer = [UInt8](repeating: 0x62, count: 50_000)
        #expect(pair.client.send(question))
        #expect(pair.server.send(answer))
        pair.run(pieceBytes: pieceBytes)
        #expect(pair.serverPlaintext == question)
        #expect(pair.clientPlaintext == answer)
        #expect(pair.serverProgress == .needsMoreInput)
        #expect(!pair.server.hasCiphertext)
    }

    @Test("A hello cut in two at any byte is answered like a whole one, and nothing is set up for its first part")
    func takesEveryCut() throws {
        let hello = TLSClientHello().record
        for cut in 1..<hello.count {
            let session = TLSSession(server: serverContext)
            var plaintext: [UInt8] = []
            #expect(session.advance(Array(hello[..<cut]), into: &plaintext, bytesMax: 1) == .needsMoreInput)
            #expect(!session.hasCiphertext && !session.isEngaged)
            #expect(session.advance(Array(hello[cut...]), into: &plaintext, bytesMax: 1) == .needsMoreInput)
            #expect(Self.firstByte(session) == 22)
        }
    }

    @Test(
        "A hello without common ground ends with the alert the RFC names",
        arguments: [
            (TLSClientHello(label: "TLS 1.1", version: 0x0302), 70),
            (TLSClientHello(label: "TLS 1.0", version: 0x0301), 70),
            // SSL 3 has no better word (RFC 6101 section 5.4.2).
            (TLSClientHello(label: "SSL 3", version: 0x0300), 40),
            (TLSClientHello(label: "ECDHE with CBC and SHA-1", suites: [0xC009]), 40),
            (TLSClientHello(label: "ECDHE with CBC and SHA-256", suites: [0xC023]), 40),
            (TLSClientHello(label: "RSA key transport", suites: [0x009C, 0x002F]), 40),
            (TLSClientHello(label: "DHE", suites: [0x009E]), 40),
            (TLSClientHello(label: "ECDHE-ECDSA with CCM", suites: [0xC0AC]), 40),
            (TLSClientHello(label: "P-384 alone", groups: [0x0018]), 40),
            (TLSClientHello(label: "ALPN h2", protocols: ["h2"]), 120),
            (TLSClientHello(label: "ALPN http/1.0", protocols: ["http/1.0"]), 120),
            (TLSClientHello(label: "ALPN http/1.1x", protocols: ["http/1.1x", "ttp/1.1"]), 120),
        ] as [(TLSClientHello, UInt8)]
    )
    func refusesHello(hello: TLSClientHello, alert: UInt8) throws {
        let session = TLSSession(server: serverContext)
        var plaintext: [UInt8] = []
        guard case .failed(let error) = session.advance(hello.record, into: &plaintext, bytesMax: 1) else {
            Issue.record("the handshake goes on")
            return
        }
        #expect(error.kind == .handshake)
        var answer: [UInt8] = []
        session.takeCiphertext(into: &answer)
        // A record of type alert with two bytes: fatal, and the reason (RFC 8446 section 6).
        #expect(answer.count == 7 && answer.first == 21 && answer.suffix(2) == [2, alert], "\(answer)")
        #expect(session.advance(hello.record, into: &plaintext, bytesMax: 1) == .failed(error))
    }

    @Test(
        "A hello with common ground is answered with a ServerHello",
        arguments: [
            TLSClientHello(),
            TLSClientHello(label: "AES-256", suites: [0xC02C]),
            TLSClientHello(label: "ChaCha20", suites: [0xCCA9]),
            TLSClientHello(label: "CBC first", suites: [0xC009, 0xC02B]),
            TLSClientHello(label: "P-256 alone", groups: [0x0017]),
            TLSClientHello(label: "ALPN http/1.1", protocols: ["http/1.1"]),
            TLSClientHello(label: "ALPN h2, then http/1.1", protocols: ["h2", "http/1.1"]),
        ]
    )
    func acceptsHello(hello: TLSClientHello) throws {
        let session = TLSSession(server: serverContext)
        var plaintext: [UInt8] = []
        #expect(session.advance(hello.record, into: &plaintext, bytesMax: 1) == .needsMoreInput)
        #expect(Self.firstByte(session) == 22)
    }

    @Test("Plaintext stops at the limit and goes on with no new ciphertext")
    func stopsAtLimit() throws {
        let pair = try TLSPair(serverContext, clientContext)
        pair.run()
        let message = (0..<20_000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(pair.client.send(message))
        var ciphertext: [UInt8] = []
        pair.client.takeCiphertext(into: &ciphertext)
        var plaintext: [UInt8] = [9]
        #expect(pair.server.advance(ciphertext, into: &plaintext, bytesMax: 999) == .outputFull)
        #expect(plaintext.count == 1000)
        var turns = 1
        while pair.server.advance([], into: &plaintext, bytesMax: 999) == .outputFull { turns += 1 }
        #expect(turns == 20)
        #expect(plaintext == [9] + message)
    }

    @Test("close_notify ends one direction and leaves the other open")
    func closesOneDirection() throws {
        let pair = try TLSPair(serverContext, clientContext)
        pair.server.shutdown()
        #expect(!pair.server.hasCiphertext)
        pair.run()
        #expect(pair.client.send(Array("last".utf8)))
        pair.client.shutdown()
        #expect(!pair.client.send([1]))
        pair.run()
        #expect(pair.serverPlaintext == Array("last".utf8))
        #expect(pair.serverProgress == .closed)
        #expect(pair.server.advance([1, 2, 3], into: &pair.serverPlaintext, bytesMax: 9) == .closed)
        #expect(pair.server.send(Array("answer".utf8)))
        pair.server.shutdown()
        pair.run()
        #expect(pair.clientPlaintext == Array("answer".utf8))
        #expect(pair.clientProgress == .closed)
        pair.server.shutdown()
        #expect(!pair.server.hasCiphertext)
    }

    @Test("Bytes that are not TLS fail at once", arguments: ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\0\0\0\0\0\0\0\0"])
    func refusesOtherProtocols(text: String) throws {
        let session = TLSSession(server: serverContext)
        var plaintext: [UInt8] = []
        guard case .failed(let error) = session.advance(Array(text.utf8), into: &plaintext, bytesMax: 9) else {
            Issue.record("taken for TLS")
            return
        }
        #expect(error.kind == .handshake)
        #expect(plaintext.isEmpty && !session.isHandshakeComplete && !session.send([1]))
    }

    @Test(
        "What can not be the first record is refused as soon as its header is there",
        arguments: [[23, 3, 1, 0, 9], [22, 3, 1, 0xFF, 0xFF]]
    )
    func refusesHeaders(header: [UInt8]) {
        let session = TLSSession(server: serverContext)
        var plaintext: [UInt8] = []
        for byte in header { _ = session.advance([byte], into: &plaintext, bytesMax: 1) }
        // OpenSSL takes a few bytes more to be sure.
        guard case .failed = session.advance([UInt8](repeating: 0, count: 16), into: &plaintext, bytesMax: 1) else {
            Issue.record("waits for more")
            return
        }
    }

    @Test("Random bytes never complete a handshake and never yield plaintext")
    func survivesNoise() throws {
        let random = SeededRandomSource(seed: 7)
        for round in 0..<500 {
            let session = TLSSession(server: serverContext)
            var noise = random.bytes(round % 97 + 1)
            // Half of the rounds look like a handshake record, so that the noise gets further.
            if round % 2 == 0 { noise = [22, 3, 1, 0, UInt8(noise.count)] + noise }
            var plaintext: [UInt8] = []
            _ = session.advance(noise, into: &plaintext, bytesMax: 64)
            _ = session.advance(noise, into: &plaintext, bytesMax: 64)
            #expect(plaintext.isEmpty && !session.isHandshakeComplete)
        }
    }

    @Test("A flipped bit in an application record fails the session and yields nothing")
    func refusesFlippedBits() throws {
        for bit in [0, 45, 60, 90, 130] {
            let pair = try TLSPair(serverContext, clientContext)
            pair.run()
            #expect(pair.client.send(Array("0123456789".utf8)))
            var ciphertext: [UInt8] = []
            pair.client.takeCiphertext(into: &ciphertext)
            ciphertext[bit / 8] ^= 1 << (bit % 8)
            guard case .failed(let error) = pair.server.advance(ciphertext, into: &pair.serverPlaintext, bytesMax: 99)
            else {
                Issue.record("bit \(bit) went through")
                continue
            }
            #expect(error.kind == .protocolViolation)
            #expect(pair.serverPlaintext.isEmpty && !pair.server.send([1]))
            #expect(pair.server.hasCiphertext)
        }
    }

    @Test("A peer that is not through the handshake after 64 KiB is refused")
    func boundsHandshake() throws {
        let session = TLSSession(server: serverContext)
        var plaintext: [UInt8] = []
        let fragment = [22, 3, 1, 0x40, 0] + [UInt8](repeating: 0, count: 0x4000)
        // Announces a hello of 131,072 bytes.
        var first = fragment
        first.replaceSubrange(5..<9, with: [1, 2, 0, 0])
        #expect(session.advance(first, into: &plaintext, bytesMax: 1) == .needsMoreInput)
        #expect(session.advance(fragment, into: &plaintext, bytesMax: 1) == .needsMoreInput)
        #expect(session.advance(fragment, into: &plaintext, bytesMax: 1) == .needsMoreInput)
        guard case .failed(let error) = session.advance(fragment, into: &plaintext, bytesMax: 1) else {
            Issue.record("still patient")
            return
        }
        #expect(error.description.contains("65536"))
    }

    @Test(
        "A client takes a certificate for its host only",
        arguments: [
            ("localhost", true), ("example.test", true), ("127.0.0.1", true), ("[::1]", true), ("::1", true),
            ("server.test", false), ("www.example.test", false), ("127.0.0.2", false), ("::2", false),
        ]
    )
    func checksHost(host: String, isTaken: Bool) throws {
        let pair = try TLSPair(serverContext, clientContext, host: host)
        pair.run()
        #expect(pair.client.isHandshakeComplete == isTaken)
        if !isTaken {
            guard case .failed(let error) = pair.clientProgress else {
                Issue.record("no failure")
                return
            }
            #expect(error.kind == .untrustedPeer && error.description.contains("mismatch"), "\(error)")
            guard case .failed = pair.serverProgress else {
                Issue.record("the server did not hear of it")
                return
            }
        }
    }

    @Test("A client refuses a certificate of an unknown authority, and the system's store knows none of ours")
    func checksAuthority() throws {
        for trust in [TLSClientContext.Trust.system, .file(certificates.path("stranger.pem"))] {
            let pair = try TLSPair(serverContext, TLSClientContext(trust: trust))
            pair.run()
            guard case .failed(let error) = pair.clientProgress else {
                Issue.record("trusted")
                continue
            }
            #expect(error.kind == .untrustedPeer)
            #expect(!pair.client.isHandshakeComplete && !pair.server.isHandshakeComplete)
        }
    }

    @Test("A host that is no name is refused", arguments: ["", "[]", "a\0b", String(repeating: "a", count: 256)])
    func refusesOddHost(host: String) throws {
        #expect(throws: TLSError.self) { try TLSSession(client: clientContext, host: host) }
    }

    private static func firstByte(_ session: TLSSession) -> UInt8? {
        var bytes: [UInt8] = []
        session.takeCiphertext(into: &bytes)
        return bytes.first
    }
}
