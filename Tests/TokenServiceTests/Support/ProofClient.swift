import HTTPServer
import InviteStore
import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

/// A browser with a key: makes a proof for each request, and learns nonces from the answers.
final class ProofClient {
    let service: ServiceHarness
    let signer: DPoPProofSigner
    private(set) var nonce: String?
    private var made = 0

    init(_ service: ServiceHarness, _ algorithm: SignatureAlgorithm = .es256) throws {
        self.service = service
        signer = DPoPProofSigner(key: try SigningKey.generate(algorithm))
    }

    /// What one proof says; each part can be made wrong.
    struct Proof {
        var id: String?
        var method: String?
        var target: String?
        var ahead: Int64 = 0
        /// The token that it is for; nil for none.
        var token: String?
        var nonce: String?
    }

    /// A fresh proof.
    func proof(_ proof: Proof, _ method: HTTPMethod, _ path: String) throws -> String {
        made += 1
        let text = try signer.proof(
            id: proof.id ?? "proof-\(made)-\(signer.thumbprint)",
            method: proof.method ?? method.name,
            target: proof.target ?? ServiceHarness.issuer + path,
            issuedAtSeconds: service.time.now().seconds + proof.ahead,
            tokenHash: proof.token.map { DPoPProof.hash(ofToken: Array($0.utf8)) },
            nonce: proof.nonce ?? nonce
        )
        return String(decoding: text, as: UTF8.self)
    }

    /// Asks the service for a nonce, as the first request does.
    func learnNonce() async throws {
        let answer = await service.redeem("a.b.c", fields: [("DPoP", try proof(Proof(), .post, "/v1/widget/sessions"))])
        learn(answer)
        #expect(answer.code == "use_dpop_nonce" || nonce != nil)
    }

    private func learn(_ answer: Answer) { nonce = answer.response.field("DPoP-Nonce") ?? nonce }

    /// Redeems an invite with a proof, with a second one where the first lacks the nonce.
    func redeem(_ invite: String, more: String = "", fields: [(String, String)] = []) async throws -> Answer {
        func once() async throws -> Answer {
            let field = ("DPoP", try proof(Proof(), .post, "/v1/widget/sessions"))
            let answer = await service.redeem(invite, more: more, fields: fields + [field])
            learn(answer)
            return answer
        }
        let answer = try await once()
        return answer.code == "use_dpop_nonce" ? try await once() : answer
    }

    /// Sends a request with a bound token and its proof.
    func send(
        _ method: HTTPMethod,
        _ path: String,
        token: String,
        _ changed: Proof = Proof(),
        scheme: String = "DPoP",
        fields: [(String, String)] = [],
        body: String? = nil
    ) async throws -> Answer {
        var wanted = changed
        wanted.token = changed.token ?? token
        let field = ("DPoP", try proof(wanted, method, path))
        let answer = await service.send(
            method,
            path,
            body: body,
            fields: fields + [("Authorization", "\(scheme) \(token)"), field]
        )
        learn(answer)
        return answer
    }

    /// Opens a session that is bound to the key, and gives its token.
    func open(_ campaign: String = "camp_456abc", fields: [(String, String)] = []) async throws -> BoundSession {
        let minted = await service.mint(campaign: campaign)
        let invite = try #require(minted["invite_token"])
        let opened = try await redeem(invite, fields: fields)
        return BoundSession(
            inviteID: try #require(minted["id"]),
            invite: invite,
            sessionID: try #require(opened["session_id"], "\(opened.text)"),
            token: try #require(opened["participant_token"]),
            type: try #require(opened["token_type"])
        )
    }
}

/// What opening a session with a key gave.
struct BoundSession {
    let inviteID: String
    let invite: String
    let sessionID: String
    let token: String
    let type: String
}

/// The payload of a token, unverified.
func payload(of token: String) throws -> JSONValue {
    let part = token.split(separator: ".")[1]
    return try JSONDocument(parsing: try #require(Base64URL.decode(String(part)))).root
}
