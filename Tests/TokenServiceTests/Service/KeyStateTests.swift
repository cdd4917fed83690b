import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Suspending, resuming and ending keys")
struct KeyStateTests {
    @Test("S41: a suspended key gets 401 and works again once resumed")
    func suspends() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read", "invites:write"])
        let path = "/v1/api-keys/\(try #require(made["id"]))"
        let secret = try #require(made["secret"])
        #expect(await service.send(.get, "/v1/invites", key: secret).status == 200)
        for _ in 0..<2 {
            let answer = await service.admin(.post, path + "/suspend")
            #expect(answer.status == 200)
            #expect(answer["status"] == "suspended")
            #expect(answer["secret"] == nil)
        }
        for method in [HTTPMethod.get, .post] {
            let answer = await service.send(method, "/v1/invites", body: method == .post ? "{}" : nil, key: secret)
            #expect(answer.status == 401, "\(answer.text)")
            #expect(answer.code == "unauthorized")
        }
        for _ in 0..<2 {
            let answer = await service.admin(.post, path + "/resume", body: "{}")
            #expect(answer.status == 200)
            #expect(answer["status"] == "active")
        }
        #expect(await service.send(.get, "/v1/invites", key: secret).status == 200)
        let types = try await service.changes().filter { $0.target == made["id"] }.map(\.type)
        #expect(types.filter { $0 == "key.suspended" }.count == 1)
        #expect(types.filter { $0 == "key.resumed" }.count == 1)
    }

    @Test("S41: what a suspended key minted lives on")
    func familyLives() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:write"])
        let body = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
        let minted = await service.send(.post, "/v1/invites", body: body, key: made["secret"])
        #expect(await service.admin(.post, "/v1/api-keys/\(try #require(made["id"]))/suspend").status == 200)
        #expect(await service.redeem(try #require(minted["invite_token"])).status == 201)
    }

    @Test("Suspend and resume take no members", arguments: ["suspend", "resume"])
    func noMembers(verb: String) async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let path = "/v1/api-keys/\(try #require(made["id"]))/\(verb)"
        let answer = await service.admin(.post, path, body: #"{"reason":"x"}"#)
        #expect(answer.status == 400)
        #expect(answer.param == "reason")
    }

    @Test(
        "S41: a key resumes none that is wider than itself, whatever it is wider in",
        arguments: [
            (#"["invites:read","audit:read"]"#, #","ip_allowlist":["10.0.0.0/8"]"#, "scopes"),
            (#"["invites:read"]"#, "", "ip_allowlist"),
            (#"["invites:read"]"#, #","ip_allowlist":["10.0.0.0/7"]"#, "ip_allowlist"),
            (#"["invites:read"]"#, #","ip_allowlist":["10.0.0.0/8"]"#, "allowed_origins"),
            (
                #"["invites:read"]"#, #","ip_allowlist":["10.0.0.0/8"],"allowed_origins":["https://a.example"]"#,
                "expires_at"
            ),
        ]
    )
    func resumesNoneWider(scopes: String, more: String, param: String) async throws {
        let service = try await ServiceHarness()
        let end = RFC3339.text(service.time.now().adding(seconds: 60))
        let narrow = await service.makeKey(
            scopes: ["keys:write", "invites:read"],
            more: #","kind":"admin","ip_allowlist":["10.0.0.0/8"],"allowed_origins":["https://a.example"]"#
                + (param == "expires_at" ? #","expires_at":"\#(end)""# : "")
        )
        let secret = try #require(narrow["secret"], "\(narrow.text)")
        let leaked = await service.admin(
            .post,
            "/v1/api-keys",
            body: #"{"name":"leaked","kind":"admin","scopes":\#(scopes)\#(more)}"#
        )
        let path = "/v1/api-keys/\(try #require(leaked["id"], "\(leaked.text)"))"
        #expect(await service.admin(.post, path + "/suspend").status == 200)
        let address = try #require(IPAddress(parsing: "10.1.2.3"))
        let refused = await service.send(.post, path + "/resume", key: secret, from: address)
        #expect(refused.status == 403 && refused.code == "forbidden", "\(refused.text)")
        #expect(refused.param == param)
        #expect(await service.admin(.get, path)["status"] == "suspended")
        #expect(await service.send(.get, "/v1/invites", key: leaked["secret"], from: address).status == 401)
        #expect(try await service.changes().allSatisfy { $0.type != "key.resumed" })
        #expect(await service.admin(.post, path + "/resume").status == 200)
    }

    @Test("S41: a key resumes one that reaches as far as itself")
    func resumesEqual() async throws {
        let service = try await ServiceHarness()
        let more = #","kind":"admin","ip_allowlist":["127.0.0.0/8"],"allowed_origins":["https://a.example"]"#
        let maker = await service.makeKey(scopes: ["keys:write", "invites:read"], more: more)
        let other = await service.makeKey(scopes: ["keys:write", "invites:read"], more: more)
        let path = "/v1/api-keys/\(try #require(other["id"], "\(other.text)"))"
        #expect(await service.send(.post, path + "/suspend", key: maker["secret"]).status == 200)
        #expect(await service.send(.post, path + "/resume", key: maker["secret"]).status == 200)
        #expect(await service.send(.get, "/v1/invites", key: other["secret"]).status == 200)
    }

    @Test("A key that suspends itself is refused from the next request on")
    func suspendsItself() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["keys:write"], more: #","kind":"admin""#)
        let path = "/v1/api-keys/\(try #require(made["id"]))"
        #expect(await service.send(.post, path + "/suspend", key: made["secret"]).status == 200)
        #expect(await service.send(.post, path + "/resume", key: made["secret"]).status == 401)
    }

    @Test(
        "S44: a request that reads gets 401 when its key ends while it runs",
        arguments: [
            ("invites", HTTPMethod.get, "/v1/invites", String?.none), ("invite", .get, "/v1/invites/ID", nil),
            ("apiKeys", .get, "/v1/api-keys", nil), ("auditEvents", .get, "/v1/audit-events", nil),
            ("apiKey", .post, "/v1/api-keys/verify", #"{"key":"OTHER"}"#),
        ]
    )
    func inFlight(call: String, method: HTTPMethod, target: String, body: String?) async throws {
        let service = try await ServiceHarness()
        let scopes = ["invites:read", "invites:write", "keys:read", "audit:read"]
        let made = await service.makeKey(scopes: scopes, more: #","kind":"admin""#)
        let id = try #require(made["id"], "\(made.text)")
        let invite = try #require(await service.mint()["id"])
        let other = try #require(await service.makeKey(scopes: ["invites:read"])["secret"])
        // In the cache, so that the first call of the name is the request's own.
        #expect(await service.send(.get, "/v1/invites?limit=1", key: made["secret"]).status == 200)
        service.faults.before(call) { _ = await service.admin(.delete, "/v1/api-keys/\(id)") }
        let answer = await service.send(
            method,
            target.split(separator: "ID", omittingEmptySubsequences: false).joined(separator: invite),
            body: body.map { $0.split(separator: "OTHER").joined(separator: other) },
            key: made["secret"]
        )
        #expect(answer.status == 401, "\(answer.text)")
        #expect(answer.code == "unauthorized")
    }

    @Test("S44: a request that makes a key with one that ends meanwhile makes none", arguments: ["create", "rotate"])
    func inFlightMaking(verb: String) async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["keys:write", "invites:read"], more: #","kind":"admin""#)
        let target = await service.makeKey(scopes: ["invites:read"])
        let id = try #require(made["id"])
        service.faults.before(verb + "APIKey") { _ = await service.admin(.delete, "/v1/api-keys/\(id)") }
        let answer =
            verb == "create"
            ? await service.send(
                .post,
                "/v1/api-keys",
                body: #"{"name":"n","scopes":["invites:read"]}"#,
                key: made["secret"]
            )
            : await service.send(
                .post,
                "/v1/api-keys/\(try #require(target["id"]))/rotate",
                key: made["secret"]
            )
        #expect(answer.status == 401, "\(answer.text)")
        #expect(await service.admin(.get, "/v1/api-keys").json?["data"]?.count == 3)
    }

    /// Requests that leave something lasting behind: the call of the store that does it, the request, its body.
    private static let granting: [(String, HTTPMethod, String, String?)] = [
        (
            "createMember", .post, "/v1/members",
            #"{"email":"new@acme.example","password":"\#(ServiceHarness.password)"}"#
        ),
        ("changeMember", .patch, "/v1/members/MEMBER", #"{"password":"another long password"}"#),
        ("changeMember", .patch, "/v1/members/MEMBER", #"{"end_sessions":true}"#),
        ("changePolicy", .put, "/v1/policies?workspace_id=WORKSPACE", #"{"max_uses_max":9}"#),
        ("changePolicy", .put, "/v1/campaigns/spring/policy?workspace_id=WORKSPACE", #"{"max_uses_max":1}"#),
        ("changePolicy", .post, "/v1/policies/revert?workspace_id=WORKSPACE", #"{"version":1}"#),
        ("changePolicy", .delete, "/v1/campaigns/autumn/policy?workspace_id=WORKSPACE", nil),
        ("createWorkspace", .post, "/v1/workspaces", #"{"name":"New","slug":"new"}"#),
        ("changeWorkspace", .patch, "/v1/workspaces/WORKSPACE", #"{"settings":{"allowed_origins":[]}}"#),
        (
            "createWebhook", .post, "/v1/webhooks?workspace_id=WORKSPACE",
            #"{"url":"https://hooks.example.com/t","events":["*"]}"#
        ),
    ]

    @Test(
        "S44: a key that ends while its request runs makes and changes no member, policy, workspace or webhook",
        arguments: granting
    )
    func inFlightGranting(call: String, method: HTTPMethod, target: String, body: String?) async throws {
        let service = try await ServiceHarness(environment: .live)
        let platform = try await service.platformKey()
        let (workspace, member) = (service.firstWorkspace, try await service.makeMember(role: .viewer))
        let browser = try await service.browser()
        func send(_ method: HTTPMethod, _ target: String, _ body: String?) async -> Answer {
            let target = target.replacing("WORKSPACE", with: workspace).replacing("MEMBER", with: member)
            return await service.send(method, target, body: body, key: platform.secret)
        }
        for uses in 1...2 {
            for target in ["/v1/policies", "/v1/campaigns/autumn/policy"] {
                let answer = await send(.put, target + "?workspace_id=WORKSPACE", #"{"max_uses_max":\#(uses)}"#)
                #expect(answer.status == 200, "\(answer.text)")
            }
        }
        let origins = #"{"settings":{"allowed_origins":["https://app.example.com"]}}"#
        #expect(await send(.patch, "/v1/workspaces/WORKSPACE", origins).status == 200)
        func changes() async throws -> [String] {
            try await service.changes().map(\.type).filter { !$0.hasPrefix("key.") }
        }
        let before = try await changes()
        service.faults.before(call) {
            let revoked = await service.send(.post, "/v1/api-keys/self-revoke", body: #"{"key":"\#(platform.secret)"}"#)
            #expect(revoked.status == 204)
        }
        let answer = await send(method, target, body)
        #expect(answer.status == 401 && answer.code == "unauthorized", "\(answer.text)")
        #expect(try await changes() == before)
        #expect(await service.asOperator(.get, "/v1/members").json?["data"]?.count == 1)
        #expect(await service.asOperator(.get, "/v1/workspaces").json?["data"]?.count == 1)
        #expect(await service.send(.get, "/v1/console/sessions", fields: browser.fields).status == 200)
    }

    @Test("S44: a change of another key does not disturb a request that runs")
    func othersInFlight() async throws {
        let service = try await ServiceHarness()
        let other = try #require(await service.makeKey(scopes: ["invites:read"])["id"])
        service.faults.before("invites") { _ = await service.admin(.delete, "/v1/api-keys/\(other)") }
        #expect(await service.admin(.get, "/v1/invites").status == 200)
    }

    @Test("S46: whoever holds a key can end it, and the trail says who and why")
    func selfRevokes() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let secret = try #require(made["secret"])
        #expect(await service.send(.get, "/v1/invites", key: secret).status == 200)
        for _ in 0..<2 {
            let answer = await service.send(.post, "/v1/api-keys/self-revoke", body: #"{"key":"\#(secret)"}"#)
            #expect(answer.status == 204, "\(answer.text)")
            #expect(answer.text.isEmpty)
            #expect(answer.response.field("X-RateLimit-Limit") == nil)
        }
        #expect(await service.send(.get, "/v1/invites", key: secret).status == 401)
        #expect(await service.admin(.get, "/v1/api-keys/\(try #require(made["id"]))")["status"] == "revoked")
        let events = try await service.changes().filter { $0.type == "key.revoked" }
        #expect(events.count == 1)
        #expect(events.first?.actor == made["id"])
        #expect(events.first?.target == made["id"])
        let detail = try JSONDocument(parsing: try #require(events.first).detail).root
        #expect(detail["reason"]?.string == "self_revoke")
    }

    @Test("S46: what is no key, or is none any more, gets the same 204, and nothing else changes")
    func selfRevokesNothing() async throws {
        let service = try await ServiceHarness()
        let foreign = try #require(try await ServiceHarness(seed: 2).makeKey(scopes: ["invites:read"])["secret"])
        let before = try await service.changes().count
        var lookups: [Int] = []
        for text in [foreign, "x", "ts_live_", String(repeating: "a", count: 256), foreign.dropLast() + "!"] {
            service.faults.arm(nil)
            let answer = await service.send(.post, "/v1/api-keys/self-revoke", body: #"{"key":"\#(text)"}"#)
            #expect(answer.status == 204, "\(answer.text)")
            lookups.append(service.faults.calls.count)
        }
        #expect(lookups == [1, 0, 0, 0, 0])
        #expect(try await service.changes().count == before)
        #expect(await service.admin(.get, "/v1/invites").status == 200)
    }

    @Test(
        "A body that is no question is named",
        arguments: [
            ("{}", "key"), (#"{"key":1}"#, "key"), (#"{"key":null}"#, "key"), (#"{"key":"x","reason":"y"}"#, "reason"),
        ]
    )
    func selfRevokeBody(body: String, param: String) async throws {
        let answer = try await ServiceHarness().send(.post, "/v1/api-keys/self-revoke", body: body)
        #expect(answer.status == 400)
        #expect(answer.param == param)
    }

    @Test("Ending keys is counted by address, good ones and bad ones alike")
    func selfRevokeLimit() async throws {
        let service = try await ServiceHarness(addressLimit: 2)
        let secret = try #require(await service.makeKey(scopes: ["invites:read"])["secret"])
        for _ in 0..<2 {
            #expect(await service.send(.post, "/v1/api-keys/self-revoke", body: #"{"key":"x"}"#).status == 204)
        }
        let answer = await service.send(.post, "/v1/api-keys/self-revoke", body: #"{"key":"\#(secret)"}"#)
        #expect(answer.status == 429)
        #expect(answer.response.field("Retry-After") != nil)
        #expect(await service.send(.get, "/v1/invites", key: secret).status == 200)
    }

    @Test("S41: suspending a key that has come to its end is refused, and nothing is done")
    func suspendsNothing() async throws {
        let service = try await ServiceHarness()
        let end = RFC3339.text(service.time.now().adding(seconds: 60))
        let made = await service.makeKey(scopes: ["invites:read"], more: #","expires_at":"\#(end)""#)
        let (id, before) = (try #require(made["id"]), try await service.changes().count)
        service.time.advance(seconds: 60)
        #expect(await service.admin(.post, "/v1/api-keys/\(id)/suspend").code == "conflict")
        #expect(try await service.changes().count == before)
        let key = try #require(TypeID.parse(.apiKey, id))
        #expect(try await service.store.apiKey(key, of: service.tenant)?.suspendedAt == nil)
    }

    @Test("A key that can not be ended now gets 503, and is not said to be dead")
    func selfRevokeFails() async throws {
        let service = try await ServiceHarness()
        let secret = try #require(await service.makeKey(scopes: ["invites:read"])["secret"])
        service.faults.arm(name: "changeAPIKey")
        let body = #"{"key":"\#(secret)"}"#
        #expect(await service.send(.post, "/v1/api-keys/self-revoke", body: body).status == 503)
        service.faults.arm(nil)
        #expect(await service.send(.get, "/v1/invites", key: secret).status == 200)
    }
}

@Suite("When a key was last used")
struct LastUseTests {
    private static func lastUse(_ service: ServiceHarness, _ id: String) async -> String? {
        await service.admin(.get, "/v1/api-keys/\(id)")["last_used_at"]
    }

    @Test("S62: the last use is shown at once, and stored in batches, exact to a minute")
    func lastUse() async throws {
        let service = try await ServiceHarness()
        let upkeep = Upkeep(services: service.application.services)
        let made = await service.makeKey(scopes: ["invites:read"])
        let (id, secret) = (try #require(made["id"]), try #require(made["secret"]))
        #expect(await Self.lastUse(service, id) == nil)
        let tenant = Tenant(workspace: service.setup.workspace, environment: .test)
        let key = try #require(TypeID.parse(.apiKey, id))
        func stored() async throws -> UnixTime? { try await service.store.apiKey(key, of: tenant)?.lastUsedAt }
        for minute in 0..<3 {
            service.time.setWall(UnixTime(seconds: 1_800_000_000 + Int64(minute) * 60 + 7))
            let first = service.time.now()
            #expect(await service.send(.get, "/v1/invites", key: secret).status == 200)
            #expect(await Self.lastUse(service, id) == RFC3339.text(first))
            await upkeep.recordUses()
            #expect(try await stored() == first)
            service.time.advance(seconds: 40)
            #expect(await service.send(.get, "/v1/invites", key: secret).status == 200)
            #expect(await Self.lastUse(service, id) == RFC3339.text(service.time.now()))
            await upkeep.recordUses()
            // Still the same minute: not written again.
            #expect(try await stored() == first)
        }
    }

    @Test("S62: many uses are one write, and one key's uses are one row of it")
    func batches() async throws {
        let service = try await ServiceHarness()
        var secrets: [String] = []
        for _ in 0..<5 { secrets.append(try #require(await service.makeKey(scopes: ["invites:read"])["secret"])) }
        for secret in secrets + secrets { #expect(await service.send(.get, "/v1/invites", key: secret).status == 200) }
        service.faults.arm(nil)
        let upkeep = Upkeep(services: service.application.services)
        await upkeep.recordUses()
        #expect(service.faults.calls == ["recordUse"])
        await upkeep.recordUses()
        #expect(service.faults.calls == ["recordUse"])
    }

    @Test("S62: uses that could not be stored are stored the next time")
    func retried() async throws {
        let service = try await ServiceHarness()
        let upkeep = Upkeep(services: service.application.services)
        let used = service.time.now()
        #expect(await service.admin(.get, "/v1/invites").status == 200)
        service.faults.arm(name: "recordUse")
        await upkeep.recordUses()
        service.faults.arm(nil)
        service.time.advance(seconds: 600)
        await upkeep.recordUses()
        let tenant = Tenant(workspace: service.setup.workspace, environment: .test)
        #expect(try await service.store.apiKey(service.setup.apiKey, of: tenant)?.lastUsedAt == used)
    }
}
