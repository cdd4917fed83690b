import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("PATCH /v1/api-keys/{id}")
struct KeyChangeTests {
    private static func list(_ answer: Answer, _ name: String) -> [String]? {
        answer.json?[name]?.elements.compactMap(\.string)
    }

    /// Makes a key, and gives its id and secret.
    private static func key(
        _ service: ServiceHarness,
        _ scopes: [String] = ["invites:read"],
        more: String = ""
    ) async throws -> (id: String, secret: String) {
        let made = await service.makeKey(scopes: scopes, more: more)
        return (try #require(made["id"], "\(made.text)"), try #require(made["secret"]))
    }

    @Test("S35: everything that may change changes, works at once, and the trail has before and after")
    func changes() async throws {
        let service = try await ServiceHarness()
        let key = try await Self.key(service)
        #expect(await service.send(.get, "/v1/invites", key: key.secret).status == 200)
        #expect(await service.send(.post, "/v1/invites", body: "{}", key: key.secret).code == "insufficient_scope")
        let end = RFC3339.text(service.time.now().adding(seconds: 1000))
        let body = """
            {"name":"renamed","scopes":["write:invites","invites.read"],"expires_at":"\(end)",
            "ip_allowlist":["127.0.0.1"],"allowed_origins":["https://a.example"]}
            """
        let answer = await service.admin(.patch, "/v1/api-keys/\(key.id)", body: body)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer["name"] == "renamed")
        #expect(answer["expires_at"] == end)
        #expect(answer["secret"] == nil)
        #expect(Self.list(answer, "scopes") == ["invites:read", "invites:write"])
        #expect(Self.list(answer, "ip_allowlist") == ["127.0.0.1/32"])
        #expect(Self.list(answer, "allowed_origins") == ["https://a.example"])
        #expect(await service.send(.post, "/v1/invites", body: "{}", key: key.secret).code == "invalid_request")
        let elsewhere = try #require(IPAddress(parsing: "203.0.113.7"))
        #expect(await service.send(.get, "/v1/invites", key: key.secret, from: elsewhere).code == "ip_not_allowed")
        let events = try await service.changes().filter { $0.target == key.id && $0.type.hasPrefix("key.") }.map {
            event in
            event.type + " " + String(decoding: event.detail, as: UTF8.self)
        }
        #expect(events.count == 3, "\(events)")
        #expect(events.contains { $0.hasPrefix("key.scopes_changed") && $0.contains("invites:read invites:write") })
        #expect(events.contains { $0.hasPrefix("key.changed") && $0.contains("name scopes expires_at") })
    }

