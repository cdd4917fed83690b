import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Who may call")
struct AuthenticationTests {
    static let text = "Invalid or missing API key. Provide a valid key in the Authorization header."

    /// A path for each template.
    static func path(_ route: Route) -> String {
        route.template.replacing("{id}", with: "inv_00000000000000000000000000")
    }

    private static func expectUnauthorized(_ answer: Answer, _ note: String) {
        #expect(answer.status == 401, "\(note): \(answer.text)")
        #expect(answer.code == "unauthorized" || answer["error"] == "invalid_client", "\(note)")
        #expect((answer.json?["error"]?["message"]?.string ?? answer["error_description"]) == text, "\(note)")
        #expect(answer.response.field("WWW-Authenticate")?.hasPrefix("Bearer") == true, "\(note)")
        #expect(answer.response.field("X-RateLimit-Limit") == nil, "\(note)")
        #expect(answer.response.field("Request-Id")?.hasPrefix("req_") == true)
        #expect(answer.response.field("X-Content-Type-Options") == "nosniff")
    }

    @Test("No key gets 401 on every backend route, whatever the body says")
    func noKey() async throws {
        let service = try await ServiceHarness()
        var count = 0
        for route in service.application.table.routes {
            guard case .apiKey = route.access else { continue }
            count += 1
            let note = "\(route.method.name) \(route.template)"
            Self.expectUnauthorized(await service.send(route.method, Self.path(route)), note)
            Self.expectUnauthorized(await service.send(route.method, Self.path(route), body: "{"), note)
            Self.expectUnauthorized(await service.send(route.method, "/api" + Self.path(route)), note)
        }
        #expect(count == 50)
    }

    @Test("A key without the route's scope gets 403 on every backend route")
    func scopes() async throws {
        let service = try await ServiceHarness()
        for route in service.application.table.routes {
            guard case .apiKey(let needed) = route.access, !route.isDeploymentWide else { continue }
            let note = "\(route.method.name) \(route.template)"
            let others = Scope.allOfWorkspace.filter { $0 != needed }.map(\.text)
            let key = try #require(await service.makeKey(scopes: others, more: #","kind":"admin""#)["secret"])
            let answer = await service.send(route.method, Self.path(route), key: key)
            #expect(answer.status == 403, "\(note): \(answer.text)")
            #expect(answer.code == "insufficient_scope" || answer["error"] == "insufficient_scope", "\(note)")
            let challenge = answer.response.field("WWW-Authenticate") ?? ""
            #expect(challenge.contains(#"error="insufficient_scope""#), "\(note)")
            #expect(challenge.contains(#"scope="\#(needed.text)""#), "\(note)")
            #expect(answer.response.field("X-RateLimit-Limit") != nil, "\(note)")
            let admitted = try #require(
                await service.makeKey(scopes: [needed.text], more: #","kind":"admin""#)["secret"]
            )
            let passed = await service.send(route.method, Self.path(route), key: admitted)
            #expect(passed.status != 401 && passed.status != 403, "\(note): \(passed.text)")
        }
    }

    @Test("Unknown, mistyped, foreign and malformed keys all get the one answer")
    func badKeys() async throws {
        let service = try await ServiceHarness()
        let other = try await ServiceHarness(seed: 99)
        let good = service.setup.secret
        let flipped = good.dropLast() + (good.hasSuffix("a") ? "b" : "a")
        for key in [other.setup.secret, String(flipped), "x", good + "x", good.uppercased(), String(good.dropFirst())] {
            Self.expectUnauthorized(await service.send(.get, "/v1/invites", key: key), key.prefix(8) + "…")
            let header = [("x-api-key", key)]
            Self.expectUnauthorized(await service.send(.get, "/v1/invites", fields: header), "x-api-key")
        }
        for value in ["Basic " + good, good, "Bearer", "Bearer ", "Bearer  " + good, "Bearer " + good + " x"] {
            let header = [("Authorization", value)]
            Self.expectUnauthorized(await service.send(.get, "/v1/invites", fields: header), "Authorization")
        }
    }

    @Test("A key may come in either header, once, and not as two different ones")
    func presentation() async throws {
        let service = try await ServiceHarness()
        let good = service.setup.secret
        let table: [([(String, String)], Int)] = [
            ([("Authorization", "Bearer " + good)], 200), ([("authorization", "bearer " + good)], 200),
            ([("X-API-Key", good)], 200), ([("Authorization", "Bearer " + good), ("x-api-key", good)], 200),
            ([("Authorization", "Bearer " + good), ("x-api-key", good + "x")], 400),
            ([("Authorization", "Bearer " + good), ("Authorization", "Bearer " + good)], 400),
            ([("x-api-key", good), ("x-api-key", good)], 400),
        ]
        for (fields, status) in table {
            let answer = await service.send(.get, "/v1/invites", fields: fields)
            #expect(answer.status == status, "\(fields.map(\.0)): \(answer.text)")
        }
    }

