import HTTPServer
import InviteStore
import Platform
import StrictJSON
import Testing

@testable import TokenService

@Suite("Platform keys")
struct PlatformKeyTests {
    private static let invite = #"{"campaign_id":"c","participant_email":"a@b.example"}"#

    /// A path for each backend route, with ids that nothing has.
    private static func path(_ route: Route) -> String {
        route.template.replacing("{id}", with: "inv_01m7ysm950fr6tvbqwht0x6rk2")
    }

    /// The backend routes that act in one workspace.
    private static func routes(_ service: ServiceHarness) -> [Route] {
        service.application.table.routes.filter { route in
            if case .apiKey = route.access { !route.isDeploymentWide } else { false }
        }
    }

    private static func introspects(_ route: Route) -> Bool { route.template == "/v1/tokens/introspect" }

    @Test("S15: a platform key that names no workspace gets 400 on every route that acts in one")
    func mustName() async throws {
        let service = try await ServiceHarness()
        let key = try await service.platformKey().secret
        for route in Self.routes(service) {
            let answer = await service.send(route.method, Self.path(route), body: "{}", key: key)
            #expect(answer.status == 400, "\(route.template): \(answer.text)")
            if Self.introspects(route) { continue }
            #expect(answer.code == "invalid_request" && answer.param == "workspace_id", "\(route.template)")
        }
    }

    @Test("S15: an unknown or malformed workspace is 404, as an absent object is, on every route")
    func unknownWorkspace() async throws {
        let service = try await ServiceHarness()
        let key = try await service.platformKey().secret
        let absent = await service.send(
            .get,
            "/v1/invites/inv_01m7ysm950fr6tvbqwht0x6rk2?workspace_id=\(service.firstWorkspace)",
            key: key
        )
        #expect(absent.status == 404)
        for route in Self.routes(service) {
            for name in ["ws_01m7ysm950fr6tvbqwht0x6rk2", "ws_00000000000000000000000000", "acme", "", "default"] {
                for parameter in ["workspace_id", "companyId"] {
                    let target = Self.path(route) + "?\(parameter)=\(name)"
                    let answer = await service.send(route.method, target, body: "{}", key: key)
                    #expect(answer.status == 404, "\(target): \(answer.text)")
                    #expect(answer.comparable == absent.comparable, "\(target)")
                }
            }
        }
    }

