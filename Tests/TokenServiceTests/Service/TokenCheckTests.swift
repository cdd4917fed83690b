import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Verify, introspect, forward-auth, key set")
struct TokenCheckTests {
    static let members = [
        "valid", "code", "kind", "workspace_id", "environment", "campaign_id", "participant_email", "subject",
        "session_id", "invite_id", "issued_at", "expires_at",
    ]

    private static func verify(_ service: ServiceHarness, _ token: String) async -> Answer {
        await service.admin(.post, "/v1/tokens/verify", body: #"{"token":"\#(token)"}"#)
    }

    private static func introspect(_ service: ServiceHarness, _ body: String) async -> Answer {
        await service.admin(
            .post,
            "/v1/tokens/introspect",
            body: body,
            fields: [("Content-Type", "application/x-www-form-urlencoded")]
        )
    }

    /// Expects `code`, and that a bad token is told nothing about by either route.
    private static func expect(_ code: String, _ service: ServiceHarness, _ token: String) async throws {
        let verified = await verify(service, token)
        #expect(verified.status == 200)
        #expect(verified.response.field("Cache-Control") == "no-store")
        #expect(verified["code"] == code)
        #expect(verified.json?["valid"]?.boolean == (code == "valid"))
        #expect(verified.json?.members.map(\.name) == members)
        if code != "valid" {
            for name in members.dropFirst(2) { #expect(verified.json?[name]?.isNull == true, "\(code): \(name)") }
        }
        let introspected = await introspect(service, "token=" + token)
        #expect(introspected.status == 200)
        if code == "valid" {
            #expect(introspected.json?["active"]?.boolean == true)
        } else {
            #expect(introspected.text == #"{"active":false}"#, "\(code)")
        }
    }

    @Test("A good invite token tells all that is known")
    func goodInvite() async throws {
        let service = try await ServiceHarness()
        let minted = await service.mint()
        let token = try #require(minted["invite_token"])
        try await Self.expect("valid", service, token)
        let answer = await Self.verify(service, token)
        #expect(answer["kind"] == "invite")
        #expect(answer["workspace_id"] == TypeID.text(.workspace, service.setup.workspace))
        #expect(answer["environment"] == "test")
        #expect(answer["campaign_id"] == "camp_456abc")
        #expect(answer["participant_email"] == "user@example.com")
        #expect(answer["invite_id"] == minted["id"])
        #expect(answer.json?["session_id"]?.isNull == true)
        #expect(answer["issued_at"] == minted["created_at"])
        #expect(answer["expires_at"] == minted["expires_at"])
    }

    @Test("A good participant token tells all that is known, to both routes")
    func goodParticipant() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        try await Self.expect("valid", service, session.participant)
        let verified = await Self.verify(service, session.participant)
        #expect(verified["kind"] == "participant")
        #expect(verified["session_id"] == session.sessionID)
        #expect(verified["invite_id"] == session.inviteID)
        #expect(verified["subject"]?.hasPrefix("sub_") == true)
        let answer = await Self.introspect(service, "token_type_hint=access_token&token=" + session.participant)
        let workspace = TypeID.text(.workspace, service.setup.workspace)
        #expect(answer["iss"] == ServiceHarness.issuer)
        #expect(answer["aud"] == workspace + "/participant")
        #expect(answer["sub"] == verified["subject"])
        #expect(answer["jti"]?.hasPrefix("ptk_") == true)
        #expect(answer.json?["exp"]?.integer == service.time.now().seconds + 900)
        #expect(answer.json?["iat"]?.integer == service.time.now().seconds)
        #expect(answer["participant_email"] == "user@example.com")
    }

    @Test("Every state of a token has its code")
    func states() async throws {
        let service = try await ServiceHarness()
        let used = try await service.openSession()
        try await Self.expect("invite_used", service, used.invite)
        let revoked = try await service.openSession(more: #","max_uses":2"#)
        _ = await service.admin(.delete, "/v1/invites/" + revoked.inviteID)
        try await Self.expect("invite_revoked", service, revoked.invite)
        try await Self.expect("token_revoked", service, revoked.participant)
        let ended = try await service.openSession()
        _ = await service.send(.delete, "/v1/widget/session", token: ended.participant)
        try await Self.expect("session_ended", service, ended.participant)
        let waiting = try #require(await service.mint(more: #","expires_in":1000"#)["invite_token"])
        service.time.advance(seconds: 900)
        try await Self.expect("token_expired", service, used.participant)
        try await Self.expect("valid", service, waiting)
        service.time.advance(seconds: 100)
        try await Self.expect("invite_expired", service, waiting)
        try await Self.expect("invite_used", service, used.invite)
    }

    @Test("What is no token of this workspace and environment is invalid, however it is wrong")
    func invalid() async throws {
        let service = try await ServiceHarness()
        let other = try await ServiceHarness(seed: 5)
        let foreign = try await other.openSession()
        let own = try await service.openSession()
        for token in [
            foreign.invite, foreign.participant, "x", "a.b.c", String(own.participant.dropLast()),
            own.participant + ".",
            String(repeating: "a", count: 5000), service.setup.secret,
        ] {
            try await Self.expect("invalid_token", service, token)
        }
    }

    @Test(
        "Introspection speaks OAuth's errors",
        arguments: [
            ("", 400, "invalid_request"), ("token=%zz", 400, "invalid_request"),
            ("token=a&token=b", 400, "invalid_request"), ("other=a", 400, "invalid_request"),
        ]
    )
    func oauthErrors(body: String, status: Int, error: String) async throws {
        let service = try await ServiceHarness()
        let answer = await Self.introspect(service, body)
        #expect(answer.status == status)
        #expect(answer["error"] == error)
        let json = await service.admin(.post, "/v1/tokens/introspect", body: #"{"token":"x"}"#)
        #expect(json.status == 415)
    }

    @Test("A reverse proxy learns whom a token stands for")
    func forwardAuth() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        let workspace = TypeID.text(.workspace, service.setup.workspace)
        for query in [
            "campaign_id=camp_456abc", "campaign_id=camp_456abc&environment=test",
            "campaign_id=camp_456abc&workspace_id=\(workspace)",
            "campaign_id=camp_456abc&workspace_id=\(workspace)&environment=test",
        ] {
            let answer = await service.send(.get, "/v1/forward-auth?" + query, token: session.participant)
            #expect(answer.status == 204, "\(query): \(answer.text)")
            #expect(answer.response.field("X-Token-Workspace") == workspace)
            #expect(answer.response.field("X-Token-Environment") == "test")
            #expect(answer.response.field("X-Token-Campaign") == "camp_456abc")
            #expect(answer.response.field("X-Token-Session") == session.sessionID)
            #expect(answer.response.field("X-Token-Subject")?.hasPrefix("sub_") == true)
        }
    }

    @Test("A mismatch, a dead token and the wrong kind are all 401 to a proxy, without a word of whom")
    func forwardAuthRefusals() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        let ended = try await service.openSession()
        _ = await service.send(.delete, "/v1/widget/session", token: ended.participant)
        let foreign = TypeID.text(.workspace, RecordID(high: 1, low: 1))
        let table: [(String, String?)] = [
            ("campaign_id=other", session.participant), ("campaign_id=Camp_456abc", session.participant),
            ("campaign_id=camp_456abc&environment=live", session.participant),
            ("campaign_id=camp_456abc&workspace_id=\(foreign)&environment=test", session.participant),
            ("campaign_id=camp_456abc&workspace_id=x&environment=test", session.participant),
            ("campaign_id=camp_456abc", session.invite), ("campaign_id=camp_456abc", ended.participant),
            ("campaign_id=camp_456abc", nil), ("campaign_id=camp_456abc", "x"),
        ]
        for (query, token) in table {
            let answer = await service.send(.get, "/v1/forward-auth?" + query, token: token)
            #expect(answer.status == 401, "\(query): \(answer.text)")
            #expect(answer.response.field("X-Token-Subject") == nil)
        }
    }

    @Test("With two environments in use a proxy must say which")
    func forwardAuthTwoTenants() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        var key = try #require(
            await service.store.apiKey(
                service.setup.apiKey,
                of: Tenant(workspace: service.setup.workspace, environment: .test)
            )
        )
        key.id = RecordID(high: key.id.high, low: key.id.low ^ 1)
        key.digest[0] ^= 1
        key.tenant = Tenant(workspace: service.setup.workspace, environment: .live)
        _ = try await service.store.createAPIKey(CreateAPIKey(key: key, now: service.time.now(), audit: []))
        let path = "/v1/forward-auth?campaign_id=camp_456abc"
        #expect(await service.send(.get, path, token: session.participant).status == 400)
        let workspace = TypeID.text(.workspace, service.setup.workspace)
        let full = path + "&workspace_id=\(workspace)&environment=test"
        #expect(await service.send(.get, full, token: session.participant).status == 204)
    }

    @Test("The key set is cacheable, has an ETag, and verifies what is issued")
    func keySet() async throws {
        let service = try await ServiceHarness()
        let first = await service.send(.get, "/.well-known/jwks.json")
        #expect(first.status == 200)
        let tag = try #require(first.response.field("ETag"))
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
        #expect(first.response.field("Cache-Control")?.contains("max-age=") == true)
        #expect(first.response.field("Access-Control-Allow-Origin") == "*")
        let key = try #require(first.json?["keys"]?.elements.first)
        #expect(key["alg"]?.string == "ES256")
        #expect(key["d"] == nil)
        #expect(key["kid"]?.string?.isEmpty == false)
        for known in [tag, "\"x\", " + tag, "*"] {
            let again = await service.send(.get, "/.well-known/jwks.json", fields: [("If-None-Match", known)])
            #expect(again.status == 304, "\(known)")
            #expect(again.text.isEmpty)
            #expect(again.response.field("ETag") == tag)
        }
        let changed = await service.send(.get, "/.well-known/jwks.json", fields: [("If-None-Match", "\"x\"")])
        #expect(changed.status == 200)
    }

    @Test(
        "HEAD is answered like GET on every open route",
        arguments: ["/.well-known/jwks.json", "/livez", "/readyz", "/docs", "/openapi.yaml"]
    )
    func head(path: String) async throws {
        let service = try await ServiceHarness()
        let answer = await service.send(.head, path)
        #expect(answer.status == 200)
        #expect(answer.response.field("X-Content-Type-Options") == "nosniff")
    }
}