    @Test("A revoked key and an expired one get the one answer, and leave an event")
    func endedKeys() async throws {
        let service = try await ServiceHarness()
        let revoked = await service.makeKey(scopes: ["invites:read"])
        let end = RFC3339.text(service.time.now().adding(seconds: 100))
        let expiring = await service.makeKey(scopes: ["invites:read"], more: #","expires_at":"\#(end)""#)
        let keys = [try #require(revoked["secret"]), try #require(expiring["secret"])]
        for key in keys { #expect(await service.send(.get, "/v1/invites", key: key).status == 200) }
        #expect(await service.admin(.delete, "/v1/api-keys/\(try #require(revoked["id"]))").status == 204)
        Self.expectUnauthorized(await service.send(.get, "/v1/invites", key: keys[0]), "revoked")
        service.time.advance(milliseconds: 99_999)
        #expect(await service.send(.get, "/v1/invites", key: keys[1]).status == 200)
        service.time.advance(milliseconds: 1)
        Self.expectUnauthorized(await service.send(.get, "/v1/invites", key: keys[1]), "expired")
        let failures = try await service.events().filter { $0.type == "auth.failed" }
        #expect(Set(failures.map(\.actor)) == Set([revoked["id"], expiring["id"]].compactMap(\.self)))
    }

    @Test("A key that is suspended in the store gets the one answer")
    func suspended() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let id = try #require(TypeID.parse(.apiKey, made["id"] ?? ""))
        let tenant = Tenant(workspace: service.setup.workspace, environment: .test)
        _ = try await service.store.changeAPIKey(
            id,
            of: tenant,
            change: .suspend(at: service.time.now()),
            now: service.time.now(),
            audit: []
        )
        Self.expectUnauthorized(await service.send(.get, "/v1/invites", key: made["secret"]), "suspended")
        #expect(await service.admin(.get, "/v1/api-keys/\(TypeID.text(.apiKey, id))")["status"] == "suspended")
    }

    @Test(
        "A deployment of one environment refuses keys of the other",
        arguments: [(DeploymentEnvironment.live, DeploymentEnvironment.test), (.test, .live)]
    )
    func environments(made: DeploymentEnvironment, serving: DeploymentEnvironment) async throws {
        let service = try await ServiceHarness(environment: made, serving: serving)
        Self.expectUnauthorized(await service.admin(.get, "/v1/invites"), "\(made)")
    }

    @Test(
        "A key that comes from a browser is refused, and its owner gets to know",
        arguments: [("Origin", "https://app.example.com"), ("Sec-Fetch-Site", "same-origin"), ("origin", "null")]
    )
    func browser(name: String, value: String) async throws {
        let service = try await ServiceHarness()
        let answer = await service.admin(.get, "/v1/invites", fields: [(name, value)])
        #expect(answer.status == 403)
        #expect(answer.code == "key_in_browser")
        #expect(answer.response.field("Access-Control-Allow-Origin") == nil)
        let events = try await service.events().filter { $0.type.contains("key_in_browser") }
        #expect(events.count == 1)
        #expect(events.first?.target == TypeID.text(.apiKey, service.setup.apiKey))
        Self.expectUnauthorized(await service.send(.get, "/v1/invites", fields: [(name, value)]), "no key")
    }

    @Test("A key works from the addresses on its list alone")
    func addresses() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(
            scopes: ["invites:read"],
            more: #","ip_allowlist":["203.0.113.0/24","2001:db8::/32"]"#
        )
        let key = try #require(made["secret"])
        let table = [
            ("203.0.113.7", 200), ("203.0.114.7", 403), ("2001:db8::1", 200), ("2001:db9::1", 403), ("127.0.0.1", 403),
        ]
        for (text, status) in table {
            let address = try #require(IPAddress(parsing: text))
            let answer = await service.send(.get, "/v1/invites", key: key, from: address)
            #expect(answer.status == status, "\(text): \(answer.text)")
            if status == 403 { #expect(answer.code == "ip_not_allowed") }
            let spoofed = [("X-Forwarded-For", "203.0.113.7")]
            let again = await service.send(.get, "/v1/invites", fields: spoofed, key: key, from: address)
            #expect(again.status == status)
        }
    }

    @Test("Refused credentials count against the address, and beyond its limit the answer is 429")
    func bruteForce() async throws {
        let service = try await ServiceHarness(addressLimit: 3)
        for _ in 0..<3 { Self.expectUnauthorized(await service.send(.get, "/v1/invites", key: "x"), "within") }
        let answer = await service.send(.get, "/v1/invites", key: "x")
        #expect(answer.status == 429)
        #expect(answer.code == "rate_limited")
        #expect(Int(answer.response.field("Retry-After") ?? "").map { (1...60).contains($0) } == true)
        #expect(await service.admin(.get, "/v1/invites").status == 200)
        let elsewhere = try #require(IPAddress(parsing: "203.0.113.7"))
        Self.expectUnauthorized(await service.send(.get, "/v1/invites", key: "x", from: elsewhere), "elsewhere")
        service.time.advance(seconds: 60)
        Self.expectUnauthorized(await service.send(.get, "/v1/invites", key: "x"), "next minute")
    }

    @Test("Exchanges count against the address too")
    func exchanges() async throws {
        let service = try await ServiceHarness(addressLimit: 2)
        for _ in 0..<2 { #expect(await service.redeem("x").status == 401) }
        let answer = await service.redeem("x")
        #expect(answer.status == 429)
        #expect(answer.response.field("Retry-After") != nil)
        #expect(answer.response.field("Access-Control-Allow-Origin") == "*")
    }

    @Test("Every answer to a key tells its rate, in both spellings")
    func rateFields() async throws {
        let service = try await ServiceHarness()
        for answer in [
            await service.admin(.get, "/v1/invites"), await service.admin(.get, "/v1/invites?x=1"),
            await service.admin(.get, "/v1/invites/none"), await service.mint(),
        ] {
            #expect(answer.response.field("X-RateLimit-Limit") == "10000000")
            let remaining = try #require(Int(answer.response.field("X-RateLimit-Remaining") ?? ""))
            #expect(remaining < 10_000_000 && remaining > 9_999_000)
            let reset = try #require(Int64(answer.response.field("X-RateLimit-Reset") ?? ""))
            let now = service.time.now().seconds
            #expect(reset > now && reset <= now + 60)
            #expect(answer.response.field("RateLimit-Policy") == #""key";q=10000000;w=60"#)
            #expect(answer.response.field("RateLimit") == #""key";r=\#(remaining);t=\#(reset - now)"#)
        }
    }

    @Test("A key has its requests a minute; a batch is one, and the next minute is new")
    func rateLimit() async throws {
        let service = try await ServiceHarness()
        service.faults.set(settings: #"{"requests_per_minute":3}"#)
        let item = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
        let batch = #"{"invites":[\#(item),\#(item),\#(item),\#(item),\#(item)]}"#
        #expect(await service.admin(.post, "/v1/invites/batch", body: batch).status == 200)
        #expect(await service.admin(.get, "/v1/invites").response.field("X-RateLimit-Remaining") == "1")
        #expect(await service.admin(.get, "/v1/invites").response.field("X-RateLimit-Remaining") == "0")
        let refused = await service.admin(.get, "/v1/invites")
        #expect(refused.status == 429)
        #expect(refused.code == "rate_limited")
        #expect(refused.response.field("X-RateLimit-Limit") == "3")
        #expect(refused.response.field("X-RateLimit-Remaining") == "0")
        let wait = try #require(Int(refused.response.field("Retry-After") ?? ""))
        #expect((1...60).contains(wait))
        service.time.advance(seconds: wait)
        #expect(await service.admin(.get, "/v1/invites").status == 200)
    }

    @Test("A new key never exceeds its maker")
    func narrower() async throws {
        let service = try await ServiceHarness()
        let end = RFC3339.text(service.time.now().adding(seconds: 1000))
        let later = RFC3339.text(service.time.now().adding(seconds: 1001))
        let maker = await service.makeKey(
            scopes: ["keys:write", "invites:read"],
            more: #","kind":"admin","expires_at":"\#(end)","ip_allowlist":["127.0.0.0/8"]"#
                + #","allowed_origins":["https://a.example"]"#
        )
        let key = try #require(maker["secret"], "\(maker.text)")
        let table: [(String, String)] = [
            (#""scopes":["invites:write"]"#, "scopes"),
            (#""scopes":["invites:read"],"environment":"live""#, "environment"),
            (#""scopes":["invites:read"],"expires_at":"\#(later)""#, "expires_at"),
            (#""scopes":["invites:read"],"ip_allowlist":["0.0.0.0/0"]"#, "ip_allowlist"),
            (#""scopes":["invites:read"],"allowed_origins":["https://b.example"]"#, "allowed_origins"),
            (#""scopes":["invites:read"],"kind":"platform""#, "kind"),
        ]
        for (members, param) in table {
            let answer = await service.send(.post, "/v1/api-keys", body: "{\"name\":\"n\",\(members)}", key: key)
            #expect(answer.status == 403, "\(answer.text)")
            #expect(answer.code == "forbidden")
            #expect(answer.param == param)
        }
        let made = await service.send(
            .post,
            "/v1/api-keys",
            body: #"{"name":"n","scopes":["invites.read"]}"#,
            key: key
        )
        #expect(made.status == 201, "\(made.text)")
        #expect(made["expires_at"] == end)
        #expect(made.json?["ip_allowlist"]?.elements.compactMap(\.string) == ["127.0.0.0/8"])
        #expect(made.json?["scopes"]?.elements.compactMap(\.string) == ["invites:read"])
        #expect(made["kind"] == "standard")
        #expect(made["prefix"] == "ts_test_..." + String((made["secret"] ?? "").suffix(4)))
    }

    @Test("A key's secret is in the answer that makes it, and nowhere else")
    func secrecy() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let secret = try #require(made["secret"])
        #expect(made.response.field("Cache-Control") == "no-store")
        #expect(APIKeySecret(presented: secret) != nil)
        for path in ["/v1/api-keys", "/v1/api-keys/\(try #require(made["id"]))", "/v1/audit-events"] {
            #expect(!(await service.admin(.get, path).text.contains(secret)))
        }
    }
}
