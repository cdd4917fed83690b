import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Plans and limits")
struct PlanTests {
    private static let families: [StaticString] = [
        "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Policy", "RateLimit",
    ]
    private static let invite = #"{"campaign_id":"c","participant_email":"a@b.example"}"#

    /// A workspace and a key in it.
    private static func tenant(
        _ service: ServiceHarness,
        plan: String,
        settings: String = "{}"
    ) async throws -> (platform: MadeKey, workspace: String, key: MadeKey) {
        let platform = try await service.platformKey()
        let workspace = try await service.makeWorkspace(platform, slug: "acme", plan: plan, settings: settings)
        return (platform, workspace, try await service.makeKey(in: workspace, platform))
    }

    @Test(
        "S26: of racing requests for keys exactly as many succeed as the plan has room for",
        arguments: [("free", 10), ("pro", 25)]
    )
    func keyLimits(plan: String, limit: Int) async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let workspace = try await service.makeWorkspace(platform, slug: "acme", plan: plan)
        let target = "/v1/api-keys?workspace_id=\(workspace)"
        let body = #"{"name":"n","scopes":["invites:read"]}"#
        let answers = await withTaskGroup(of: Answer.self) { group in
            for _ in 0..<limit + 15 {
                group.addTask { await service.send(.post, target, body: body, key: platform.secret) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let made = answers.filter { $0.status == 201 }
        #expect(made.count == limit)
        for answer in answers where answer.status != 201 {
            #expect(answer.status == 409 && answer.code == "conflict", "\(answer.text)")
            #expect(answer.json?["error"]?["message"]?.string?.contains("\(limit)") == true)
        }
        // A key that is revoked makes room for one.
        let id = try #require(made.first?["id"])
        let path = "/v1/api-keys/\(id)?workspace_id=\(workspace)"
        #expect(await service.send(.delete, path, key: platform.secret).status == 204)
        #expect(await service.send(.post, target, body: body, key: platform.secret).status == 201)
        #expect(await service.send(.post, target, body: body, key: platform.secret).status == 409)
    }

    @Test("S26: an enterprise workspace may have any number of keys, and a change of plan counts from its answer on")
    func unlimited() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let workspace = try await service.makeWorkspace(platform, slug: "acme")
        for _ in 0..<30 { _ = try await service.makeKey(in: workspace, platform) }
        let change = await service.send(
            .patch,
            "/v1/workspaces/\(workspace)",
            body: #"{"plan":"pro"}"#,
            key: platform.secret
        )
        #expect(change.json?["limits"]?["api_keys"]?.integer == 25)
        let body = #"{"name":"n","scopes":["invites:read"]}"#
        let target = "/v1/api-keys?workspace_id=\(workspace)"
        #expect(await service.send(.post, target, body: body, key: platform.secret).status == 409)
    }

    @Test("S10: test keys cost nothing: they take no room from live keys, nor live requests")
    func testKeysAreFree() async throws {
        let service = try await ServiceHarness()
        let test = try await service.platformKey()
        let live = try await service.platformKey(environment: .live)
        let workspace = try await service.makeWorkspace(test, slug: "acme", plan: "free")
        for _ in 0..<10 { _ = try await service.makeKey(in: workspace, test) }
        let keys = [try await service.makeKey(in: workspace, live), try await service.makeKey(in: workspace, live)]
        for key in keys {
            let answer = await service.send(.get, "/v1/invites", key: key.secret)
            #expect(answer.response.field("X-RateLimit-Remaining") == "99")
        }
    }

    @Test(
        "S59: of parallel requests exactly the plan's number is admitted in a minute, and again in the next",
        arguments: [("free", "{}", 100), ("pro", "{}", 1000), ("enterprise", #"{"requests_per_minute":37}"#, 37)]
    )
    func rates(plan: String, settings: String, limit: Int) async throws {
        let service = try await ServiceHarness()
        let key = try await Self.tenant(service, plan: plan, settings: settings).key.secret
        for _ in 0..<2 {
            let statuses = await withTaskGroup(of: [Int].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var statuses: [Int] = []
                        for _ in 0..<limit / 8 + 20 {
                            statuses.append(await service.send(.get, "/v1/invites/x", key: key).status)
                        }
                        return statuses
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            #expect(statuses.count { $0 == 404 } == limit)
            #expect(statuses.count { $0 == 429 } == statuses.count - limit)
            service.time.advance(milliseconds: 60_000)
        }
    }

    @Test("S58: whoever is over the limit gets 429 with the seconds to wait, and is let in after them")
    func retryAfter() async throws {
        let service = try await ServiceHarness()
        let key = try await Self.tenant(service, plan: "pro", settings: #"{"requests_per_minute":1}"#).key.secret
        #expect(await service.send(.get, "/v1/invites", key: key).status == 200)
        let refused = await service.send(.get, "/v1/invites", key: key)
        #expect(refused.status == 429 && refused.code == "rate_limited", "\(refused.text)")
        let wait = try #require(refused.response.field("Retry-After").flatMap { Int64($0) })
        #expect((1...60).contains(wait))
        #expect(refused.response.field("X-RateLimit-Remaining") == "0")
        let reset = service.time.now().seconds + wait
        #expect(refused.response.field("X-RateLimit-Reset") == String(reset))
        service.time.advance(milliseconds: Int(wait * 1000 - service.time.now().milliseconds % 1000 - 1))
        #expect(await service.send(.get, "/v1/invites", key: key).status == 429)
        service.time.advance(milliseconds: 1)
        #expect(await service.send(.get, "/v1/invites", key: key).status == 200)
    }

    @Test("S55: a workspace whose clients know 403 alone gets that over the limit, with Retry-After, in every form")
    func forbiddenOverLimit() async throws {
        let service = try await ServiceHarness()
        let settings = #"{"requests_per_minute":1,"rate_limit_status":403}"#
        let key = try await Self.tenant(service, plan: "pro", settings: settings).key.secret
        #expect(await service.send(.get, "/v1/invites", key: key).status == 200)
        let refused = await service.send(.get, "/v1/invites", key: key)
        #expect(refused.status == 403 && refused.code == "forbidden", "\(refused.text)")
        #expect(refused.json?["error"]?["status"]?.integer == 403)
        #expect(refused.response.field("Retry-After").flatMap { Int($0) }.map { (1...60).contains($0) } == true)
        #expect(refused.response.field("WWW-Authenticate") == nil)
        for name in Self.families { #expect(refused.response.field(name) != nil, "\(name)") }
        let form = [("Content-Type", "application/x-www-form-urlencoded")]
        let oauth = await service.send(.post, "/v1/tokens/introspect", body: "token=x", fields: form, key: key)
        #expect(oauth.status == 403 && oauth["error"] == "temporarily_unavailable", "\(oauth.text)")
        #expect(oauth.response.field("Retry-After") != nil)
    }

    @Test("S60: both families of rate headers stand on every answer to a key, refusals and strays among them")
    func headers() async throws {
        let service = try await ServiceHarness()
        let admin = service.setup.secret
        let other = try await service.makeKey(
            in: service.firstWorkspace,
            try await service.platformKey(),
            scopes: ["usage:read"]
        )
        var requests: [(HTTPMethod, String, String?, String)] = [
            (.get, "/v1/nope", nil, admin), (.get, "/", nil, admin), (.put, "/v1/invites", nil, admin),
            (.get, "/v1/widget/sessions", nil, admin), (.get, "/v1/invites?limit=0", nil, admin),
            (.get, "/v1/invites?x=1", nil, admin), (.get, "/v1/invites?a=%zz", nil, admin),
            (.post, "/v1/invites", "{", admin), (.post, "/v1/invites", "{}", other.secret),
            (.get, "/v1/invites?workspace_id=x", nil, admin),
        ]
        for route in service.application.table.routes {
            guard case .apiKey = route.access else { continue }
            let path = AuthenticationTests.path(route)
            requests += [(route.method, path, nil, admin), (route.method, path, "{}", admin)]
            requests.append((route.method, path, "{}", other.secret))
        }
        for (method, target, body, key) in requests {
            let answer = await service.send(method, target, body: body, key: key)
            for name in Self.families {
                #expect(answer.response.field(name) != nil, "\(method.name) \(target) \(answer.status): \(name)")
            }
        }
        let limit = service.application.services.workspaces
        #expect(try await limit.settings(of: service.setup.workspace).requestsPerMinute == 10_000_000)
    }

    @Test("A path that is none tells nobody whether a key exists, and tries there count like all others")
    func strays() async throws {
        let service = try await ServiceHarness(addressLimit: 5)
        let unknown = try await ServiceHarness(seed: 78).setup.secret
        for count in 1...7 {
            let answer = await service.send(.get, "/v1/nope", key: unknown)
            #expect(answer.status == (count <= 5 ? 404 : 429), "\(count): \(answer.text)")
            for name in Self.families { #expect(answer.response.field(name) == nil) }
        }
        #expect(await service.send(.get, "/v1/nope").status == 404)
        #expect(await service.send(.get, "/v1/nope", token: "eyJ.a.b").status == 404)
        #expect(await service.admin(.get, "/v1/nope").status == 404)
    }

    @Test("S57: a workspace that may not mint gets 402 on what mints; participants and all else go on")
    func paymentRequired() async throws {
        let service = try await ServiceHarness()
        let (platform, workspace, key) = try await Self.tenant(service, plan: "free")
        let pending = await service.send(.post, "/v1/invites", body: Self.invite, key: key.secret)
        let first = await service.send(.post, "/v1/invites", body: Self.invite, key: key.secret)
        let opened = await service.redeem(try #require(first["invite_token"]))
        let token = try #require(opened["participant_token"])
        func allow(_ minting: Bool) async {
            let body = #"{"settings":{"minting_allowed":\#(minting)}}"#
            let path = "/v1/workspaces/\(workspace)"
            #expect(await service.send(.patch, path, body: body, key: platform.secret).status == 200)
        }
        await allow(false)
        let mints = [
            ("/v1/invites", Self.invite), ("/v1/invites/batch", #"{"invites":[\#(Self.invite)]}"#),
            ("/v1/participant-tokens", Self.invite),
        ]
        for (path, body) in mints {
            let own = await service.send(.post, path, body: body, key: key.secret)
            #expect(own.status == 402 && own.code == "payment_required", "\(path): \(own.text)")
            for name in Self.families { #expect(own.response.field(name) != nil) }
            let target = path + "?workspace_id=\(workspace)"
            let byPlatform = await service.send(.post, target, body: body, key: platform.secret)
            #expect(byPlatform.status == 402, "\(path): \(byPlatform.text)")
            #expect(await service.admin(.post, path, body: body).status < 300, "another workspace mints on")
        }
        let minting = service.application.table.routes.filter(\.mints).map(\.template)
        #expect(Set(minting) == Set(mints.map(\.0)))
        // The participants' side.
        #expect(await service.redeem(try #require(pending["invite_token"])).status == 201)
        #expect(await service.send(.get, "/v1/widget/session", token: token).status == 200)
        #expect(await service.send(.post, "/v1/widget/session/renew", token: token).status == 200)
        let forward = "/v1/forward-auth?campaign_id=c&environment=test&workspace_id=\(workspace)"
        #expect(await service.send(.get, forward, token: token).status == 204)
        #expect(await service.send(.delete, "/v1/widget/session", token: token).status == 204)
        // The rest of the backend's side.
        #expect(await service.send(.get, "/v1/invites", key: key.secret).status == 200)
        let verify = #"{"token":"\#(token)"}"#
        #expect(await service.send(.post, "/v1/tokens/verify", body: verify, key: key.secret).status == 200)
        let revocation = #"{"campaign_id":"c"}"#
        #expect(await service.send(.post, "/v1/revocations", body: revocation, key: key.secret).status == 201)
        await allow(true)
        #expect(await service.send(.post, "/v1/invites", body: Self.invite, key: key.secret).status == 201)
    }

    @Test("S61: a batch of a thousand counts as one request")
    func batches() async throws {
        let service = try await ServiceHarness()
        let key = try await Self.tenant(service, plan: "free").key.secret
        let items = Array(repeating: Self.invite, count: 1000).joined(separator: ",")
        let answer = await service.send(.post, "/v1/invites/batch", body: #"{"invites":[\#(items)]}"#, key: key)
        #expect(answer.status == 200)
        #expect(answer.json?["results"]?.count == 1000)
        #expect(answer.response.field("X-RateLimit-Remaining") == "99")
    }

    @Test("S05: a key belongs to the workspace in which it was made, and to none beside it")
    func oneTenant() async throws {
        let service = try await ServiceHarness()
        let (_, workspace, key) = try await Self.tenant(service, plan: "free")
        let minted = await service.send(.post, "/v1/invites", body: Self.invite, key: key.secret)
        let opened = await service.redeem(try #require(minted["invite_token"]))
        let token = try #require(opened["participant_token"])
        #expect(await service.send(.get, "/v1/widget/session", token: token)["workspace_id"] == workspace)
        #expect(await service.admin(.get, "/v1/invites").json?["data"]?.count == 0)
    }
}