    @Test("A change that changes nothing is answered and leaves no event", arguments: ["{}", #"{"name":"made"}"#])
    func nothing(body: String) async throws {
        let service = try await ServiceHarness()
        let key = try await Self.key(service)
        let before = try await service.changes().count
        #expect(await service.admin(.patch, "/v1/api-keys/\(key.id)", body: body).status == 200)
        #expect(try await service.changes().count == before)
    }

    @Test("null ends the expiry and empties the lists")
    func clears() async throws {
        let service = try await ServiceHarness()
        let end = RFC3339.text(service.time.now().adding(seconds: 1000))
        let key = try await Self.key(
            service,
            more: #","expires_at":"\#(end)","ip_allowlist":["10.0.0.0/8"],"allowed_origins":["https://a.example"]"#
        )
        let body = #"{"expires_at":null,"ip_allowlist":null,"allowed_origins":null}"#
        let answer = await service.admin(.patch, "/v1/api-keys/\(key.id)", body: body)
        #expect(answer.status == 200)
        #expect(answer.json?["expires_at"]?.isNull == true)
        #expect(Self.list(answer, "ip_allowlist") == [])
        #expect(Self.list(answer, "allowed_origins") == [])
        #expect(await service.send(.get, "/v1/invites", key: key.secret).status == 200)
        service.time.advance(seconds: 1000)
        #expect(await service.send(.get, "/v1/invites", key: key.secret).status == 200)
    }

    @Test(
        "S34, S35: the workspace's rule decides whether scopes may change",
        arguments: [
            ("frozen", #"["invites:read"]"#, 403), ("frozen", #"["invites:read","invites:write","audit:read"]"#, 403),
            ("frozen", #"["invites.write","read:invites"]"#, 200), ("narrow_only", #"["invites:read"]"#, 200),
            ("narrow_only", #"["invites:read","audit:read"]"#, 403),
            ("narrow_only", #"["invites:read","invites:write"]"#, 200), ("free", #"["audit:read"]"#, 200),
        ]
    )
    func scopeRule(rule: String, scopes: String, status: Int) async throws {
        let service = try await ServiceHarness()
        service.faults.set(settings: #"{"scope_rule":"\#(rule)"}"#)
        let key = try await Self.key(service, ["invites:read", "invites:write"])
        let answer = await service.admin(.patch, "/v1/api-keys/\(key.id)", body: #"{"scopes":\#(scopes)}"#)
        #expect(answer.status == status, "\(answer.text)")
        if status == 403 {
            #expect(answer.code == "forbidden")
            #expect(answer.param == "scopes")
            #expect(answer.text.contains("scope_rule is \(rule)"))
            let stored = await service.admin(.get, "/v1/api-keys/\(key.id)")
            #expect(Self.list(stored, "scopes") == ["invites:read", "invites:write"])
        }
        // Whatever the rule says of scopes, the name may change.
        #expect(await service.admin(.patch, "/v1/api-keys/\(key.id)", body: #"{"name":"n"}"#).status == 200)
    }

    @Test("A change can give nothing that the changing key does not have, and take everything")
    func neverWider() async throws {
        let service = try await ServiceHarness()
        let now = service.time.now()
        let (end, later) = (RFC3339.text(now.adding(seconds: 1000)), RFC3339.text(now.adding(seconds: 1001)))
        let maker = try await Self.key(
            service,
            ["keys:read", "keys:write", "invites:read"],
            more: #","kind":"admin","expires_at":"\#(end)","ip_allowlist":["127.0.0.0/8"]"#
                + #","allowed_origins":["https://a.example"]"#
        )
        let sooner = RFC3339.text(now.adding(seconds: 500))
        let target = try await Self.key(
            service,
            ["audit:read"],
            more: #","expires_at":"\#(sooner)","ip_allowlist":["10.0.0.0/8"],"allowed_origins":["https://b.example"]"#
        )
        let table: [(String, Int, String?)] = [
            (#""scopes":["audit:read","invites:read"]"#, 200, nil), (#""scopes":["invites:read"]"#, 200, nil),
            (#""scopes":["audit:read"]"#, 403, "scopes"), (#""scopes":["invites:write"]"#, 403, "scopes"),
            (#""expires_at":"\#(later)""#, 403, "expires_at"), (#""expires_at":null"#, 403, "expires_at"),
            (#""expires_at":"\#(end)""#, 200, nil), (#""ip_allowlist":[]"#, 403, "ip_allowlist"),
            (#""ip_allowlist":null"#, 403, "ip_allowlist"), (#""ip_allowlist":["192.0.2.1"]"#, 403, "ip_allowlist"),
            (#""ip_allowlist":["10.1.0.0/16","127.0.0.1"]"#, 200, nil),
            (#""allowed_origins":[]"#, 403, "allowed_origins"),
            (#""allowed_origins":["https://c.example"]"#, 403, "allowed_origins"),
            (#""allowed_origins":["https://a.example","https://b.example"]"#, 200, nil), (#""name":"n""#, 200, nil),
        ]
        for (members, status, param) in table {
            let answer = await service.send(
                .patch,
                "/v1/api-keys/\(target.id)",
                body: "{\(members)}",
                key: maker.secret
            )
            #expect(answer.status == status, "\(members): \(answer.text)")
            #expect(answer.param == param)
        }
        let own = await service.send(
            .patch,
            "/v1/api-keys/\(maker.id)",
            body: #"{"scopes":["keys:read","keys:write","invites:write"]}"#,
            key: maker.secret
        )
        #expect(own.status == 403)
    }

    @Test(
        "A bad member is named",
        arguments: [
            (#"{"name":null}"#, "name"), (#"{"name":""}"#, "name"), (#"{"name":1}"#, "name"),
            (#"{"scopes":null}"#, "scopes"), (#"{"scopes":[]}"#, "scopes"), (#"{"scopes":["x"]}"#, "scopes"),
            (#"{"scopes":["jobs:read"]}"#, "scopes"), (#"{"scopes":["keys:read"]}"#, "scopes"),
            (#"{"expires_at":"2001-01-01T00:00:00Z"}"#, "expires_at"), (#"{"expires_at":"soon"}"#, "expires_at"),
            (#"{"ip_allowlist":["10.0.0.1/8"]}"#, "ip_allowlist"), (#"{"allowed_origins":["a"]}"#, "allowed_origins"),
            (#"{"kind":"admin"}"#, "kind"), (#"{"environment":"live"}"#, "environment"), (#"{"secret":"x"}"#, "secret"),
        ]
    )
    func badMembers(body: String, param: String) async throws {
        let service = try await ServiceHarness()
        let key = try await Self.key(service)
        let answer = await service.admin(.patch, "/v1/api-keys/\(key.id)", body: body)
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.param == param)
        #expect(await service.admin(.get, "/v1/api-keys/\(key.id)")["name"] == "made")
    }

    @Test("What has ended stays as it was; what is not there is 404")
    func ended() async throws {
        let service = try await ServiceHarness()
        let end = RFC3339.text(service.time.now().adding(seconds: 10))
        let revoked = try await Self.key(service)
        let expired = try await Self.key(service, more: #","expires_at":"\#(end)""#)
        _ = await service.admin(.delete, "/v1/api-keys/\(revoked.id)")
        service.time.advance(seconds: 10)
        for id in [revoked.id, expired.id] {
            let table: [(HTTPMethod, String)] = [
                (.patch, ""), (.post, "/suspend"), (.post, "/resume"), (.post, "/rotate"),
            ]
            for (method, path) in table {
                let answer = await service.admin(method, "/v1/api-keys/\(id)\(path)", body: "{}")
                #expect(answer.status == 409, "\(path): \(answer.text)")
                #expect(answer.code == "conflict")
            }
        }
        for id in ["key_00000000000000000000000000", "nonsense"] {
            #expect(await service.admin(.patch, "/v1/api-keys/\(id)", body: "{}").status == 404)
            for verb in ["suspend", "resume", "rotate"] {
                #expect(await service.admin(.post, "/v1/api-keys/\(id)/\(verb)").status == 404)
            }
        }
    }

    @Test("A change that was overtaken is judged anew on what the key is by then")
    func overtaken() async throws {
        let service = try await ServiceHarness()
        service.faults.set(settings: #"{"scope_rule":"narrow_only"}"#)
        let key = try await Self.key(service, ["invites:read", "invites:write", "audit:read"])
        let path = "/v1/api-keys/\(key.id)"
        service.faults.before("editAPIKey") {
            _ = await service.admin(.patch, path, body: #"{"scopes":["invites:read"],"name":"first"}"#)
        }
        // Narrower than what was there when it was read, wider than what is there when it is written.
        let answer = await service.admin(.patch, path, body: #"{"scopes":["invites:read","invites:write"]}"#)
        #expect(answer.status == 403, "\(answer.text)")
        service.faults.before("editAPIKey") { _ = await service.admin(.patch, path, body: #"{"name":"second"}"#) }
        let end = RFC3339.text(service.time.now().adding(seconds: 10))
        let both = await service.admin(.patch, path, body: #"{"expires_at":"\#(end)"}"#)
        #expect(both.status == 200)
        #expect(both["name"] == "second")
        #expect(Self.list(both, "scopes") == ["invites:read"])
    }

    @Test("A change that is overtaken again and again ends with 409")
    func alwaysOvertaken() async throws {
        let service = try await ServiceHarness()
        let key = try await Self.key(service)
        let tenant = Tenant(workspace: service.setup.workspace, environment: .test)
        let id = try #require(TypeID.parse(.apiKey, key.id))
        Renamer(service: service, id: id, tenant: tenant).arm(0)
        let answer = await service.admin(.patch, "/v1/api-keys/\(key.id)", body: #"{"ip_allowlist":["::1"]}"#)
        #expect(answer.status == 409)
        #expect(answer.code == "conflict")
        // What is armed still holds the service, which holds it.
        service.faults.before("editAPIKey") {}
    }

    @Test("A key that was ended while its request ran changes nothing")
    func endedMeanwhile() async throws {
        let service = try await ServiceHarness()
        let maker = try await Self.key(service, ["keys:read", "keys:write", "keys:delete"], more: #","kind":"admin""#)
        let target = try await Self.key(service, ["keys:read"], more: #","kind":"admin""#)
        let path = "/v1/api-keys/\(target.id)"
        #expect(await service.admin(.post, path + "/suspend").status == 200)
        let end: @Sendable () async -> Void = { _ = await service.admin(.delete, "/v1/api-keys/\(maker.id)") }
        service.faults.before("editAPIKey", end)
        let answer = await service.send(.post, path + "/resume", key: maker.secret)
        #expect(answer.code == "unauthorized", "\(answer.text)")
        #expect(await service.admin(.get, path)["status"] == "suspended")
    }
}

/// Renames a key by a store of its own, each time that somebody is about to edit it.
private struct Renamer: Sendable {
    let service: ServiceHarness
    let id: RecordID
    let tenant: Tenant

    func arm(_ round: Int) {
        service.faults.before("editAPIKey") {
            guard round < 10, let before = try? await service.store.apiKey(id, of: tenant) else { return }
            var after = before
            after.name = "round \(round)"
            let edit = EditAPIKey(before: before, after: after, by: nil, now: service.time.now(), audit: [])
            _ = try? await service.store.editAPIKey(edit)
            arm(round + 1)
        }
    }
}
