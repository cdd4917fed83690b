import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Sessions")
struct SessionTests {
    static let nonce = "abcdefghijklmnopqrstuv"
    static let otherNonce = "ABCDEFGHIJKLMNOPQRSTUV"

    private static func proof(_ nonce: String = nonce) -> String { #","holder_nonce":"\#(nonce)""# }

    @Test("The holder who asks again within 60 s gets the same session, and no use is counted")
    func repeated() async throws {
        let service = try await ServiceHarness()
        let minted = await service.mint()
        let invite = try #require(minted["invite_token"])
        let first = await service.redeem(invite, more: Self.proof())
        #expect(first.status == 201)
        service.time.advance(milliseconds: 59_999)
        let again = await service.redeem(invite, more: Self.proof())
        #expect(again.status == 200, "\(again.text)")
        #expect(again["session_id"] == first["session_id"])
        #expect(again["renew_until"] == first["renew_until"])
        #expect(again["participant_token"] != first["participant_token"])
        #expect(await service.admin(.get, "/v1/invites/\(try #require(minted["id"]))").json?["uses"]?.integer == 1)
        service.time.advance(milliseconds: 1)
        #expect(await service.redeem(invite, more: Self.proof()).code == "invite_used")
    }

    @Test("The holder who asks again when the session may no more be renewed gets 410, not a token that is over")
    func repeatedTooLate() async throws {
        let service = try await ServiceHarness()
        let put = await service.admin(.put, "/v1/policies", body: #"{"renew_seconds":3}"#)
        try #require(put.status == 200, "\(put.text)")
        let invite = try #require(await service.mint()["invite_token"])
        #expect(await service.redeem(invite, more: Self.proof()).status == 201)
        service.time.advance(milliseconds: 2_999)
        #expect(await service.redeem(invite, more: Self.proof()).status == 200)
        service.time.advance(milliseconds: 1)
        let late = await service.redeem(invite, more: Self.proof())
        #expect(late.status == 410 && late.code == "session_ended", "\(late.text)")
    }

    @Test("A token that is good with a nonce that is not the session's is told which of the two is wrong")
    func wrongNonceOfAGoodToken() async throws {
        let service = try await ServiceHarness()
        let invite = try #require(await service.mint()["invite_token"])
        let token = try #require(await service.redeem(invite, more: Self.proof())["participant_token"])
        let path = "/v1/widget/session/renew"
        func renew(_ nonce: String) async -> Answer {
            await service.send(.post, path, body: #"{"holder_nonce":"\#(nonce)"}"#, token: token)
        }
        let wrong = await renew(Self.otherNonce)
        #expect(wrong.status == 400 && wrong.param == "holder_nonce", "\(wrong.text)")
        #expect(await renew(Self.nonce).status == 200)
        service.time.advance(seconds: 901)
        #expect(await renew(Self.otherNonce).code == "token_expired")
        #expect(await renew(Self.nonce).status == 200)
    }

    @Test("Anyone else, and anyone without proof, is refused, and the owner gets to know")
    func secondHolder() async throws {
        let service = try await ServiceHarness()
        let invite = try #require(await service.mint()["invite_token"])
        #expect(await service.redeem(invite, more: Self.proof()).status == 201)
        let other = await service.redeem(invite, more: Self.proof(Self.otherNonce))
        #expect(other.status == 409)
        #expect(other.code == "invite_used")
        #expect(await service.redeem(invite).code == "invite_used")
        let alerts = try await service.events().filter { $0.type.hasPrefix("alert.") }
        #expect(alerts.count == 1)
        #expect(alerts.first?.actor == TypeID.text(.apiKey, service.setup.apiKey))
    }

    @Test("A session opened without proof can not be claimed with one")
    func noProofFirst() async throws {
        let service = try await ServiceHarness()
        let invite = try #require(await service.mint()["invite_token"])
        #expect(await service.redeem(invite).status == 201)
        #expect(await service.redeem(invite).code == "invite_used")
        #expect(await service.redeem(invite, more: Self.proof()).code == "invite_used")
    }

    @Test("The holder whose session was ended meanwhile gets 410")
    func endedMeanwhile() async throws {
        let service = try await ServiceHarness()
        let invite = try #require(await service.mint()["invite_token"])
        let first = await service.redeem(invite, more: Self.proof())
        let token = try #require(first["participant_token"])
        #expect(await service.send(.delete, "/v1/widget/session", token: token).status == 204)
        let again = await service.redeem(invite, more: Self.proof())
        #expect(again.status == 410)
        #expect(again.code == "session_ended")
    }

    @Test("The holder whose invite was revoked meanwhile gets 410")
    func revokedMeanwhile() async throws {
        let service = try await ServiceHarness()
        let minted = await service.mint()
        let invite = try #require(minted["invite_token"])
        _ = await service.redeem(invite, more: Self.proof())
        _ = await service.admin(.delete, "/v1/invites/\(try #require(minted["id"]))")
        let again = await service.redeem(invite, more: Self.proof())
        #expect(again.status == 410)
        #expect(again.code == "invite_revoked")
    }

    @Test("An invite opens as many sessions as it has uses", arguments: [1, 2, 5])
    func uses(count: Int) async throws {
        let service = try await ServiceHarness()
        let minted = await service.mint(more: #","max_uses":\#(count)"#)
        let invite = try #require(minted["invite_token"])
        let path = "/v1/invites/\(try #require(minted["id"]))"
        var sessions: Set<String> = []
        for used in 1...count {
            #expect(await service.admin(.get, path)["status"] == "pending")
            sessions.insert(try #require(await service.redeem(invite)["session_id"]))
            #expect(await service.admin(.get, path).json?["uses"]?.integer == Int64(used))
        }
        #expect(sessions.count == count)
        #expect(await service.redeem(invite).code == "invite_used")
        #expect(await service.admin(.get, path)["status"] == "redeemed")
    }

    @Test("Of many who redeem one invite at once, exactly one opens a session")
    func race() async throws {
        let service = try await ServiceHarness()
        let invite = try #require(await service.mint()["invite_token"])
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<32 { group.addTask { await service.redeem(invite).status } }
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(statuses == [201: 1, 409: 31])
    }

    @Test("An invite can be redeemed until its last millisecond and no longer")
    func inviteExpiry() async throws {
        let service = try await ServiceHarness()
        let first = await service.mint(more: #","expires_in":60"#)
        let second = await service.mint(more: #","expires_in":60"#)
        service.time.advance(milliseconds: 59_999)
        #expect(await service.redeem(try #require(first["invite_token"])).status == 201)
        service.time.advance(milliseconds: 1)
        let late = await service.redeem(try #require(second["invite_token"]))
        #expect(late.status == 410)
        #expect(late.code == "invite_expired")
        let read = await service.admin(.get, "/v1/invites/\(try #require(second["id"]))")
        #expect(read["status"] == "expired")
        #expect(read.json?["expires_in"]?.integer == 0)
    }

    @Test("A participant token is good until its last millisecond and no longer")
    func tokenExpiry() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        service.time.advance(milliseconds: 899_999)
        #expect(await service.send(.get, "/v1/widget/session", token: session.participant).status == 200)
        service.time.advance(milliseconds: 1)
        let late = await service.send(.get, "/v1/widget/session", token: session.participant)
        #expect(late.status == 410)
        #expect(late.code == "token_expired")
    }

    @Test("Lifetimes are the contract's defaults")
    func defaults() async throws {
        let service = try await ServiceHarness()
        let minted = await service.mint()
        #expect(minted.json?["expires_in"]?.integer == 86_400)
        let opened = await service.redeem(try #require(minted["invite_token"]))
        #expect(opened.json?["expires_in"]?.integer == 900)
        #expect(opened["token_type"] == "Bearer")
        let now = service.time.now()
        #expect(opened["renew_until"] == RFC3339.text(now.adding(seconds: 14_400)))
        #expect(opened["expires_at"] == RFC3339.text(now.adding(seconds: 900)))
        #expect(opened["subject"]?.hasPrefix("sub_") == true)
        #expect(opened.response.field("Cache-Control") == "no-store")
    }

    @Test("An expired token renews with the session's nonce, and only with it")
    func renewExpired() async throws {
        let service = try await ServiceHarness()
        let invite = try #require(await service.mint()["invite_token"])
        let token = try #require(await service.redeem(invite, more: Self.proof())["participant_token"])
        service.time.advance(seconds: 900)
        let path = "/v1/widget/session/renew"
        for body in [nil, "{}", "{\(Self.proof(Self.otherNonce).dropFirst())}"] {
            let refused = await service.send(.post, path, body: body, token: token)
            #expect(refused.status == 410, "\(body ?? "no body"): \(refused.text)")
            #expect(refused.code == "token_expired")
        }
        let renewed = await service.send(.post, path, body: "{\(Self.proof().dropFirst())}", token: token)
        #expect(renewed.status == 200, "\(renewed.text)")
        let fresh = try #require(renewed["participant_token"])
        #expect(await service.send(.get, "/v1/widget/session", token: fresh).status == 200)
    }

    @Test("An expired token of a session without proof never renews")
    func renewWithoutProof() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        service.time.advance(seconds: 900)
        let body = "{\(Self.proof().dropFirst())}"
        for body in [nil, body] {
            let answer = await service.send(.post, "/v1/widget/session/renew", body: body, token: session.participant)
            #expect(answer.status == 410)
        }
    }

    @Test("Renewals are cut to renew_until, and end there")
    func renewUntil() async throws {
        let service = try await ServiceHarness()
        let minted = await service.mint()
        let opened = await service.redeem(try #require(minted["invite_token"]), more: Self.proof())
        var token = try #require(opened["participant_token"])
        let end = service.time.now().adding(seconds: 14_400)
        for _ in 0..<17 {
            service.time.advance(seconds: 840)
            let renewed = await service.send(.post, "/v1/widget/session/renew", token: token)
            #expect(renewed.status == 200, "\(renewed.text)")
            #expect(renewed["renew_until"] == RFC3339.text(end))
            let expires = try #require(RFC3339.parse(renewed["expires_at"] ?? ""))
            #expect(expires <= end)
            token = try #require(renewed["participant_token"])
        }
        service.time.advance(milliseconds: 119_999)
        #expect(await service.send(.get, "/v1/widget/session", token: token).status == 200)
        service.time.advance(milliseconds: 1)
        let over = await service.send(
            .post,
            "/v1/widget/session/renew",
            body: "{\(Self.proof().dropFirst())}",
            token: token
        )
        #expect(over.status == 410)
        #expect(over.code == "session_ended")
    }

    @Test("An ended session can not be read, renewed or ended into life again")
    func ended() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        for _ in 0..<2 {
            #expect(await service.send(.delete, "/v1/widget/session", token: session.participant).status == 204)
        }
        for (method, path) in [(HTTPMethod.get, "/v1/widget/session"), (.post, "/v1/widget/session/renew")] {
            let answer = await service.send(method, path, token: session.participant)
            #expect(answer.status == 410)
            #expect(answer.code == "session_ended")
        }
        #expect(try await service.events().count { $0.type == "session.ended" } == 1)
    }

    @Test("Each kind of token is refused where the other is asked for")
    func kinds() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        #expect(await service.redeem(session.participant).code == "invalid_token")
        for method in [HTTPMethod.get, .delete] {
            let answer = await service.send(method, "/v1/widget/session", token: session.invite)
            #expect(answer.status == 401)
            #expect(answer.code == "invalid_token")
            #expect(answer.response.field("WWW-Authenticate")?.contains("invalid_token") == true)
        }
    }

    @Test("A token of another deployment is refused, and so is every cut and flipped one")
    func foreign() async throws {
        let service = try await ServiceHarness()
        let other = try await ServiceHarness(seed: 77)
        let session = try await service.openSession()
        let foreign = try await other.openSession()
        #expect(await service.send(.get, "/v1/widget/session", token: foreign.participant).code == "invalid_token")
        #expect(await service.redeem(foreign.invite).code == "invalid_token")
        let text = Array(session.participant.utf8)
        for index in stride(from: 0, to: text.count, by: 7) {
            var bytes = text
            bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let flipped = String(decoding: bytes, as: UTF8.self)
            #expect(await service.send(.get, "/v1/widget/session", token: flipped).status == 401, "\(index)")
            let cut = String(decoding: text.prefix(index), as: UTF8.self)
            #expect(await service.send(.get, "/v1/widget/session", token: cut).status == 401, "\(index)")
        }
    }

    @Test("A deployment of one environment refuses tokens of the other")
    func environments() async throws {
        let service = try await ServiceHarness(environment: .test)
        let session = try await service.openSession()
        let live = try await service.restarted(serving: .live)
        for path in ["/v1/widget/session", "/v1/widget/session/renew"] {
            let method: HTTPMethod = path.hasSuffix("renew") ? .post : .get
            #expect(await live.send(method, path, token: session.participant).code == "invalid_token")
            #expect(await service.send(method, path, token: session.participant).status == 200)
        }
        let unused = try #require(await service.mint()["invite_token"])
        #expect(await live.redeem(unused).code == "invalid_token")
        #expect(await service.redeem(unused).status == 201)
    }

    @Test("Reading a session asks the store nothing")
    func noLookUp() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        service.faults.arm(nil)
        #expect(await service.send(.get, "/v1/widget/session", token: session.participant).status == 200)
        #expect(service.faults.calls.isEmpty)
    }
}
