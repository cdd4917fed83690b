import Foundation
import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

/// The Python of a virtual environment with PyJWT, joserfc and cryptography; nil where none was named.
private let python = ProcessInfo.processInfo.environment["TOKENSERVICE_TEST_PYTHON"]

@Suite("Interoperability with PyJWT and joserfc", .enabled(if: python != nil), .timeLimit(.minutes(2)))
struct InteropTests {
    private static let type = "participant+jwt"

    /// Runs `Tests/Clients/jose/interop.py` with one JSON text in and one out.
    private func run(_ command: String, _ input: [UInt8], path: String = #filePath) throws -> JSONValue {
        let script = URL(filePath: path).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Clients/jose/interop.py")
        let outcome = try ChildProcess.run([try #require(python), script.path, command], input: input)
        try #require(outcome.isSuccess, "\(String(decoding: outcome.error, as: UTF8.self))")
        return try JSONDocument(parsing: outcome.output).root
    }

    @Test("Both libraries accept our tokens and refuse the bad ones", arguments: SignatureAlgorithm.allCases)
    func othersVerifyOurs(_ algorithm: SignatureAlgorithm) throws {
        let signer = TokenSigner(key: try .generate(algorithm))
        let now = SystemTimeSource().now().seconds
        func claims(_ changes: [(String, String)] = []) -> [UInt8] {
            let all = [
                ("iss", "\"\(TokenFixture.issuer)\""), ("aud", "\"\(TokenFixture.audience)\""), ("sub", "\"sub_é\""),
                ("jti", "\"ptk_1\""), ("iat", "\(now)"), ("nbf", "\(now)"), ("exp", "\(now + 600)"),
            ].map { claim in changes.first { $0.0 == claim.0 } ?? claim }
            return Array(("{" + all.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}").utf8)
        }
        let stranger = TokenSigner(key: try .generate(algorithm))
        let good = try (0..<20).map { _ in try signer.sign(type: Self.type, payload: claims()) }
        let bad = try [
            signer.sign(type: "invite+jwt", payload: claims()),
            signer.sign(type: Self.type, payload: claims([("exp", "\(now - 100)")])),
            signer.sign(type: Self.type, payload: claims([("aud", "\"other\"")])),
            stranger.sign(type: Self.type, payload: claims()),
            String(good[0].prefix(upTo: good[0].lastIndex(of: ".") ?? good[0].endIndex))
                + "." + String(good[1].split(separator: ".")[2]).replacingFirstCharacter,
        ]
        var request = JSONWriter()
        request.beginObject()
        request.member("jwks", raw: JWKSet(keys: [signer.jwk]).serialized())
        request.member("issuer", TokenFixture.issuer)
        request.member("audience", TokenFixture.audience)
        request.member("type", Self.type)
        request.member("tokens", good + bad)
        request.endObject()
        let answer = try run("verify", request.bytes)
        #expect(answer["thumbprints"]?[signer.keyID]?.string == signer.keyID)
        let results = try #require(answer["results"]).elements
        try #require(results.count == good.count + bad.count)
        for (index, result) in results.enumerated() {
            for library in ["pyjwt", "joserfc"] {
                let claims = try #require(result[library])
                let isAccepted = claims.kind == .object
                #expect(
                    isAccepted == (index < good.count),
                    "\(library), token \(index): \(claims.string ?? "accepted")"
                )
                if isAccepted { #expect(claims["sub"]?.string == "sub_é" && claims["exp"]?.integer == now + 600) }
            }
        }
    }

    @Test("We accept the tokens of both libraries and refuse the bad ones", arguments: SignatureAlgorithm.allCases)
    func weVerifyOthers(_ algorithm: SignatureAlgorithm) throws {
        let now = SystemTimeSource().now()
        var request = JSONWriter()
        request.beginObject()
        request.member("issuer", TokenFixture.issuer)
        request.member("audience", TokenFixture.audience)
        request.member("type", Self.type)
        request.member("algorithm", algorithm.rawValue)
        request.member("now", now.seconds)
        request.endObject()
        let answer = try run("issue", request.bytes)
        let set = try JWKSet(parsing: #require(answer["jwks"]))
        let key = try #require(set.keys.first)
        #expect(key.keyID == key.thumbprint && key.algorithm == algorithm)
        let verifier = TokenVerifier(keys: set.keys.map(\.key), issuer: TokenFixture.issuer)
        let tokens = try #require(answer["tokens"]).elements
        #expect(tokens.count == (algorithm == .es256 ? 16 : 14))
        for entry in tokens {
            let token = try #require(entry["token"]?.string)
            let comment = "\(entry["library"]?.string ?? ""), \(entry["why"]?.string ?? "")"
            var fault: TokenError?
            do throws(TokenError) {
                let verified = try verifier.verify(
                    token,
                    type: Self.type,
                    audience: TokenFixture.audience,
                    now: now
                )
                #expect(verified.subject == "sub_interop é" && verified.tokenID == "ptk_interop")
            } catch {
                fault = error
            }
            #expect(
                (fault == nil) == (entry["good"]?.boolean == true),
                "\(comment): \(fault?.description ?? "accepted")"
            )
        }
    }
}

extension String {
    /// The text with another character of the alphabet in the first place.
    fileprivate var replacingFirstCharacter: String { (hasPrefix("A") ? "B" : "A") + dropFirst() }
}
