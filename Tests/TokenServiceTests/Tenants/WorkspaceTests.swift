import HTTPServer
import InviteStore
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Workspaces")
struct WorkspaceTests {
    private static let full = """
        {"name":"Acme Hiring","slug":"acme","plan":"pro","settings":{
        "key_prefixes":{"live":"ir_live_","test":"ir_test_"},"scope_rule":"narrow_only",
        "custom_resources":["jobs","candidates"],"requests_per_minute":1500,"minting_allowed":true,
        "rate_limit_status":403,"allowed_origins":["https://app.example.com"]}}
        """

    @Test("S15: a platform key makes workspaces, reads, lists and changes them")
    func lifeCycle() async throws {
        let service = try await ServiceHarness()
        let key = try await service.platformKey().secret
        service.time.advance(seconds: 1)
        let made = await service.send(.post, "/v1/workspaces", body: Self.full, key: key)
        #expect(made.status == 201, "\(made.text)")
        let id = try #require(made["id"])
        #expect(TypeID.parse(.workspace, id) != nil)
        #expect(made["name"] == "Acme Hiring" && made["slug"] == "acme" && made["plan"] == "pro")
        let settings = try #require(made.json?["settings"])
        #expect(settings["key_prefixes"]?["live"]?.string == "ir_live_")
        #expect(settings["scope_rule"]?.string == "narrow_only")
        #expect(settings["custom_resources"]?.elements.compactMap(\.string) == ["candidates", "jobs"])
        #expect(settings["requests_per_minute"]?.integer == 1500)
        #expect(settings["minting_allowed"]?.boolean == true)
        #expect(settings["rate_limit_status"]?.integer == 403)
        #expect(settings["allowed_origins"]?.elements.compactMap(\.string) == ["https://app.example.com"])
        #expect(made.json?["limits"]?["requests_per_minute"]?.integer == 1500)
        #expect(made.json?["limits"]?["api_keys"]?.integer == 25)
        let read = await service.send(.get, "/v1/workspaces/\(id)", key: key)
        #expect(read.status == 200 && read.text == made.text)
        let list = await service.send(.get, "/v1/workspaces", key: key)
        #expect(list.json?["data"]?.elements.compactMap { $0["slug"]?.string } == ["acme", "default"])
        let found = await service.send(.get, "/v1/workspaces?slug=acme", key: key)
        #expect(found.json?["data"]?.elements.compactMap { $0["id"]?.string } == [id])
        #expect(await service.send(.get, "/v1/workspaces?slug=nobody", key: key).json?["data"]?.count == 0)
        let keys = await service.send(.get, "/v1/api-keys?workspace_id=\(id)", key: key)
        #expect(keys.json?["data"]?.count == 0)
    }