    @Test("S15: companyId is another name for workspace_id; both may stand where they agree, and not where they differ")
    func alias() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let one = service.firstWorkspace
        let other = try await service.makeWorkspace(platform, slug: "other")
        let table: [(String, Int)] = [
            ("workspace_id=\(one)", 201), ("companyId=\(one)", 201), ("workspace_id=\(one)&companyId=\(one)", 201),
            ("workspace_id=\(one)&companyId=\(other)", 400), ("companyId=\(other)&workspace_id=\(one)", 400),
            ("workspace_id=\(one)&workspace_id=\(one)", 400), ("workspaceId=\(one)", 400),
        ]
        for (query, status) in table {
            let target = "/v1/invites?" + query
            let answer = await service.send(.post, target, body: Self.invite, key: platform.secret)
            #expect(answer.status == status, "\(query): \(answer.text)")
        }
    }

    @Test("S05, S14: a key of a workspace may name its own workspace and no other, on every route")
    func ownOnly() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let other = try await service.makeWorkspace(platform, slug: "other")
        let standard = try await service.makeKey(
            in: service.firstWorkspace,
            platform,
            scopes: ["invites:read", "tokens:read"],
            more: ""
        )
        for parameter in ["workspace_id", "companyId"] {
            for route in Self.routes(service) {
                for name in [other, "ws_01m7ysm950fr6tvbqwht0x6rk2", "x", ""] {
                    let target = Self.path(route) + "?\(parameter)=\(name)"
                    let answer = await service.admin(route.method, target, body: "{}")
                    #expect(answer.status == 400, "\(target): \(answer.text)")
                    if Self.introspects(route) { continue }
                    #expect(answer.param == parameter, "\(target): \(answer.text)")
                }
            }
            let own = "/v1/invites?\(parameter)=\(service.firstWorkspace)"
            #expect(await service.admin(.get, own).status == 200)
            #expect(await service.send(.get, own, key: standard.secret).status == 200)
            let foreign = "/v1/invites?\(parameter)=\(other)"
            #expect(await service.send(.get, foreign, key: standard.secret).status == 400)
        }
    }

    @Test("S15: over HTTP nobody makes a platform key: 403, whoever asks")
    func madeByOperatorAlone() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let body = #"{"name":"more","kind":"platform","scopes":["invites:read"]}"#
        for answer in [
            await service.admin(.post, "/v1/api-keys", body: body),
            await service.send(
                .post,
                "/v1/api-keys?workspace_id=\(service.firstWorkspace)",
                body: body,
                key: platform.secret
            ),
        ] {
            #expect(answer.status == 403 && answer.code == "forbidden" && answer.param == "kind", "\(answer.text)")
        }
        let ordinary = #"{"name":"x","kind":"admin","scopes":["invites:read"]}"#
        let misplaced = await service.asOperator(.post, "/v1/api-keys", body: ordinary)
        #expect(misplaced.status == 403, "the deployment itself holds platform keys alone: \(misplaced.text)")
    }

    @Test("S15, S36: a platform key acts in each workspace as one of its keys would, and is the actor of what it does")
    func acts() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let one = try await service.makeWorkspace(platform, slug: "one")
        let two = try await service.makeWorkspace(platform, slug: "two")
        var ids: [String: String] = [:]
        for workspace in [one, two] {
            let minted = await service.send(
                .post,
                "/v1/invites?workspace_id=\(workspace)",
                body: Self.invite,
                key: platform.secret
            )
            ids[workspace] = minted["id"]
            #expect(minted.status == 201, "\(minted.text)")
            let opened = await service.redeem(try #require(minted["invite_token"]))
            let token = try #require(opened["participant_token"])
            let read = await service.send(.get, "/v1/widget/session", token: token)
            #expect(read["workspace_id"] == workspace, "\(read.text)")
            let trail = await service.send(
                .get,
                "/v1/audit-events?workspace_id=\(workspace)&type=invite.created",
                key: platform.secret
            )
            #expect(trail.json?["data"]?.elements.compactMap { $0["actor"]?.string } == [platform.id])
        }
        for (workspace, other) in [(one, two), (two, one)] {
            let id = try #require(ids[other])
            let target = "/v1/invites/\(id)?workspace_id=\(workspace)"
            #expect(await service.send(.get, target, key: platform.secret).status == 404)
            let list = await service.send(.get, "/v1/invites?workspace_id=\(workspace)", key: platform.secret)
            #expect(list.json?["data"]?.elements.compactMap { $0["id"]?.string } == [ids[workspace] ?? ""])
        }
    }

    @Test("S15, S17: a platform key makes a workspace's first admin key, which stays within that workspace")
    func firstKey() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let workspace = try await service.makeWorkspace(platform, slug: "acme")
        let admin = try await service.makeKey(in: workspace, platform)
        #expect(await service.send(.post, "/v1/invites", body: Self.invite, key: admin.secret).status == 201)
        let keys = await service.send(.get, "/v1/api-keys", key: admin.secret)
        #expect(keys.json?["data"]?.elements.compactMap { $0["id"]?.string } == [admin.id])
        #expect(await service.send(.get, "/v1/api-keys/\(platform.id)", key: admin.secret).status == 404)
    }

    @Test("A platform key holds scopes as others do, and gives away none that it lacks")
    func scopes() async throws {
        let service = try await ServiceHarness()
        let narrow = try await service.platformKey(scopes: ["invites:read", "keys:write"])
        let query = "?workspace_id=\(service.firstWorkspace)"
        #expect(await service.send(.get, "/v1/invites" + query, key: narrow.secret).status == 200)
        let mint = await service.send(.post, "/v1/invites" + query, body: Self.invite, key: narrow.secret)
        #expect(mint.status == 403 && mint.code == "insufficient_scope")
        let wider = #"{"name":"x","scopes":["invites:write"]}"#
        let made = await service.send(.post, "/v1/api-keys" + query, body: wider, key: narrow.secret)
        #expect(made.status == 403 && made.param == "scopes", "\(made.text)")
        #expect(await service.send(.get, "/v1/workspaces", key: narrow.secret).code == "insufficient_scope")
    }

    @Test("S09, S11: a platform key belongs to one environment, and meets nothing of the other")
    func environments() async throws {
        let service = try await ServiceHarness()
        let live = try await service.platformKey(environment: .live)
        let minted = await service.mint()
        let id = try #require(minted["id"])
        let query = "?workspace_id=\(service.firstWorkspace)"
        #expect(await service.send(.get, "/v1/invites/\(id)\(query)", key: live.secret).status == 404)
        #expect(await service.send(.get, "/v1/invites\(query)", key: live.secret).json?["data"]?.count == 0)
        let other = #"{"name":"x","environment":"test","scopes":["invites:read"]}"#
        let made = await service.send(.post, "/v1/api-keys" + query, body: other, key: live.secret)
        #expect(made.status == 403 && made.param == "environment", "\(made.text)")
        let serving = try await service.restarted(serving: .test)
        #expect(await serving.send(.get, "/v1/invites\(query)", key: live.secret).status == 401)
        let test = try await service.platformKey()
        #expect(await serving.send(.get, "/v1/invites\(query)", key: test.secret).status == 200)
    }

    @Test("S41, S43: suspended, resumed and revoked by the operator, a platform key is refused everywhere at once")
    func ends() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let query = "?workspace_id=\(service.firstWorkspace)"
        #expect(await service.send(.get, "/v1/invites" + query, key: platform.secret).status == 200)
        let list = await service.asOperator(.get, "/v1/api-keys")
        #expect(list.json?["data"]?.elements.compactMap { $0["kind"]?.string } == ["platform"])
        let path = "/v1/api-keys/\(platform.id)"
        #expect(await service.admin(.delete, path).status == 404)
        #expect(await service.send(.delete, path + query, key: platform.secret).status == 404)
        #expect(await service.send(.get, "/v1/invites" + query, key: platform.secret).status == 200)
        #expect(await service.asOperator(.delete, path).status == 204)
        #expect(await service.send(.get, "/v1/invites" + query, key: platform.secret).status == 401)
        #expect(await service.send(.get, "/v1/workspaces", key: platform.secret).status == 401)
    }

    @Test("S43: a platform key's family dies in every workspace with one cut-off, and nobody else's does")
    func family() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let bystander = try await service.platformKey()
        var tokens: [(dies: Bool, participant: String, invite: String)] = []
        for slug in ["one", "two"] {
            let workspace = try await service.makeWorkspace(platform, slug: slug)
            for key in [platform, bystander] {
                let target = "/v1/invites?workspace_id=\(workspace)"
                let first = await service.send(.post, target, body: Self.invite, key: key.secret)
                let opened = await service.redeem(try #require(first["invite_token"]))
                let second = await service.send(.post, target, body: Self.invite, key: key.secret)
                tokens.append(
                    (
                        key.id == platform.id, try #require(opened["participant_token"]),
                        try #require(second["invite_token"])
                    )
                )
            }
        }
        #expect(await service.asOperator(.delete, "/v1/api-keys/\(platform.id)?family=true").status == 204)
        let restarted = try await service.restarted()
        for token in tokens {
            for node in [service, restarted] {
                let read = await node.send(.get, "/v1/widget/session", token: token.participant)
                #expect(read.status == (token.dies ? 410 : 200), "\(read.text)")
                let renewed = await node.send(.post, "/v1/widget/session/renew", token: token.participant)
                #expect(renewed.status == (token.dies ? 410 : 200), "\(renewed.text)")
            }
            let redeemed = await service.redeem(token.invite)
            #expect(redeemed.status == (token.dies ? 410 : 201), "\(redeemed.text)")
            #expect(!token.dies || redeemed.code == "invite_revoked")
        }
    }

    @Test("An idempotency key of a platform key counts in one workspace, on one route")
    func idempotency() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let other = try await service.makeWorkspace(platform, slug: "other")
        let fields = [("Idempotency-Key", "same")]
        func mint(_ workspace: String) async -> Answer {
            let target = "/v1/invites?workspace_id=\(workspace)"
            return await service.send(.post, target, body: Self.invite, fields: fields, key: platform.secret)
        }
        let one = await mint(service.firstWorkspace)
        let two = await mint(other)
        #expect(one.status == 201 && two.status == 201 && one["id"] != two["id"], "\(two.text)")
        #expect(two.response.field("Idempotent-Replayed") == nil)
        #expect(await mint(other)["id"] == two["id"])
        #expect(await mint(service.firstWorkspace)["id"] == one["id"])
    }

    @Test("A platform key counts its requests in one place, whichever workspaces it names")
    func rate() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let other = try await service.makeWorkspace(platform, slug: "other", plan: "free")
        let first = await service.send(.get, "/v1/invites?workspace_id=\(other)", key: platform.secret)
        let second = await service.send(
            .get,
            "/v1/invites?workspace_id=\(service.firstWorkspace)",
            key: platform.secret
        )
        let left = [first, second].compactMap { $0.response.field("X-RateLimit-Remaining").flatMap { Int($0) } }
        #expect(left.count == 2 && left.first.map { $0 - 1 } == left.last)
        #expect(first.response.field("X-RateLimit-Limit") == "10000000")
    }

    @Test("A reverse proxy need not name the workspace because of a platform key")
    func forwardAuth() async throws {
        let service = try await ServiceHarness()
        _ = try await service.platformKey()
        _ = try await service.platformKey(environment: .live)
        let session = try await service.openSession()
        let target = "/v1/forward-auth?campaign_id=camp_456abc"
        #expect(await service.send(.get, target, token: session.participant).status == 204)
    }
}
