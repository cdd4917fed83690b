import Foundation
import OpenSSLKit
import Platform
import Testing

@Suite("TLS server context")
struct TLSServerContextTests {
    /// File names of a configuration that must be refused, and what the refusal must say.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let certificate: String
        let key: String
        let words: [String]

        var testDescription: String { "\(certificate) with \(key)" }
    }

    let certificates: TLSCertificates

    init() throws { certificates = try TLSCertificates.shared.get() }

    @Test(
        "A configuration that cannot work is refused with the name of the file",
        arguments: [
            Refusal(certificate: "none.pem", key: "server.key", words: ["none.pem", "No such file"]),
            Refusal(certificate: "server.key", key: "server.key", words: ["certificate file", "server.key"]),
            Refusal(certificate: "server-chain.pem", key: "none.key", words: ["none.key", "No such file"]),
            Refusal(certificate: "server-chain.pem", key: "server.pem", words: ["private key file", "server.pem"]),
            Refusal(certificate: "server-chain.pem", key: "renewed.key", words: ["renewed.key", "does not belong"]),
            Refusal(certificate: "server-chain.pem", key: "rsa.key", words: ["rsa.key", "does not belong"]),
            Refusal(
                certificate: "server-chain.pem",
                key: "encrypted.key",
                words: ["private key file", "encrypted.key"]
            ),
        ]
    )
    func refusesBadFiles(refusal: Refusal) throws {
        let configuration = TLSServerConfiguration(
            certificateFile: certificates.path(refusal.certificate),
            privateKeyFile: certificates.path(refusal.key)
        )
        let error = try #require(throws: TLSError.self) { try TLSServerContext(configuration) }
        #expect(error.kind == .configuration)
        for words in refusal.words { #expect(error.description.contains(words), "\(error)") }
        #expect(!error.description.contains("PRIVATE"))
    }

    @Test("The expiry is the certificate's notAfter")
    func readsExpiry() throws {
        let context = try TLSServerContext(
            TLSServerConfiguration(
                certificateFile: certificates.path("dated.pem"),
                privateKeyFile: certificates.serverKey
            )
        )
        // 2031-02-03T04:05:06Z.
        #expect(context.certificateExpiry == UnixTime(seconds: 1_927_857_906))
    }

    @Test("A session outlives the context it was made with, and a renewed one serves the next")
    func reloads() throws {
        let clientContext = try TLSClientContext(trust: .file(certificates.authority))
        var context: TLSServerContext? = try TLSServerContext(
            TLSServerConfiguration(certificateFile: certificates.server, privateKeyFile: certificates.serverKey)
        )
        weak let old = context
        let begun = try TLSPair(try #require(context), clientContext)
        let renewed = try TLSServerContext(
            TLSServerConfiguration(certificateFile: certificates.renewed, privateKeyFile: certificates.renewedKey)
        )
        context = nil
        #expect(old == nil)
        begun.run()
        #expect(begun.client.isHandshakeComplete && begun.client.send(Array("late".utf8)))
        begun.run()
        #expect(begun.serverPlaintext == Array("late".utf8))
        let next = try TLSPair(renewed, clientContext)
        next.run()
        #expect(next.client.isHandshakeComplete && next.server.isHandshakeComplete)
    }

    @Test("A missing file of trusted certificates is refused with its name")
    func refusesMissingTrust() throws {
        let error = try #require(throws: TLSError.self) {
            try TLSClientContext(trust: .file(certificates.path("nowhere.pem")))
        }
        #expect(error.kind == .configuration && error.description.contains("nowhere.pem"))
    }
}
