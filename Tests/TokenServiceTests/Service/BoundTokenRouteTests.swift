import HTTPServer
import InviteStore
import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Bound tokens: policies, backends, proxies")
struct BoundTokenRouteTests {
    static let read = "/v1/widget/session"

    // MARK: Policies

    @Test("Where bound tokens are required, an exchange needs a proof and a backend can open nothing")
    func required() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let invite = try #require(await service.mint()["invite_token"])
        let unbound = try await service.openSession()
        #expect(await service.put(#"{"bound_tokens_required":true}"#).status == 200)
        let refused = await service.redeem(invite)
        #expect(refused.status == 422)
        #expect(refused.code == "policy_violation")
        let opened = try await client.redeem(invite)
        #expect(opened.status == 201, "\(opened.text)")
        #expect(opened["token_type"] == "DPoP")
        let token = try #require(opened["participant_token"])
        #expect(try await client.send(.post, Self.read + "/renew", token: token).status == 200)
        let old = await service.send(.post, Self.read + "/renew", token: unbound.participant)
        #expect(old.code == "policy_violation", "what was opened before does not renew")
        let body = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
        let made = await service.admin(.post, "/v1/participant-tokens", body: body)
        #expect(made.status == 422, "\(made.text)")
        #expect(made.code == "policy_violation")
    }

    @Test("The audit trail tells which exchanges were bound")
    func audited() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        _ = try await client.open()
        let event = try #require(try await service.events().first { $0.type == "invite.redeemed" })
        let detail = try JSONDocument(parsing: event.detail).root
        #expect(detail["bound"]?.string == "true")
        #expect(detail["proof"]?.string == "true")
    }

    // MARK: Backends

    @Test("Introspection and verification give the key's thumbprint, and its type, of bound tokens alone")
    func introspection() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let bound = try await client.open()
        let unbound = try await service.openSession()
        let form = [("Content-Type", "application/x-www-form-urlencoded")]
        for (token, type) in [(bound.token, "DPoP"), (unbound.participant, "Bearer")] {
            let answer = await service.admin(.post, "/v1/tokens/introspect", body: "token=\(token)", fields: form)
            #expect(answer.json?["active"]?.boolean == true)
            #expect(answer["token_type"] == type)
            let verified = await service.admin(.post, "/v1/tokens/verify", body: #"{"token":"\#(token)"}"#)
            for json in [answer.json, verified.json] {
                #expect(json?["cnf"]?["jkt"]?.string == (type == "DPoP" ? client.signer.thumbprint : nil))
                #expect((json?["cnf"] != nil) == (type == "DPoP"))
            }
        }
    }

    // MARK: Proxies

    private static let forward = "/v1/forward-auth?campaign_id=camp_456abc"
    private static let original: [(String, String)] = [
        ("X-Forwarded-Method", "PATCH"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "rooms.example"),
        ("X-Forwarded-Uri", "/rooms/7?tab=2"),
    ]

    private static func ask(
        _ client: ProofClient,
        _ token: String,
        _ proof: ProofClient.Proof = ProofClient.Proof(),
        fields: [(String, String)] = original,
        trusted: Bool = true
    ) async throws -> Answer {
        var proof = proof
        proof.token = token
        proof.method = proof.method ?? "PATCH"
        proof.target = proof.target ?? "https://rooms.example/rooms/7"
        let text = try client.proof(proof, .patch, "")
        let request = HTTPRequest(
            method: .get,
            target: forward,
            fields: HTTPRequestFields(fields + [("Authorization", "DPoP \(token)"), ("DPoP", text)]),
            isFromTrustedProxy: trusted
        )
        switch client.service.application.respond(to: request) {
        case .now(let response): return Answer(response)
        case .later(let work): return Answer(await work())
        }
    }

    @Test("Behind a trusted proxy the proof is about the request that the proxy asks about")
    func forwarded() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let session = try await client.open()
        let good = try await Self.ask(client, session.token)
        #expect(good.status == 204, "\(good.text)")
        #expect(good.response.field("X-Token-Session") == session.sessionID)
        let proofs: [ProofClient.Proof] = [
            ProofClient.Proof(method: "GET"), ProofClient.Proof(target: "https://rooms.example/rooms/8"),
            ProofClient.Proof(target: ServiceHarness.issuer + "/v1/forward-auth"),
            ProofClient.Proof(target: "http://rooms.example/rooms/7"), ProofClient.Proof(ahead: 99),
        ]
        for proof in proofs {
            let answer = try await Self.ask(client, session.token, proof)
            #expect(answer.code == "invalid_dpop_proof", "\(proof): \(answer.text)")
        }
        let foreign = String(repeating: "A", count: 22)
        let nonce = try await Self.ask(client, session.token, ProofClient.Proof(nonce: foreign))
        #expect(nonce.code == "use_dpop_nonce")
        #expect(nonce.response.field("DPoP-Nonce") != nil)
        let thief = try ProofClient(service)
        try await thief.learnNonce()
        #expect(try await Self.ask(thief, session.token).code == "invalid_token")
        let bearer = await service.send(.get, Self.forward, token: session.token)
        #expect(bearer.status == 401)
        #expect(bearer.code == "invalid_token")
    }

    @Test("A proxy that is not trusted, or does not say what the request was, can not pass a bound token")
    func untrusted() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let session = try await client.open()
        #expect(try await Self.ask(client, session.token, trusted: false).code == "invalid_token")
        for missing in 0..<4 {
            var fields = Self.original
            fields.remove(at: missing)
            #expect(try await Self.ask(client, session.token, fields: fields).code == "invalid_token", "\(missing)")
            let twice = Self.original + [Self.original[missing]]
            #expect(try await Self.ask(client, session.token, fields: twice).code == "invalid_token", "\(missing)")
        }
        let odd = Self.original.map { $0.0 == "X-Forwarded-Host" ? ($0.0, "a b") : $0 }
        #expect(try await Self.ask(client, session.token, fields: odd).code == "invalid_token")
        #expect(try await Self.ask(client, session.token).status == 204)
        let unbound = try await service.openSession()
        #expect(await service.send(.get, Self.forward, token: unbound.participant).status == 204)
    }

    // MARK: Tokens that were validated before

    @Test("A token that was validated before is judged anew each time: time, revocation, environment, origin")
    func judgedAnew() async throws {
        let service = try await ServiceHarness()
        let origin = [("Origin", "https://app.example.com")]
        let session = try await service.openSession(fields: origin)
        func read(_ fields: [(String, String)] = origin) async -> Answer {
            await service.send(.get, Self.read, fields: fields, token: session.participant)
        }
        let first = await read()
        for _ in 0..<4 { #expect(await read().text == first.text) }
        #expect(service.services.validated.statistics.hits > 0)
        #expect(await read([]).code == "origin_not_allowed")
        #expect(await read([("Origin", "https://evil.example")]).code == "origin_not_allowed")
        let restarted = try await service.restarted(serving: .live)
        for _ in 0..<3 {
            let answer = await restarted.send(.get, Self.read, fields: origin, token: session.participant)
            #expect(answer.code == "invalid_token")
        }
        service.services.revocations.markStale()
        #expect(await read().code == "unavailable")
        service.services.revocations.clearStale(service.services.revocations.staleMark)
        #expect(await read().status == 200)
        let other = try await service.openSession()
        func readOther() async -> Answer { await service.send(.get, Self.read, token: other.participant) }
        for _ in 0..<3 { #expect(await readOther().status == 200) }
        let opened = service.time.now()
        service.time.setWall(opened.adding(seconds: -31))
        #expect(await read().code == "unavailable", "a clock that can not be right")
        service.time.setWall(opened.adding(seconds: 899))
        #expect(await read().status == 200)
        #expect(await service.admin(.delete, "/v1/invites/\(session.inviteID)").status == 204)
        #expect(await read().code == "token_revoked")
        #expect(await readOther().status == 200)
        service.time.setWall(opened.adding(seconds: 900))
        #expect(await readOther().code == "token_expired")
    }

    @Test("A token that was validated before and whose session ends is refused at once")
    func ended() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        for _ in 0..<4 {
            #expect(await service.send(.get, Self.read, token: session.participant).status == 200)
        }
        #expect(await service.send(.delete, Self.read, token: session.participant).status == 204)
        #expect(await service.send(.get, Self.read, token: session.participant).code == "session_ended")
    }

    @Test("No text that is not exactly a known token passes for it")
    func forgeries() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        for _ in 0..<4 { _ = await service.send(.get, Self.read, token: session.participant) }
        let bytes = Array(session.participant.utf8)
        let hits = service.services.validated.statistics.hits
        for index in stride(from: 0, to: bytes.count, by: 13) where bytes[index] != UInt8(ascii: ".") {
            var other = bytes
            other[index] = other[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let answer = await service.send(.get, Self.read, token: String(decoding: other, as: UTF8.self))
            #expect(answer.status == 401, "\(index)")
        }
        #expect(service.services.validated.statistics.hits == hits)
    }

    @Test("A key over its share of proofs is 429 until the next slot, and every other key goes on")
    func overShare() async throws {
        let service = try await ServiceHarness()
        let (flooding, other) = (try ProofClient(service), try ProofClient(service))
        let (bound, second) = (try await flooding.open(), try await other.open())
        let proofs = service.services.proofs
        let slot = proofs.nonces.slot(now: service.time.now())
        let key = Array(flooding.signer.thumbprint.utf8)
        var number = 0
        while proofs.replays.admit(key: key, id: Array("\(number)".utf8), slot: slot, current: slot) == .fresh {
            number += 1
        }
        #expect(number == ServiceLimits.proofsOfKeyAndSlotMax - 1)
        let answer = try await flooding.send(.get, Self.read, token: bound.token)
        #expect(answer.status == 429 && answer.code == "rate_limited")
        let wait = try #require(answer.response.field("Retry-After").flatMap { Int($0) })
        #expect((1...Int(ProofNonces.slotSeconds)).contains(wait))
        #expect(try await other.send(.get, Self.read, token: second.token).status == 200)
        service.time.advance(seconds: wait)
        // The nonce is still good, its share used up: the answer has the next one.
        let late = try await flooding.send(.get, Self.read, token: bound.token)
        #expect(late.status == 429)
        #expect(late.response.field("DPoP-Nonce") != nil)
        #expect(try await flooding.send(.get, Self.read, token: bound.token).status == 200)
    }

    @Test("Where no proof can be remembered any more, bound requests get 503 and bearer tokens go on")
    func full() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let bound = try await client.open()
        let unbound = try await service.openSession()
        let proofs = service.services.proofs
        let (replays, slot) = (proofs.replays, proofs.nonces.slot(now: service.time.now()))
        var number = 0
        // Other keys of the same part, each within its share.
        let start = Array(client.signer.thumbprint.utf8.prefix(1))
        func admit() -> ProofReplays.Verdict {
            replays.admit(
                key: start + Array("\(10 + number % 64)".utf8),
                id: Array("\(number)".utf8),
                slot: slot,
                current: slot
            )
        }
        while admit() == .fresh { number += 1 }
        #expect(number == ServiceLimits.proofsRememberedMax / ProofReplays.partsCount - 1)
        let answer = try await client.send(.get, Self.read, token: bound.token)
        #expect(answer.status == 503)
        #expect(answer.response.field("Retry-After") != nil)
        #expect(await service.send(.get, Self.read, token: unbound.participant).status == 200)
        service.time.advance(seconds: 2 * Int(ProofNonces.slotSeconds))
        _ = try await client.send(.get, Self.read, token: bound.token)
        #expect(try await client.send(.get, Self.read, token: bound.token).status == 200)
    }
}
