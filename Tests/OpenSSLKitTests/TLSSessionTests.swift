import OpenSSLKit
import Testing

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
    }
}
