import HTTPServer
import InviteStore
import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Tokens that are bound to a key (DPoP)")
struct BoundTokenTests {
    static let read = "/v1/widget/session"
    static let renew = "/v1/widget/session/renew"
    static let exchange = "/v1/widget/sessions"
    static let origin = "https://app.example.com"
    static let evil = "https://evil.example/v1/widget/sessions"

    // MARK: The exchange

    @Test(
        "The exchange binds the session before its first token leaves",
        arguments: [SignatureAlgorithm.es256, .edDSA]
    )
    func exchanged(algorithm: SignatureAlgorithm) async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service, algorithm)
        let session = try await client.open()
        #expect(session.type == "DPoP")
        #expect(try payload(of: session.token)["cnf"]?["jkt"]?.string == client.signer.thumbprint)
        let read = try await client.send(.get, Self.read, token: session.token)
        #expect(read.status == 200, "\(read.text)")
        #expect(read["session_id"] == session.sessionID)
    }

    @Test("A proof without our nonce is told the nonce, and is no try at the invite")
    func nonceDance() async throws {
        let service = try await ServiceHarness(addressLimit: 3)
        let client = try ProofClient(service)
        let invite = try #require(await service.mint()["invite_token"])
        for _ in 0..<10 {
            let proof = try client.proof(ProofClient.Proof(), .post, Self.exchange)
            let answer = await service.redeem(invite, fields: [("DPoP", proof), ("Origin", Self.origin)])
            #expect(answer.status == 401)
            #expect(answer.code == "use_dpop_nonce")
            #expect(
                answer.response.field("WWW-Authenticate")
                    == #"DPoP realm="token-service", error="use_dpop_nonce", algs="ES256 EdDSA""#
            )
            #expect(answer.response.field("DPoP-Nonce")?.utf8.count == 22)
            let exposed = answer.response.field("Access-Control-Expose-Headers") ?? ""
            #expect(exposed.contains("DPoP-Nonce"))
            #expect(exposed.contains("Date"))
        }
        #expect(try await client.redeem(invite).status == 201)
        let preflight = await service.send(.options, Self.exchange)
        #expect(preflight.response.field("Access-Control-Allow-Headers")?.contains("DPoP") == true)
    }

    @Test("The same key asking again within 60 s gets the same session; another key, and none, gets 409")
    func holder() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let other = try ProofClient(service)
        let nonce = #","holder_nonce":"\#(SessionTests.nonce)""#
        let minted = await service.mint()
        let invite = try #require(minted["invite_token"])
        let first = try await client.redeem(invite, more: nonce)
        #expect(first.status == 201)
        let again = try await client.redeem(invite, more: nonce)
        #expect(again.status == 200, "\(again.text)")
        #expect(again["session_id"] == first["session_id"])
        #expect(again["token_type"] == "DPoP")
        let token = try #require(again["participant_token"])
        #expect(try payload(of: token)["cnf"]?["jkt"]?.string == client.signer.thumbprint)
        #expect(try await client.redeem(invite).status == 200, "the key alone is the proof")
        #expect(try await other.redeem(invite, more: nonce).code == "invite_used", "the same nonce with another key")
        #expect(await service.redeem(invite, more: nonce).code == "invite_used", "the same nonce without the key")
        #expect(await service.admin(.get, "/v1/invites/\(try #require(minted["id"]))").json?["uses"]?.integer == 1)
        service.time.advance(seconds: 60)
        #expect(try await client.redeem(invite).code == "invite_used")
    }

    @Test("What was opened without a key is never bound later")
    func neverLater() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let nonce = #","holder_nonce":"\#(SessionTests.nonce)""#
        let invite = try #require(await service.mint()["invite_token"])
        let opened = await service.redeem(invite, more: nonce)
        let token = try #require(opened["participant_token"])
        #expect(opened["token_type"] == "Bearer")
        #expect(try await client.redeem(invite, more: nonce).code == "invite_used")
        let renewed = try await client.send(.post, Self.renew, token: token, scheme: "Bearer")
        #expect(renewed["token_type"] == "Bearer", "\(renewed.text)")
        #expect(try payload(of: try #require(renewed["participant_token"]))["cnf"] == nil)
        for path in [Self.read] {
            let answer = try await client.send(.get, path, token: token)
            #expect(answer.status == 401, "an unbound token under the scheme DPoP")
            #expect(answer.code == "invalid_token")
        }
    }

    @Test("A bad proof opens nothing and uses nothing")
    func badProof() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let minted = await service.mint()
        let invite = try #require(minted["invite_token"])
        try await client.learnNonce()
        let good = try client.proof(ProofClient.Proof(), .post, Self.exchange)
        let signature = try #require(good.split(separator: ".").last)
        let rows: [(String, [String])] = [
            ("empty", [""]), ("two fields", [good, good]), ("no proof", ["x"]),
            ("another method", [try client.proof(ProofClient.Proof(method: "GET"), .post, Self.exchange)]),
            ("another path", [try client.proof(ProofClient.Proof(), .post, Self.renew)]),
            ("another host", [try client.proof(ProofClient.Proof(target: Self.evil), .post, "")]),
            ("old", [try client.proof(ProofClient.Proof(ahead: -241), .post, Self.exchange)]),
            ("ahead", [try client.proof(ProofClient.Proof(ahead: 31), .post, Self.exchange)]),
            ("with a token's hash", [try client.proof(ProofClient.Proof(token: "a.b.c"), .post, Self.exchange)]),
            ("no signature", [good.replacing(signature, with: String(repeating: "A", count: 86))]),
            ("huge", [String(repeating: "A", count: 5000)]),
        ]
        for (name, proofs) in rows {
            let answer = await service.redeem(invite, fields: proofs.map { ("DPoP", $0) })
            #expect(answer.status == 401, "\(name): \(answer.text)")
            #expect(answer.code == "invalid_dpop_proof", "\(name)")
            #expect(answer.response.field("WWW-Authenticate")?.contains(#"error="invalid_dpop_proof""#) == true)
            #expect(answer.response.field("DPoP-Nonce") == nil)
        }
        #expect(await service.admin(.get, "/v1/invites/\(try #require(minted["id"]))").json?["uses"]?.integer == 0)
        #expect(await service.redeem(invite, fields: [("DPoP", good)]).status == 201, "and the good one is good")
        #expect(await service.redeem(invite, fields: [("DPoP", good)]).code == "invalid_dpop_proof", "once")
    }

    // MARK: Presenting

    /// One way to present a bound token badly.
    struct Theft: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        let send: @Sendable (Scene) async throws -> Answer
    }

    /// What a thief finds.
    struct Scene {
        let service: ServiceHarness
        let owner: ProofClient
        let thief: ProofClient
        let token: String
        let method: HTTPMethod
        let path: String
    }

    static let thefts: [Theft] = [
        Theft(testDescription: "as a bearer token", code: "invalid_token") { scene in
            await scene.service.send(scene.method, scene.path, token: scene.token)
        },
        Theft(testDescription: "as a bearer token, with the owner's proof", code: "invalid_token") { scene in
            try await scene.owner.send(scene.method, scene.path, token: scene.token, scheme: "Bearer")
        },
        Theft(testDescription: "without a proof", code: "invalid_token") { scene in
            await scene.service.send(scene.method, scene.path, fields: [("Authorization", "DPoP \(scene.token)")])
        },
        Theft(testDescription: "with a proof by another key", code: "invalid_token") { scene in
            try await scene.thief.learnNonce()
            return try await scene.thief.send(scene.method, scene.path, token: scene.token)
        },
        Theft(testDescription: "with a proof for another token", code: "invalid_dpop_proof") { scene in
            try await scene.owner.send(scene.method, scene.path, token: scene.token, ProofClient.Proof(token: "a.b.c"))
        },
        Theft(testDescription: "with a proof for no token", code: "invalid_dpop_proof") { scene in
            let proof = try scene.owner.proof(ProofClient.Proof(), scene.method, scene.path)
            return await scene.service.send(
                scene.method,
                scene.path,
                fields: [("Authorization", "DPoP \(scene.token)"), ("DPoP", proof)]
            )
        },
        Theft(testDescription: "with a proof for another method", code: "invalid_dpop_proof") { scene in
            try await scene.owner.send(scene.method, scene.path, token: scene.token, ProofClient.Proof(method: "PUT"))
        },
        Theft(testDescription: "with a proof for another route", code: "invalid_dpop_proof") { scene in
            try await scene.owner.send(
                scene.method,
                scene.path,
                token: scene.token,
                ProofClient.Proof(target: ServiceHarness.issuer + "/x")
            )
        },
        Theft(testDescription: "with a proof for another host that it names in Host", code: "invalid_dpop_proof") {
            scene in
            let proof = ProofClient.Proof(target: "https://evil.example" + scene.path)
            let fields = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example")]
            return try await scene.owner.send(scene.method, scene.path, token: scene.token, proof, fields: fields)
        },
        Theft(testDescription: "with an old proof", code: "invalid_dpop_proof") { scene in
            try await scene.owner.send(scene.method, scene.path, token: scene.token, ProofClient.Proof(ahead: -241))
        },
        Theft(testDescription: "with a nonce of somebody else", code: "use_dpop_nonce") { scene in
            try await scene.owner.send(
                scene.method,
                scene.path,
                token: scene.token,
                ProofClient.Proof(nonce: String(repeating: "A", count: 22))
            )
        },
        Theft(testDescription: "with a proof that was used", code: "invalid_dpop_proof") { scene in
            let proof = try scene.owner.proof(ProofClient.Proof(token: scene.token), scene.method, scene.path)
            let fields = [("Authorization", "DPoP \(scene.token)"), ("DPoP", proof)]
            _ = await scene.service.send(scene.method, scene.path, fields: fields)
            return await scene.service.send(scene.method, scene.path, fields: fields)
        },
        Theft(testDescription: "with the id of a proof that was used", code: "invalid_dpop_proof") { scene in
            _ = try await scene.owner.send(
                .get,
                "/v1/widget/session",
                token: scene.token,
                ProofClient.Proof(id: "again")
            )
            return try await scene.owner.send(
                scene.method,
                scene.path,
                token: scene.token,
                ProofClient.Proof(id: "again")
            )
        },
        Theft(testDescription: "with two proofs", code: "invalid_dpop_proof") { scene in
            let proofs = try (0..<2).map { _ in
                ("DPoP", try scene.owner.proof(ProofClient.Proof(token: scene.token), scene.method, scene.path))
            }
            return await scene.service.send(
                scene.method,
                scene.path,
                fields: proofs + [("Authorization", "DPoP \(scene.token)")]
            )
        },
    ]

    @Test(
        "A bound token is good with its key's fresh proof alone, on every route, seen for the first time or often",
        arguments: thefts,
        [0, 3]
    )
    func stolen(theft: Theft, earlier: Int) async throws {
        let service = try await ServiceHarness()
        let owner = try ProofClient(service)
        let session = try await owner.open()
        for _ in 0..<earlier {
            #expect(try await owner.send(.get, Self.read, token: session.token).status == 200)
        }
        let routes: [(HTTPMethod, String)] = [(.get, Self.read), (.post, Self.renew), (.delete, Self.read)]
        for (method, path) in routes {
            let isReplay = theft.testDescription.contains("that was used") && method == .delete
            if isReplay { continue }
            let scene = Scene(
                service: service,
                owner: owner,
                thief: try ProofClient(service),
                token: session.token,
                method: method,
                path: path
            )
            let answer = try await theft.send(scene)
            #expect(answer.status == 401, "\(method.name) \(path): \(answer.text)")
            #expect(answer.code == theft.code)
            #expect(answer.response.field("WWW-Authenticate")?.hasPrefix("DPoP ") == true)
        }
        #expect(try await owner.send(.get, Self.read, token: session.token).status == 200, "the owner goes on")
        #expect(try await owner.send(.delete, Self.read, token: session.token).status == 204)
    }

    @Test("A session renews with its key through its lifetimes, past expiry too, and with nothing else")
    func renewals() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let session = try await client.open()
        var token = session.token
        for round in 0..<4 {
            service.time.advance(seconds: round == 2 ? 2000 : 600)
            let old = try await client.send(.post, Self.renew, token: token)
            #expect(old.code == "use_dpop_nonce", "the nonce of ten minutes ago")
            let renewed = try await client.send(.post, Self.renew, token: token)
            #expect(renewed.status == 200, "\(renewed.text)")
            #expect(renewed["token_type"] == "DPoP")
            token = try #require(renewed["participant_token"])
            #expect(try payload(of: token)["cnf"]?["jkt"]?.string == client.signer.thumbprint)
        }
        service.time.advance(seconds: 901)
        _ = try await client.send(.post, Self.renew, token: token)
        let proof = #"{"holder_nonce":"\#(SessionTests.nonce)"}"#
        #expect(await service.send(.post, Self.renew, body: proof, token: token).code == "invalid_token")
        #expect(try await client.send(.get, Self.read, token: token).code == "token_expired")
        #expect(try await client.send(.post, Self.renew, token: token).status == 200)
    }

    @Test("An answer tells a newer nonce when the one that was used grows old")
    func agingNonce() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let session = try await client.open()
        let fresh = try await client.send(.get, Self.read, token: session.token)
        #expect(fresh.response.field("DPoP-Nonce") == nil)
        service.time.advance(seconds: Int(ProofNonces.slotSeconds))
        let aging = try await client.send(.get, Self.read, token: session.token)
        #expect(aging.status == 200)
        #expect(aging.response.field("DPoP-Nonce") != nil)
        #expect(try await client.send(.get, Self.read, token: session.token).response.field("DPoP-Nonce") == nil)
    }

    @Test("A restart takes the nonces and the keys that were bound before")
    func restart() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let session = try await client.open()
        let proof = try client.proof(ProofClient.Proof(token: session.token), .get, Self.read)
        let fields = [("Authorization", "DPoP \(session.token)"), ("DPoP", proof)]
        let restarted = try await service.restarted()
        #expect(await restarted.send(.get, Self.read, fields: fields).status == 200)
        #expect(await restarted.send(.get, Self.read, fields: fields).code == "invalid_dpop_proof")
    }

    @Test("Revoked, ended and foreign-origin bound tokens are refused for that, with a good proof")
    func otherRefusals() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let session = try await client.open(fields: [("Origin", Self.origin)])
        for _ in 0..<3 {
            let answer = try await client.send(.get, Self.read, token: session.token, fields: [("Origin", Self.origin)])
            #expect(answer.status == 200)
        }
        #expect(try await client.send(.get, Self.read, token: session.token).code == "origin_not_allowed")
        _ = await service.admin(.delete, "/v1/invites/\(session.inviteID)")
        let revoked = try await client.send(.get, Self.read, token: session.token, fields: [("Origin", Self.origin)])
        #expect(revoked.code == "token_revoked")
        let second = try await client.open()
        #expect(try await client.send(.delete, Self.read, token: second.token).status == 204)
        #expect(try await client.send(.delete, Self.read, token: second.token).status == 204)
        #expect(try await client.send(.get, Self.read, token: second.token).code == "session_ended")
    }

    @Test("Bad proofs count as guesses of their address, missing nonces do not")
    func guesses() async throws {
        let service = try await ServiceHarness(addressLimit: 5)
        let client = try ProofClient(service)
        let session = try await client.open()
        let foreign = String(repeating: "A", count: 22)
        for _ in 0..<10 {
            let answer = try await client.send(.get, Self.read, token: session.token, ProofClient.Proof(nonce: foreign))
            #expect(answer.code == "use_dpop_nonce")
        }
        var codes: [String?] = []
        for _ in 0..<6 {
            let answer = try await client.send(.get, Self.read, token: session.token, ProofClient.Proof(ahead: 99))
            codes.append(answer.code)
        }
        #expect(codes.first == "invalid_dpop_proof")
        #expect(codes.last == "rate_limited")
    }
}
