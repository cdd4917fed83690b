import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

/// What the pages of the four products say about their keys, a row each.
@Suite("The four products' rows about API keys")
struct SeedKeyRowTests {
    private static func scopes(_ answer: Answer) -> [String] {
        answer.json?["scopes"]?.elements.compactMap(\.string) ?? []
    }

    private static let noKey =
        "Invalid or missing API key. Provide a valid key in the Authorization header."

    @Test("S01, S02, S03: a request needs a key, in either header, with or without /api before the path")
    func headers() async throws {
        let service = try await ServiceHarness()
        let key = service.setup.secret
        for path in ["/v1/invites", "/api/v1/invites"] {
            #expect(await service.send(.get, path).status == 401)
            #expect(await service.send(.get, path, fields: [("x-api-key", key)]).status == 200)
            #expect(await service.send(.get, path, fields: [("X-API-Key", key)]).status == 200)
            #expect(await service.send(.get, path, fields: [("Authorization", "Bearer " + key)]).status == 200)
            #expect(await service.send(.get, path, fields: [("Authorization", "Basic " + key)]).status == 401)
        }
    }

    @Test(
        "S06, S07, S08: keys have the workspace's prefix, which names product, environment or kind, and Base62 after it",
        arguments: [("iv_live_", 51), ("ir_live_", 51), ("ir_test_", 51), ("sk_", 46), ("ir_live_sk_", 54)]
    )
    func prefixes(prefix: String, count: Int) async throws {
        let service = try await ServiceHarness()
        service.faults.set(settings: #"{"key_prefixes":{"test":"\#(prefix)"}}"#)
        let made = await service.makeKey(scopes: ["invites:read"])
        let secret = try #require(made["secret"])
        #expect(secret.hasPrefix(prefix))
        #expect(secret.count == count)
        #expect(secret.dropFirst(prefix.count).utf8.allSatisfy(Base62.contains))
        #expect(made["prefix"] == prefix + "..." + secret.suffix(4))
        #expect(await service.send(.get, "/v1/invites", key: secret).status == 200)
        let rotated = await service.admin(.post, "/v1/api-keys/\(try #require(made["id"]))/rotate")
        #expect(rotated["secret"]?.hasPrefix(prefix) == true)
    }

    @Test("S09, S11: a key belongs to one environment, says so, and is refused by a service of the other")
    func environments() async throws {
        for (made, other) in [(DeploymentEnvironment.live, DeploymentEnvironment.test), (.test, .live)] {
            let service = try await ServiceHarness(environment: made)
            let key = await service.makeKey(scopes: ["invites:read"])
            #expect(key["environment"] == made.rawValue)
            #expect(key["secret"]?.hasPrefix("ts_\(made.rawValue)_") == true)
            #expect(
                try await service.restarted(serving: made).send(.get, "/v1/invites", key: key["secret"]).status == 200
            )
            let refused = try await service.restarted(serving: other).send(.get, "/v1/invites", key: key["secret"])
            #expect(refused.status == 401)
            #expect(refused.code == "unauthorized")
        }
    }

