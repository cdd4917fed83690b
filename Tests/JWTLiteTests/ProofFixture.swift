import JWTLite
import OpenSSLKit
import Platform
import Testing

/// A key and ways to make proofs that are good but for one thing.
struct ProofFixture {
    static let now = UnixTime(seconds: 1_800_000_000)
    static let target = "https://tokens.example/v1/widget/session"
    static let token = Array("header.payload.signature".utf8)

    let key: SigningKey
    let signer: DPoPProofSigner

    init(_ algorithm: SignatureAlgorithm = .es256) throws {
        key = try SigningKey.generate(algorithm)
        signer = DPoPProofSigner(key: key)
    }

    /// The public key as JSON, with any members put before its end.
    func jwk(_ more: String = "") -> String {
        let x = Base64URL.encodeToString(key.verifyingKey.x)
        guard let y = key.verifyingKey.y.map(Base64URL.encodeToString) else {
            return #"{"kty":"OKP","crv":"Ed25519","x":"\#(x)"\#(more)}"#
        }
        return #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)"\#(more)}"#
    }

    var header: String { #"{"typ":"dpop+jwt","alg":"\#(key.algorithm.rawValue)","jwk":\#(jwk())}"# }

    static let hash = String(decoding: DPoPProof.hash(ofToken: token), as: UTF8.self)

    /// The members of a good payload, name to JSON text, in order.
    static let claims: [(name: String, json: String)] = [
        ("jti", #""proof-1""#), ("htm", #""GET""#), ("htu", "\"\(target)\""), ("iat", "1799999990"),
        ("ath", "\"\(hash)\""), ("nonce", #""n""#),
    ]

    /// A good payload with one member set to other JSON text, or left out for nil.
    static func payload(_ name: String? = nil, _ json: String? = nil) -> String {
        var members = claims.map { ($0.name, $0.name == name ? json : $0.json) }
        if let name, !claims.contains(where: { $0.name == name }) { members.append((name, json)) }
        return "{" + members.compactMap { name, json in json.map { "\"\(name)\":\($0)" } }.joined(separator: ",") + "}"
    }

    /// A proof with these texts, signed properly.
    func proof(header: String? = nil, payload: String = Self.payload()) throws -> String {
        let text = try signer.sign(header: Array((header ?? self.header).utf8), payload: Array(payload.utf8))
        return String(decoding: text, as: UTF8.self)
    }

    static func expectation(
        method: String = "GET",
        bases: [String] = ["https://other.example", "https://tokens.example"],
        path: String = "/v1/widget/session",
        token: [UInt8]? = Self.token
    ) throws -> DPoPExpectation {
        DPoPExpectation(
            method: method,
            bases: bases.compactMap(TargetURI.base),
            path: try #require(TargetURI.path(path)),
            tokenHash: token.map(DPoPProof.hash),
            now: now,
            ageSecondsMax: 240,
            aheadSecondsMax: 30
        )
    }

    /// The fault that is found in a proof; nil where there is none.
    static func fault(_ text: String, _ expected: DPoPExpectation) -> DPoPError? {
        do throws(DPoPError) {
            let proof = try DPoPProof(parsing: Array(text.utf8))
            try proof.check(expected)
            try proof.checkSignature()
            return nil
        } catch {
            return error
        }
    }
}