    @Test("What a change does not name stays, and null goes back to what the plan gives")
    func changes() async throws {
        let service = try await ServiceHarness()
        let key = try await service.platformKey().secret
        let id = try #require(await service.send(.post, "/v1/workspaces", body: Self.full, key: key)["id"])
        func patch(_ body: String) async -> Answer {
            await service.send(.patch, "/v1/workspaces/\(id)", body: body, key: key)
        }
        let renamed = await patch(#"{"name":"Acme"}"#)
        #expect(renamed.status == 200 && renamed["name"] == "Acme" && renamed["slug"] == "acme")
        #expect(renamed.json?["settings"]?["scope_rule"]?.string == "narrow_only")
        let one = await patch(#"{"settings":{"key_prefixes":{"live":null}}}"#)
        #expect(one.json?["settings"]?["key_prefixes"]?["live"]?.string == "ts_live_", "\(one.text)")
        #expect(one.json?["settings"]?["key_prefixes"]?["test"]?.string == "ir_test_")
        let none = """
            {"settings":{"key_prefixes":null,"scope_rule":null,"custom_resources":null,"requests_per_minute":null,
            "minting_allowed":null,"rate_limit_status":null,"allowed_origins":null}}
            """
        let settings = try #require(await patch(none).json?["settings"])
        #expect(settings["key_prefixes"]?["test"]?.string == "ts_test_")
        #expect(settings["scope_rule"]?.string == "free")
        #expect(settings["custom_resources"]?.count == 0)
        #expect(settings["requests_per_minute"]?.isNull == true)
        #expect(settings["rate_limit_status"]?.integer == 429)
        #expect(settings["allowed_origins"]?.count == 0)
        #expect(await patch(#"{"plan":"free"}"#).json?["limits"]?["requests_per_minute"]?.integer == 100)
        #expect(await patch("{}").status == 200)
        let read = await service.send(.get, "/v1/workspaces/\(id)", key: key)
        #expect(read["plan"] == "free" && read["name"] == "Acme")
    }

    @Test("A slug belongs to one workspace: 409 conflict for the second, on making and on changing")
    func slugs() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        _ = try await service.makeWorkspace(platform, slug: "acme")
        let other = try await service.makeWorkspace(platform, slug: "other")
        let again = #"{"name":"Acme","slug":"acme"}"#
        let taken = [
            await service.send(.post, "/v1/workspaces", body: again, key: platform.secret),
            await service.send(.patch, "/v1/workspaces/\(other)", body: #"{"slug":"acme"}"#, key: platform.secret),
        ]
        for answer in taken {
            #expect(answer.status == 409 && answer.code == "conflict" && answer.param == "slug", "\(answer.text)")
        }
        let same = await service.send(
            .patch,
            "/v1/workspaces/\(other)",
            body: #"{"slug":"other","name":"New name"}"#,
            key: platform.secret
        )
        #expect(same.status == 200, "\(same.text)")
    }

    @Test("Under an idempotency key a workspace is made once")
    func idempotency() async throws {
        let service = try await ServiceHarness()
        let key = try await service.platformKey().secret
        let fields = [("Idempotency-Key", "w-1")]
        let body = #"{"name":"Acme","slug":"acme"}"#
        let first = await service.send(.post, "/v1/workspaces", body: body, fields: fields, key: key)
        let second = await service.send(.post, "/v1/workspaces", body: body, fields: fields, key: key)
        #expect(first.status == 201 && second.status == 201 && first.text == second.text, "\(second.text)")
        #expect(second.response.field("Idempotent-Replayed") == "true")
        let other = #"{"name":"Acme","slug":"acme2"}"#
        let mismatch = await service.send(.post, "/v1/workspaces", body: other, fields: fields, key: key)
        #expect(mismatch.status == 422 && mismatch.code == "idempotency_mismatch")
    }

    @Test("Each change stands in the workspace's own trail, with the fields that changed, and no change in none")
    func audit() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let id = try await service.makeWorkspace(platform, slug: "acme", plan: "free")
        let path = "/v1/workspaces/\(id)"
        let change = #"{"plan":"pro","settings":{"minting_allowed":false}}"#
        service.time.advance(seconds: 1)
        for _ in 0..<2 { #expect(await service.send(.patch, path, body: change, key: platform.secret).status == 200) }
        let trail = await service.send(.get, "/v1/audit-events?workspace_id=\(id)", key: platform.secret)
        let events = try #require(trail.json?["data"]?.elements)
        #expect(events.compactMap { $0["type"]?.string } == ["workspace.changed", "workspace.created"])
        #expect(events.allSatisfy { $0["actor"]?.string == platform.id && $0["target"]?.string == id })
        #expect(events.first?["detail"]?["fields"]?.string == "plan,minting_allowed")
    }

    @Test(
        "Each field has a bound, and an error that names it and what is allowed",
        arguments: [
            (#"{"slug":"a"}"#, "name"), (#"{"name":"a"}"#, "slug"), (#"{"name":"","slug":"a"}"#, "name"),
            (#"{"name":"a\u0007","slug":"a"}"#, "name"), (#"{"name":7,"slug":"a"}"#, "name"),
            (#"{"name":"\#(String(repeating: "n", count: 101))","slug":"a"}"#, "name"),
            (#"{"name":"a","slug":"\#(String(repeating: "s", count: 65))"}"#, "slug"),
            (#"{"name":"a","slug":"-a"}"#, "slug"), (#"{"name":"a","slug":"a-"}"#, "slug"),
            (#"{"name":"a","slug":"A"}"#, "slug"), (#"{"name":"a","slug":"a b"}"#, "slug"),
            (#"{"name":"a","slug":""}"#, "slug"), (#"{"name":"a","slug":"a_b"}"#, "slug"),
            (#"{"name":"a","slug":"a","plan":"gold"}"#, "plan"), (#"{"name":"a","slug":"a","plan":1}"#, "plan"),
            (#"{"name":"a","slug":"a","settings":[]}"#, "settings"), (#"{"name":"a","slug":"a","x":1}"#, "x"),
            (#"{"name":"a","slug":"a","id":"ws_1"}"#, "id"), (#"{"name":null,"slug":"a"}"#, "name"),
            (#"{"name":"a","slug":null}"#, "slug"), (#"{"name":"a","slug":"a","plan":null}"#, "plan"),
            (#"{"name":"a","slug":"a","settings":null}"#, "settings"),
        ]
    )
    func bounds(body: String, param: String) async throws {
        let service = try await ServiceHarness()
        let answer = await service.send(
            .post,
            "/v1/workspaces",
            body: body,
            key: try await service.platformKey().secret
        )
        #expect(answer.status == 400 && answer.param == param, "\(body): \(answer.text)")
    }

    @Test(
        "Each setting has a bound, and an error that names it; nothing of a bad change is kept",
        arguments: [
            (#""key_prefixes":"ir_""#, "key_prefixes"), (#""key_prefixes":{"live":"Ir_"}"#, "live"),
            (#""key_prefixes":{"live":"ir"}"#, "live"), (#""key_prefixes":{"live":"1r_"}"#, "live"),
            (#""key_prefixes":{"test":""}"#, "test"), (#""key_prefixes":{"test":"abcdefghijklmnopqrstuvwx_"}"#, "test"),
            (#""key_prefixes":{"prod":"ir_"}"#, "prod"), (#""scope_rule":"strict""#, "scope_rule"),
            (#""custom_resources":"jobs""#, "custom_resources"), (#""custom_resources":["keys"]"#, "custom_resources"),
            (#""custom_resources":["invites"]"#, "custom_resources"),
            (#""custom_resources":["read"]"#, "custom_resources"),
            (#""custom_resources":["Jobs"]"#, "custom_resources"),
            (#""custom_resources":["jobs:read"]"#, "custom_resources"),
            (#""custom_resources":["jobs.x"]"#, "custom_resources"), (#""custom_resources":[""]"#, "custom_resources"),
            (#""custom_resources":["jobs","jobs"]"#, "custom_resources"),
            (#""custom_resources":["\#(String(repeating: "r", count: 41))"]"#, "custom_resources"),
            (#""custom_resources":[\#((0...50).map { "\"r\($0)\"" }.joined(separator: ","))]"#, "custom_resources"),
            (#""requests_per_minute":0"#, "requests_per_minute"),
            (#""requests_per_minute":10000001"#, "requests_per_minute"),
            (#""requests_per_minute":"9""#, "requests_per_minute"),
            (#""minting_allowed":1"#, "minting_allowed"), (#""rate_limit_status":402"#, "rate_limit_status"),
            (#""rate_limit_status":404"#, "rate_limit_status"), (#""rate_limit_status":"429""#, "rate_limit_status"),
            (#""allowed_origins":["app.example.com"]"#, "allowed_origins"), (#""colour":"red""#, "colour"),
        ]
    )
    func settingBounds(setting: String, param: String) async throws {
        let service = try await ServiceHarness()
        let key = try await service.platformKey().secret
        let path = "/v1/workspaces/\(service.firstWorkspace)"
        let before = await service.send(.get, path, key: key)
        let body = #"{"name":"changed","settings":{\#(setting)}}"#
        let answer = await service.send(.patch, path, body: body, key: key)
        #expect(answer.status == 400 && answer.param == param, "\(setting): \(answer.text)")
        #expect(await service.send(.get, path, key: key).text == before.text)
    }

    @Test("The widest and the narrowest values that are allowed are taken")
    func limits() async throws {
        let service = try await ServiceHarness()
        let key = try await service.platformKey().secret
        let resources = (0..<50).map { "\"\(String(repeating: "r", count: 38))\($0 + 10)\"" }.joined(separator: ",")
        let body = """
            {"name":"\(String(repeating: "n", count: 100))","slug":"\(String(repeating: "s", count: 64))",
            "settings":{"custom_resources":[\(resources)],"requests_per_minute":10000000,
            "key_prefixes":{"live":"abcdefghijklmnopqrstuvw_","test":"s_"}}}
            """
        let made = await service.send(.post, "/v1/workspaces", body: body, key: key)
        #expect(made.status == 201, "\(made.text)")
        let small = #"{"name":"n","slug":"s","settings":{"requests_per_minute":1}}"#
        #expect(await service.send(.post, "/v1/workspaces", body: small, key: key).status == 201)
    }

    @Test("An id that is malformed, of another kind, unknown or the deployment's own is one and the same 404")
    func unknown() async throws {
        let service = try await ServiceHarness()
        let key = try await service.platformKey().secret
        let ids = [
            "ws_00000000000000000000000000", "ws_01m7ysm950fr6tvbqwht0x6rk2", "ws_1", "x",
            service.firstWorkspace.uppercased(), TypeID.text(.apiKey, service.setup.workspace),
        ]
        var texts: Set<String> = []
        for id in ids {
            for (method, body) in [(HTTPMethod.get, nil), (.patch, #"{"name":"x"}"#)] as [(HTTPMethod, String?)] {
                let answer = await service.send(method, "/v1/workspaces/\(id)", body: body, key: key)
                #expect(answer.status == 404, "\(method.name) \(id): \(answer.text)")
                texts.insert(answer.comparable)
            }
        }
        #expect(texts.count == 1)
    }

    @Test("S13, S15: keys of a workspace reach no workspace route, whatever their kind and scopes")
    func platformOnly() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let admin = try await service.makeKey(
            in: service.firstWorkspace,
            platform,
            scopes: ["workspaces:read", "workspaces:write"]
        )
        var count = 0
        for route in service.application.table.routes where route.isDeploymentWide {
            count += 1
            let path = route.template.replacing("{id}", with: service.firstWorkspace)
            let answer = await service.send(route.method, path, body: "{}", key: admin.secret)
            #expect(answer.status == 403 && answer.code == "forbidden", "\(path): \(answer.text)")
            let unscoped = await service.admin(route.method, path, body: "{}")
            #expect(unscoped.status == 403 && unscoped.code == "insufficient_scope", "\(path): \(unscoped.text)")
        }
        #expect(count == 8)
    }

    @Test("A change holds from its answer on, and no request that began before puts the old settings back")
    func atOnce() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let id = try await service.makeWorkspace(platform, slug: "acme")
        let workspace = try #require(TypeID.parse(.workspace, id))
        let directory = service.application.services.workspaces
        #expect(try await directory.settings(of: workspace).mintingAllowed)
        // A look-up reads the old record, and a change comes between its read and its end.
        directory.invalidate(workspace)
        service.faults.after("workspace") {
            let body = #"{"settings":{"minting_allowed":false}}"#
            let answer = await service.send(.patch, "/v1/workspaces/\(id)", body: body, key: platform.secret)
            #expect(answer.status == 200, "\(answer.text)")
        }
        #expect(try await directory.settings(of: workspace).mintingAllowed)
        #expect(try await !directory.settings(of: workspace).mintingAllowed)
    }

    @Test("Changes of different fields at the same time are all kept")
    func concurrent() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let id = try await service.makeWorkspace(platform, slug: "acme")
        let changes = [
            #"{"name":"New"}"#, #"{"plan":"pro"}"#, #"{"settings":{"scope_rule":"frozen"}}"#,
            #"{"settings":{"requests_per_minute":77}}"#, #"{"settings":{"custom_resources":["jobs"]}}"#,
        ]
        await withTaskGroup(of: Int.self) { group in
            for change in changes {
                group.addTask {
                    await service.send(.patch, "/v1/workspaces/\(id)", body: change, key: platform.secret).status
                }
            }
            for await status in group { #expect(status == 200) }
        }
        let read = await service.send(.get, "/v1/workspaces/\(id)", key: platform.secret)
        #expect(read["name"] == "New" && read["plan"] == "pro", "\(read.text)")
        let settings = read.json?["settings"]
        #expect(settings?["scope_rule"]?.string == "frozen" && settings?["requests_per_minute"]?.integer == 77)
        #expect(settings?["custom_resources"]?.count == 1)
    }

    @Test("A change whose commit is unknown leaves nothing stale behind")
    func unknownOutcome() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let id = try await service.makeWorkspace(platform, slug: "acme")
        let workspace = try #require(TypeID.parse(.workspace, id))
        _ = try await service.application.services.workspaces.settings(of: workspace)
        service.faults.arm(name: "changeWorkspace", error: .unknownOutcome("lost"), moment: .after)
        let body = #"{"settings":{"minting_allowed":false}}"#
        let answer = await service.send(.patch, "/v1/workspaces/\(id)", body: body, key: platform.secret)
        #expect(answer.status == 503)
        service.faults.arm(nil)
        #expect(try await !service.application.services.workspaces.settings(of: workspace).mintingAllowed)
    }

    @Test(
        "Stored settings that can not be read are 503, and never the widest",
        arguments: [
            "", "x", "[]", "null", #"{"allowed_origins":["https://a.example"]"#, #"{"allowed_origins":null}"#,
            #"{"allowed_origins":"https://a.example"}"#, #"{"allowed_origins":[1]}"#, #"{"minting_allowed":"no"}"#,
            #"{"minting_allowed":0}"#, #"{"scope_rule":"of_a_later_release"}"#, #"{"scope_rule":1}"#,
            #"{"custom_resources":{"jobs":true}}"#, #"{"requests_per_minute":0}"#, #"{"requests_per_minute":"5"}"#,
            #"{"rate_limit_is_forbidden":1}"#, #"{"key_prefixes":[]}"#, #"{"key_prefixes":{"live":"NO"}}"#,
            #"{"key_prefixes":{"prod":"ir_"}}"#, #"{"of_a_later_release":true}"#,
        ]
    )
    func unreadable(settings: String) async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let browser = try await service.signedIn(.security)
        let invite = try #require(await service.mint()["invite_token"])
        service.faults.set(settings: settings)
        service.services.workspaces.invalidateAll()
        service.services.policies.invalidate()
        let directory = service.services.workspaces
        await #expect(throws: StoreError.corrupt("the settings of \(service.firstWorkspace) can not be read")) {
            _ = try await directory.settings(of: service.setup.workspace)
        }
        let path = "/v1/workspaces/\(service.firstWorkspace)"
        let answers = [
            await service.mint(), await service.redeem(invite, fields: [("Origin", "https://evil.example")]),
            await service.send(.get, "/v1/invites?workspace_id=\(service.firstWorkspace)", key: platform.secret),
            await service.send(.get, path, key: platform.secret),
            await service.send(.patch, path, body: #"{"name":"New"}"#, key: platform.secret),
            await service.send(.get, "/widget/frame?workspace_id=\(service.firstWorkspace)"),
            try await service.page(browser, .get, "/v1/invites"),
        ]
        for answer in answers { #expect(answer.status == 503 && answer.code == "unavailable", "\(answer.text)") }
    }

    @Test("Settings of an earlier release, which knew fewer of them, are read with what holds where nothing is set")
    func earlier() async throws {
        let service = try await ServiceHarness()
        service.faults.set(settings: #"{"requests_per_minute":7,"minting_allowed":false}"#)
        let settings = try await service.services.workspaces.settings(of: service.setup.workspace)
        #expect(settings.requestsPerMinute == 7 && !settings.mintingAllowed && settings.scopeRule == .free)
        #expect(settings.allowedOrigins.isEmpty && settings.customResources.isEmpty)
    }

    @Test("S06, S07: new keys carry the workspace's prefix of their environment")
    func prefixes() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let settings = #"{"key_prefixes":{"test":"ir_test_sk_"}}"#
        let id = try await service.makeWorkspace(platform, slug: "acme", settings: settings)
        let key = try await service.makeKey(in: id, platform)
        #expect(key.secret.hasPrefix("ir_test_sk_"))
        #expect(await service.send(.get, "/v1/invites", key: key.secret).status == 200)
    }
}