    @Test("S13: what needs an admin can not stand on a standard key, and is 403 for one")
    func admins() async throws {
        let service = try await ServiceHarness()
        for resource in Scope.adminResources.subtracting(["workspaces"]) {
            for action in Scope.Action.allCases {
                let scope = Scope(resource, action).text
                let refused = await service.makeKey(scopes: [scope])
                #expect(refused.status == 400 && refused.param == "scopes", "\(scope): \(refused.text)")
                #expect(await service.makeKey(scopes: [scope], more: #","kind":"admin""#).status == 201, "\(scope)")
            }
        }
        let standard = await service.makeKey(scopes: ["invites:read"], more: #","preset":"full_access""#)
        #expect(!Self.scopes(standard).contains { $0.hasPrefix("keys:") })
        for (method, path) in [(HTTPMethod.get, "/v1/api-keys"), (.post, "/v1/api-keys")] {
            let answer = await service.send(method, path, body: method == .post ? "{}" : nil, key: standard["secret"])
            #expect(answer.status == 403, "\(path)")
        }
    }

    @Test("S16: ids have the shape of the page's: a type, an underscore, letters and digits")
    func identifiers() async throws {
        let service = try await ServiceHarness()
        let id = try #require(await service.makeKey(scopes: ["invites:read"])["id"])
        #expect(id.wholeMatch(of: /key_[0-9a-z]{26}/) != nil)
        #expect(await service.mint(campaign: "camp_456abc")["campaign_id"] == "camp_456abc")
    }

    @Test("S18, S24, S25: keys are listed with a name, prefix and last four, times and status")
    func listed() async throws {
        let service = try await ServiceHarness()
        let name = "ats-sync-prod"
        let body = #"{"name":"\#(name)","scopes":["invites:read"]}"#
        let made = await service.admin(.post, "/v1/api-keys", body: body)
        let secret = try #require(made["secret"])
        #expect(await service.send(.get, "/v1/invites", key: secret).status == 200)
        let list = await service.admin(.get, "/v1/api-keys")
        let key = try #require(list.json?["data"]?.elements.first)
        #expect(key["id"]?.string == made["id"])
        #expect(key["name"]?.string == name)
        #expect(key["prefix"]?.string == "ts_test_..." + secret.suffix(4))
        #expect(key["last4"]?.string == String(secret.suffix(4)))
        #expect(key["status"]?.string == "active")
        #expect(key["created_at"]?.string == RFC3339.text(service.time.now()))
        #expect(key["last_used_at"]?.string == RFC3339.text(service.time.now()))
        #expect(key["scopes"]?.elements.compactMap(\.string) == ["invites:read"])
        #expect(key["expires_at"]?.isNull == true)
    }

    @Test("S19: the secret is in the answer that makes the key, and in no other; S40 and S41 show none either")
    func onlyOnce() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let (secret, id) = (try #require(made["secret"]), try #require(made["id"]))
        let rotated = await service.admin(.post, "/v1/api-keys/\(id)/rotate")
        let answers = [
            await service.admin(.get, "/v1/api-keys"), await service.admin(.get, "/v1/api-keys/\(id)"), rotated,
            await service.admin(.patch, "/v1/api-keys/\(id)", body: #"{"name":"n"}"#),
            await service.admin(.post, "/v1/api-keys/\(id)/suspend"),
            await service.admin(.post, "/v1/api-keys/\(id)/resume"),
            await service.admin(.get, "/v1/audit-events?limit=100"),
            await service.admin(.post, "/v1/api-keys/verify", body: #"{"key":"\#(secret)"}"#),
        ]
        for answer in answers { #expect(!answer.text.contains(secret), "\(answer.text)") }
        let events = await service.admin(.get, "/v1/audit-events?limit=100")
        #expect(!events.text.contains(try #require(rotated["secret"])))
    }

    @Test("S20: the store has a keyed digest of the secret and no part of it but prefix and last four")
    func atRest() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let secret = try #require(APIKeySecret(presented: made["secret"] ?? ""))
        let id = try #require(TypeID.parse(.apiKey, made["id"] ?? ""))
        let tenant = Tenant(workspace: service.setup.workspace, environment: .test)
        let record = try #require(try await service.store.apiKey(id, of: tenant))
        #expect(record.digest == service.application.services.directory.digest(of: secret).bytes)
        #expect(record.digest.count == 32)
        #expect(!"\(record)".contains(secret.text.dropFirst(8).dropLast(4)))
        let other = try await ServiceHarness(seed: 2).application.services.directory.digest(of: secret).bytes
        #expect(record.digest != other)
    }

    @Test("S21, S32: scopes are chosen at creation, add up, and each action is its own")
    func scopes() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read", "invites:delete"])
        let key = try #require(made["secret"])
        let id = try #require(await service.mint()["id"])
        #expect(await service.send(.get, "/v1/invites/\(id)", key: key).status == 200)
        #expect(await service.send(.post, "/v1/invites", body: "{}", key: key).code == "insufficient_scope")
        #expect(await service.send(.delete, "/v1/invites/\(id)", key: key).status == 204)
        // Soft: the row stays readable.
        #expect(await service.send(.get, "/v1/invites/\(id)", key: key)["status"] == "revoked")
    }

    @Test("S22, S38: a key ends when it was told to, and else never")
    func expiry() async throws {
        let service = try await ServiceHarness()
        let end = RFC3339.text(service.time.now().adding(seconds: 60))
        let ending = await service.makeKey(scopes: ["invites:read"], more: #","expires_at":"\#(end)""#)
        let lasting = await service.makeKey(scopes: ["invites:read"])
        #expect(ending["expires_at"] == end)
        #expect(lasting.json?["expires_at"]?.isNull == true)
        service.time.advance(seconds: 60)
        #expect(await service.send(.get, "/v1/invites", key: ending["secret"]).status == 401)
        let status = await service.admin(.get, "/v1/api-keys/\(try #require(ending["id"]))")["status"]
        #expect(status == "expired")
        service.time.advance(seconds: 10 * 365 * 86_400)
        #expect(await service.send(.get, "/v1/invites", key: lasting["secret"]).status == 200)
    }

    @Test("S23: a key with a list works from the listed addresses alone; an IPv4 address in IPv6 is the IPv4 address")
    func addresses() async throws {
        let service = try await ServiceHarness()
        let list = #"["198.51.100.7","203.0.113.0/24","2001:db8::/32"]"#
        let made = await service.makeKey(scopes: ["invites:read"], more: #","ip_allowlist":\#(list)"#)
        let table = [
            ("198.51.100.7", 200), ("198.51.100.8", 403), ("::ffff:203.0.113.255", 200), ("::ffff:203.0.114.0", 403),
            ("2001:db8:ffff::1", 200), ("2001:db7::1", 403),
        ]
        for (text, status) in table {
            let address = try #require(IPAddress(parsing: text))
            #expect(
                await service.send(.get, "/v1/invites", key: made["secret"], from: address).status == status,
                "\(text)"
            )
        }
        for bad in ["300.0.0.1", "10.0.0.0/33", "10.0.0.1/8", "host.example", ""] {
            let answer = await service.makeKey(scopes: ["invites:read"], more: #","ip_allowlist":["\#(bad)"]"#)
            #expect(answer.status == 400 && answer.param == "ip_allowlist", "\(bad)")
        }
    }

    @Test(
        "S26: free has 10 keys, pro 25, enterprise as many as it likes",
        arguments: [(Plan.free, 10), (.pro, 25), (.enterprise, 30)]
    )
    func limits(plan: Plan, most: Int) async throws {
        let service = try await ServiceHarness()
        service.faults.set(plan: plan)
        for _ in 1..<most { #expect(await service.makeKey(scopes: ["invites:read"]).status == 201) }
        let next = await service.makeKey(scopes: ["invites:read"])
        guard plan != .enterprise else { return #expect(next.status == 201) }
        #expect(next.status == 409)
        #expect(next.text.contains("\(most) API keys"))
        let some = await service.admin(.get, "/v1/api-keys?limit=1").json?["data"]?.elements.first?["id"]?.string
        // A suspended key is still one of them, a revoked one is not.
        #expect(await service.admin(.post, "/v1/api-keys/\(try #require(some))/suspend").status == 200)
        #expect(await service.makeKey(scopes: ["invites:read"]).status == 409)
        #expect(await service.admin(.delete, "/v1/api-keys/\(try #require(some))").status == 204)
        #expect(await service.makeKey(scopes: ["invites:read"]).status == 201)
    }

    @Test(
        "S29, S30, S31: three grammars are read, and one is stored",
        arguments: [
            ("candidates.read", "candidates:read"), ("evaluation_templates.write", "evaluation_templates:write"),
            ("interviews:write", "interviews:write"), ("reports:read", "reports:read"),
            ("read:candidates", "candidates:read"), ("delete:jobs", "jobs:delete"), ("read:billing", "billing:read"),
        ]
    )
    func grammars(written: String, stored: String) async throws {
        let service = try await ServiceHarness()
        let resources = ["candidates", "evaluation_templates", "interviews", "reports", "jobs", "billing"]
        let list = resources.map { "\"\($0)\"" }.joined(separator: ",")
        service.faults.set(settings: #"{"custom_resources":[\#(list)]}"#)
        let made = await service.makeKey(scopes: [written, written, "invites:read"])
        #expect(made.status == 201, "\(made.text)")
        #expect(Self.scopes(made) == [stored, "invites:read"].sorted())
    }

    @Test(
        "S29, S30, S31: what is no scope, or on nobody's resource, is refused by its place",
        arguments: [
            "candidates:read", "invites", "invites:", ":read", "invites:manage", "invites.read.write", "read.invites",
            "Invites:read", "invites read", "invites:read ", "read:read", "*", "invites:*", "",
        ]
    )
    func noScopes(text: String) async throws {
        let service = try await ServiceHarness()
        let answer = await service.makeKey(scopes: ["invites:read", text])
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.param == "scopes")
        #expect(answer.text.contains("scopes[1]"))
    }

    @Test("S33: presets stand for scopes, and add to those that are named", arguments: ScopePreset.allCases)
    func presets(preset: ScopePreset) async throws {
        let service = try await ServiceHarness()
        service.faults.set(settings: #"{"custom_resources":["candidates"]}"#)
        for kind in ["standard", "admin"] {
            let expected = preset.scopes(isAdmin: kind == "admin", customResources: ["candidates"])
            let body = #"{"name":"n","preset":"\#(preset.rawValue)","kind":"\#(kind)"}"#
            let made = await service.admin(.post, "/v1/api-keys", body: body)
            #expect(made.status == 201, "\(made.text)")
            #expect(Self.scopes(made) == expected.map(\.text).sorted())
            let more = await service.makeKey(
                scopes: ["usage.write"],
                more: #","preset":"\#(preset.rawValue)","kind":"\#(kind)""#
            )
            #expect(Self.scopes(more) == expected.union([Scope("usage", .write)]).map(\.text).sorted())
        }
    }

    @Test("S33: a preset that nobody knows is refused, and so is a key without any scope")
    func noPresets() async throws {
        let service = try await ServiceHarness()
        let table = [
            (#"{"name":"n","preset":"everything"}"#, "preset"), (#"{"name":"n","preset":1}"#, "preset"),
            (#"{"name":"n"}"#, "scopes"), (#"{"name":"n","scopes":[]}"#, "scopes"),
            (#"{"name":"n","scopes":[],"preset":"read_only"}"#, "scopes"),
        ]
        for (body, param) in table {
            let answer = await service.admin(.post, "/v1/api-keys", body: body)
            #expect(answer.status == 400, "\(body)")
            #expect(answer.param == param)
        }
        let small = await service.makeKey(scopes: ["keys:write", "invites:read"], more: #","kind":"admin""#)
        let body = #"{"name":"n","preset":"full_access"}"#
        let wider = await service.send(.post, "/v1/api-keys", body: body, key: small["secret"])
        #expect(wider.status == 403 && wider.param == "scopes")
    }

    @Test("S36: within its scopes a key reaches its whole workspace, whoever made what is there")
    func wholeTenant() async throws {
        let service = try await ServiceHarness()
        let one = await service.makeKey(scopes: ["invites:write"])
        let two = await service.makeKey(scopes: ["invites:read"])
        let body = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
        let minted = await service.send(.post, "/v1/invites", body: body, key: one["secret"])
        let read = await service.send(.get, "/v1/invites/\(try #require(minted["id"]))", key: two["secret"])
        #expect(read.status == 200)
        #expect(read["participant_email"] == "a@b.example")
    }

    @Test("S43: a key is revoked by DELETE, for good, and again without complaint")
    func revoked() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let path = "/v1/api-keys/\(try #require(made["id"]))"
        for _ in 0..<2 { #expect(await service.admin(.delete, path).status == 204) }
        #expect(await service.send(.get, "/v1/invites", key: made["secret"]).status == 401)
        #expect(await service.admin(.get, path)["status"] == "revoked")
        #expect(await service.admin(.post, path + "/resume").status == 409)
        #expect(try await service.changes().filter { $0.type == "key.revoked" }.count == 1)
    }

    @Test("S51: a key that a browser sends is refused on the routes about keys too, and its owner gets to know")
    func browsers() async throws {
        let service = try await ServiceHarness()
        let id = TypeID.text(.apiKey, service.setup.apiKey)
        let table: [(HTTPMethod, String)] = [
            (.get, "/v1/api-keys"), (.patch, "/v1/api-keys/\(id)"), (.post, "/v1/api-keys/\(id)/rotate"),
            (.post, "/v1/api-keys/verify"),
        ]
        for (method, path) in table {
            let body = method == .get ? nil : "{}"
            let answer = await service.admin(method, path, body: body, fields: [("Origin", "https://app.example.com")])
            #expect(answer.status == 403)
            #expect(answer.code == "key_in_browser")
        }
        #expect(try await service.events().contains { $0.type == "alert.key_in_browser" && $0.target == id })
    }

    @Test("S52, S53, S56: every key that does not work gets one and the same body, with the page's members")
    func unauthorized() async throws {
        let service = try await ServiceHarness()
        let end = RFC3339.text(service.time.now().adding(seconds: 5))
        let expired = await service.makeKey(scopes: ["invites:read"], more: #","expires_at":"\#(end)""#)
        let suspended = await service.makeKey(scopes: ["invites:read"])
        let revoked = await service.makeKey(scopes: ["invites:read"])
        _ = await service.admin(.post, "/v1/api-keys/\(try #require(suspended["id"]))/suspend")
        _ = await service.admin(.delete, "/v1/api-keys/\(try #require(revoked["id"]))")
        service.time.advance(seconds: 5)
        let unknown = try await ServiceHarness(seed: 2).setup.secret
        let keys = [nil, "x", "", unknown, expired["secret"], suspended["secret"], revoked["secret"]]
        for key in keys {
            let answer = await service.send(.get, "/v1/invites", fields: key.map { [("x-api-key", $0)] } ?? [])
            #expect(answer.status == 401)
            let error = try #require(answer.json?["error"])
            #expect(error["code"]?.string == "unauthorized")
            #expect(error["message"]?.string == Self.noKey)
            #expect(error["status"]?.integer == 401)
            #expect(error.members.map(\.name) == ["code", "message", "status", "request_id"])
            #expect(answer.response.field("WWW-Authenticate")?.hasPrefix("Bearer") == true)
        }
    }

    @Test("S54, S55: a key that lacks the scope gets 403 and is told which; the members are the page's")
    func forbidden() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["tokens:read"])
        let answer = await service.send(.get, "/v1/invites", key: made["secret"])
        #expect(answer.status == 403)
        let error = try #require(answer.json?["error"])
        #expect(error["code"]?.string == "insufficient_scope")
        #expect(error["status"]?.integer == 403)
        #expect(error["message"]?.string?.contains("invites:read") == true)
        #expect(answer.response.field("WWW-Authenticate")?.contains("insufficient_scope") == true)
    }
}
