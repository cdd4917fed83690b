import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("POST /v1/api-keys/{id}/rotate")
struct KeyRotationTests {
    private static func overlap(_ time: UnixTime) -> String { #"{"overlap_until":"\#(RFC3339.text(time))"}"# }

    private static func path(_ made: Answer) throws -> String {
        "/v1/api-keys/\(try #require(made["id"], "\(made.text)"))/rotate"
    }

    @Test("S40: no setting is lost, both keys work until the stated instant, and the old one not a millisecond longer")
    func overlaps() async throws {
        let service = try await ServiceHarness()
        let end = RFC3339.text(service.time.now().adding(seconds: 100_000))
        let made = await service.makeKey(
            scopes: ["invites:read", "keys:read"],
            more: #","kind":"admin","expires_at":"\#(end)","ip_allowlist":["127.0.0.0/8","10.0.0.0/8"]"#
                + #","allowed_origins":["https://a.example"]"#
        )
        let old = try #require(made["secret"], "\(made.text)")
        // In the cache before the rotation.
        #expect(await service.send(.get, "/v1/invites", key: old).status == 200)
        let until = service.time.now().adding(seconds: 3600)
        let answer = await service.admin(.post, try Self.path(made), body: Self.overlap(until))
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer.response.field("Cache-Control") == "no-store")
        let new = try #require(answer["secret"])
        #expect(new != old && answer["id"] != made["id"])
        for name in [
            "name", "kind", "scopes", "environment", "expires_at", "ip_allowlist", "allowed_origins", "status",
        ] {
            let (before, after) = (made.json?[name].map(JSONText.bytes), answer.json?[name].map(JSONText.bytes))
            #expect(before != nil && before == after, "\(name)")
        }
        let replaced = await service.admin(.get, "/v1/api-keys/\(try #require(made["id"]))")
        #expect(replaced["expires_at"] == RFC3339.text(until))
        #expect(replaced["replaced_by"] == answer["id"])
        #expect(replaced["status"] == "active")
        service.time.advance(milliseconds: 3_599_999)
        for key in [old, new] { #expect(await service.send(.get, "/v1/invites", key: key).status == 200) }
        service.time.advance(milliseconds: 1)
        #expect(await service.send(.get, "/v1/invites", key: old).status == 401)
        #expect(await service.send(.get, "/v1/invites", key: new).status == 200)
    }

    @Test("S40: the successor is bound by its predecessor's policy, on every store", arguments: [false, true])
    func keepsPolicy(isDurable: Bool) async throws {
        let folder = TemporaryFolder()
        let service = try await isDurable ? ServiceHarness(directory: folder.path) : ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:write"])
        let id = try #require(made["id"])
        let set = await service.admin(.put, "/v1/api-keys/\(id)/policy", body: #"{"max_uses_max":2}"#)
        #expect((200...201).contains(set.status), "\(set.text)")
        // What is remembered of policies before the rotation must not hide the successor's.
        _ = await service.admin(.get, "/v1/policies/explain?api_key_id=\(id)")
        let rotated = await service.admin(.post, try Self.path(made))
        let successor = try #require(rotated["id"], "\(rotated.text)")
        let secret = try #require(rotated["secret"])
        func mint(uses: Int) async -> Answer {
            let body = #"{"campaign_id":"c","participant_email":"a@b.example","max_uses":\#(uses)}"#
            return await service.send(.post, "/v1/invites", body: body, key: secret)
        }
        let refused = await mint(uses: 3)
        #expect(refused.status == 422 && refused.code == "policy_violation", "\(refused.text)")
        #expect(await mint(uses: 2).status == 201)
        // It is the successor's own from then on.
        let changed = await service.admin(.put, "/v1/api-keys/\(successor)/policy", body: #"{"max_uses_max":1}"#)
        #expect((200...201).contains(changed.status), "\(changed.text)")
        #expect(await mint(uses: 2).status == 422)
        let old = await service.admin(.get, "/v1/api-keys/\(id)/policy")
        #expect(old.text.contains(#""max_uses_max":2"#), "\(old.text)")
        await service.store.close()
    }

    @Test(
        "S40: without an instant the old key works for 24 hours more, and never past its own end",
        arguments: [nil, 3600]
    )
    func defaults(ownSeconds: Int?) async throws {
        let service = try await ServiceHarness()
        let now = service.time.now()
        let own = ownSeconds.map { #","expires_at":"\#(RFC3339.text(now.adding(seconds: Int64($0))))""# } ?? ""
        let made = await service.makeKey(scopes: ["invites:read"], more: own)
        let answer = await service.admin(.post, try Self.path(made))
        #expect(answer.status == 201, "\(answer.text)")
        let old = await service.admin(.get, "/v1/api-keys/\(try #require(made["id"]))")
        #expect(old["expires_at"] == RFC3339.text(now.adding(seconds: Int64(ownSeconds ?? 86_400))))
        #expect(answer["expires_at"] == made["expires_at"])
    }

    @Test("The end must lie from now to 30 days on, and not after the key's own", arguments: [true, false])
    func bounds(hasEnd: Bool) async throws {
        let service = try await ServiceHarness()
        let now = service.time.now()
        let month: Int64 = 30 * 86_400
        let table: [(Int64, Int)] =
            hasEnd ? [(101, 400), (100, 201)] : [(-1, 400), (month + 1, 400), (month, 201)]
        let own = hasEnd ? #","expires_at":"\#(RFC3339.text(now.adding(seconds: 100)))""# : ""
        let made = await service.makeKey(scopes: ["invites:read"], more: own)
        for (seconds, status) in table {
            let body = Self.overlap(now.adding(seconds: seconds))
            let answer = await service.admin(.post, try Self.path(made), body: body)
            #expect(answer.status == status, "\(seconds): \(answer.text)")
            if status == 400 { #expect(answer.param == "overlap_until") }
        }
    }

    @Test("An overlap that ends now ends the old key at once")
    func atOnce() async throws {
        let service = try await ServiceHarness()
        service.time.advance(milliseconds: 700)
        let made = await service.makeKey(scopes: ["invites:read"])
        let old = try #require(made["secret"])
        #expect(await service.send(.get, "/v1/invites", key: old).status == 200)
        let answer = await service.admin(.post, try Self.path(made), body: Self.overlap(service.time.now()))
        #expect(answer.status == 201, "\(answer.text)")
        #expect(await service.send(.get, "/v1/invites", key: old).status == 401)
        #expect(await service.send(.get, "/v1/invites", key: answer["secret"]).status == 200)
    }

    @Test(
        "A bad body is named",
        arguments: [
            (#"{"overlap_until":"tomorrow"}"#, "overlap_until"), (#"{"overlap_until":1}"#, "overlap_until"),
            (#"{"overlap":"x"}"#, "overlap"), (#"{"name":"x"}"#, "name"),
        ]
    )
    func badBody(body: String, param: String) async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let answer = await service.admin(.post, try Self.path(made), body: body)
        #expect(answer.status == 400)
        #expect(answer.param == param)
        #expect(await service.admin(.get, "/v1/api-keys").json?["data"]?.count == 2)
    }

    @Test("Of rotations at the same time one is done; the others and any later get 409")
    func once() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let path = try Self.path(made)
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { await service.admin(.post, path).status } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.sorted() == [201] + Array(repeating: 409, count: 7))
        #expect(await service.admin(.post, path).code == "conflict")
        #expect(await service.admin(.get, "/v1/api-keys").json?["data"]?.count == 3)
    }

    @Test("A rotation that was overtaken by a change carries the change, so that nothing is lost")
    func overtaken() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read", "invites:write"])
        let id = try #require(made["id"])
        service.faults.before("rotateAPIKey") {
            let body = #"{"scopes":["invites:read"],"ip_allowlist":["127.0.0.1"]}"#
            _ = await service.admin(.patch, "/v1/api-keys/\(id)", body: body)
        }
        let answer = await service.admin(.post, try Self.path(made))
        #expect(answer.status == 201)
        #expect(answer.json?["scopes"]?.elements.compactMap(\.string) == ["invites:read"])
        #expect(answer.json?["ip_allowlist"]?.elements.compactMap(\.string) == ["127.0.0.1/32"])
    }

    @Test("A replay gives the same key without its secret, and rotates nothing")
    func replays() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let fields = [("Idempotency-Key", "once")]
        let first = await service.admin(.post, try Self.path(made), fields: fields)
        #expect(first.status == 201 && first["secret"] != nil)
        let again = await service.admin(.post, try Self.path(made), fields: fields)
        #expect(again.status == 201, "\(again.text)")
        #expect(again.response.field("Idempotent-Replayed") == "true")
        #expect(again["id"] == first["id"])
        #expect(again["secret"] == nil)
        #expect(!again.text.contains(try #require(first["secret"])))
        let other = Self.overlap(service.time.now().adding(seconds: 5))
        #expect(await service.admin(.post, try Self.path(made), body: other, fields: fields).status == 422)
        #expect(try await service.changes().filter { $0.type == "key.rotated" }.count == 1)
    }

    @Test("A key rotates itself, and none that is wider than itself")
    func wider() async throws {
        let service = try await ServiceHarness()
        let small = await service.makeKey(scopes: ["keys:write", "invites:read"], more: #","kind":"admin""#)
        let path = "/v1/api-keys/\(TypeID.text(.apiKey, service.setup.apiKey))/rotate"
        let refused = await service.send(.post, path, key: small["secret"])
        #expect(refused.status == 403)
        #expect(refused.param == "scopes")
        #expect(await service.admin(.get, "/v1/api-keys").json?["data"]?.count == 2)
        let narrow = await service.makeKey(scopes: ["invites:read"], more: #","ip_allowlist":["10.0.0.0/8"]"#)
        #expect(await service.send(.post, try Self.path(narrow), key: small["secret"]).status == 201)
        #expect(await service.send(.post, try Self.path(small), key: small["secret"]).status == 201)
        #expect(await service.admin(.post, path).status == 201)
    }

    @Test("A suspended key is not rotated before it is resumed")
    func suspended() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let id = try #require(made["id"])
        #expect(await service.admin(.post, "/v1/api-keys/\(id)/suspend").status == 200)
        #expect(await service.admin(.post, try Self.path(made)).status == 409)
        #expect(await service.admin(.post, "/v1/api-keys/\(id)/resume").status == 200)
        #expect(await service.admin(.post, try Self.path(made)).status == 201)
    }

    @Test("The end of a rotated key can be brought forward, and not put off")
    func endOfOld() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let path = "/v1/api-keys/\(try #require(made["id"]))"
        let now = service.time.now()
        let until = Self.overlap(now.adding(seconds: 1000))
        #expect(await service.admin(.post, path + "/rotate", body: until).status == 201)
        for end in ["null", "\"\(RFC3339.text(now.adding(seconds: 1001)))\""] {
            let answer = await service.admin(.patch, path, body: #"{"expires_at":\#(end)}"#)
            #expect(answer.status == 409)
            #expect(answer.param == "expires_at")
        }
        let sooner = #"{"expires_at":"\#(RFC3339.text(now.adding(seconds: 10)))"}"#
        #expect(await service.admin(.patch, path, body: sooner).status == 200)
        service.time.advance(seconds: 10)
        #expect(await service.send(.get, "/v1/invites", key: made["secret"]).status == 401)
    }

    @Test("S26: at the plan's limit a rotation works, and a chain of them ends there too")
    func atTheLimit() async throws {
        let service = try await ServiceHarness()
        service.faults.set(plan: .free)
        for _ in 1..<10 { #expect(await service.makeKey(scopes: ["invites:read"]).status == 201) }
        let refused = await service.makeKey(scopes: ["invites:read"])
        #expect(refused.status == 409)
        #expect(refused.text.contains("10"))
        var newest = await service.admin(.get, "/v1/api-keys?limit=1").json?["data"]?.elements.first?["id"]?.string
        for _ in 0..<10 {
            let rotated = await service.admin(.post, "/v1/api-keys/\(try #require(newest))/rotate")
            #expect(rotated.status == 201, "\(rotated.text)")
            newest = rotated["id"]
        }
        let eleventh = await service.admin(.post, "/v1/api-keys/\(try #require(newest))/rotate")
        #expect(eleventh.status == 409, "\(eleventh.text)")
        #expect(await service.makeKey(scopes: ["invites:read"]).status == 409)
        service.time.advance(seconds: 86_400)
        #expect(await service.admin(.post, "/v1/api-keys/\(try #require(newest))/rotate").status == 201)
    }

    @Test("The trail names both keys")
    func audited() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let answer = await service.admin(.post, try Self.path(made))
        let events = try await service.changes()
        let rotated = try #require(events.first { $0.type == "key.rotated" })
        #expect(rotated.target == made["id"])
        let detail = try JSONDocument(parsing: rotated.detail).root
        #expect(detail["old_key"]?.string == made["id"])
        #expect(detail["new_key"]?.string == answer["id"])
        #expect(events.contains { $0.type == "key.created" && $0.target == answer["id"] })
    }

    @Test("A rotation that was committed without an answer is not hidden by the cache")
    func unknownOutcome() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let old = try #require(made["secret"])
        #expect(await service.send(.get, "/v1/invites", key: old).status == 200)
        service.faults.arm(name: "rotateAPIKey", error: .unknownOutcome("lost"), moment: .after)
        let body = Self.overlap(service.time.now().adding(seconds: 60))
        #expect(await service.admin(.post, try Self.path(made), body: body).status == 503)
        service.faults.arm(nil)
        service.time.advance(seconds: 60)
        #expect(await service.send(.get, "/v1/invites", key: old).status == 401)
    }

    @Test("Nothing is rotated while the store fails")
    func storeFails() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        service.faults.arm(name: "rotateAPIKey")
        #expect(await service.admin(.post, try Self.path(made)).status == 503)
        service.faults.arm(nil)
        let key = await service.admin(.get, "/v1/api-keys/\(try #require(made["id"]))")
        #expect(key.json?["expires_at"]?.isNull == true)
        #expect(key.json?["replaced_by"]?.isNull == true)
    }
}
