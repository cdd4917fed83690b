import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Webhooks by the API")
struct WebhookRouteTests {
    @Test("S12: a webhook's secret is whsec_ and 32 bytes of base64, shown once, and kept encrypted")
    func secretOnce() async throws {
        let service = try await ServiceHarness()
        let events = #"["invite.*","key.expiring"]"#
        let body = #"{"url":"https://hooks.example.com/a?b=c","events":\#(events),"description":"crm"}"#
        let made = await service.admin(.post, "/v1/webhooks", body: body)
        #expect(made.status == 201 && made.response.field("Cache-Control") == "no-store")
        let secret = try #require(made["secret"])
        #expect(secret.wholeMatch(of: /whsec_[A-Za-z0-9+\/]{43}=/) != nil)
        let id = try #require(made["id"])
        #expect(id.hasPrefix("whk_") && made["url"] == "https://hooks.example.com/a?b=c")
        #expect(made.json?["events"]?.elements.compactMap(\.string) == ["invite.*", "key.expiring"])
        #expect(made["environment"] == "test" && made["description"] == "crm")
        #expect(made.json?["enabled"]?.boolean == true && made.json?["failing_since"]?.isNull == true)
        for path in ["/v1/webhooks", "/v1/webhooks/" + id] {
            let read = await service.admin(.get, path)
            #expect(read.status == 200 && !read.text.contains("whsec_") && !read.text.contains("\"secret\""))
            #expect(read.text.contains("https://hooks.example.com/a?b=c"))
        }
        let record = try #require(TypeID.parse(.webhook, id))
        let stored = try #require(try await service.store.webhook(record, of: service.tenant))
        let sealed = String(decoding: stored.sealed, as: UTF8.self)
        #expect(!sealed.contains("hooks.example.com") && !sealed.contains(secret.dropFirst(6)))
        #expect(service.services.webhooks.sealer.open(stored)?.current.text == secret)
        var moved = stored
        moved.id = service.services.identifiers.next(at: service.time.now())
        #expect(service.services.webhooks.sealer.open(moved) == nil)
        #expect(try await service.changes().first?.type == "webhook.created")
    }

    @Test("S12: a webhook secret that is sent as an API key gets the ordinary 401, without a look-up")
    func neverACredential() async throws {
        let service = try await ServiceHarness()
        let webhook = try await service.makeWebhook("a.example")
        let unknown = await service.send(.get, "/v1/invites", key: "no key at all")
        service.faults.arm(nil)
        for fields in [[], [("x-api-key", webhook.secret)]] as [[(String, String)]] {
            let answer = await service.send(
                .get,
                "/v1/invites",
                fields: fields,
                key: fields.isEmpty ? webhook.secret : nil
            )
            #expect(answer.status == 401 && answer.comparable == unknown.comparable)
        }
        // Nor one that has the shape of a key.
        let shaped = APIKeySecret(prefix: "whsec_", random: service.services.random).text
        #expect(await service.send(.get, "/v1/invites", key: shaped).comparable == unknown.comparable)
        #expect(!service.faults.calls.contains("apiKey"))
        let platform = try await service.platformKey()
        let body = #"{"name":"W","slug":"w","settings":{"key_prefixes":{"live":"whsec_"}}}"#
        let refused = await service.send(.post, "/v1/workspaces", body: body, key: platform.secret)
        #expect(refused.status == 400)
    }

    @Test(
        "A URL that must not be told of anything is refused by name",
        arguments: [
            "", "hooks.example.com", "ftp://a.example/", "http://a.example/", "http://127.0.0.1/", "http://localhost/",
            "https://", "https:///x", "https://u@a.example/", "https://u:p@a.example/", "https://a.example/#x",
            "https://a.example:0/", "https://a.example:65536/", "https://a.example:x/", "https://a b.example/",
            "https://a.example/\\u0000", "https://a.example/\\u00e9", "https://127.0.0.1/", "https://10.1.2.3/",
            "https://169.254.169.254/latest", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fd00::1]/",
            "https://[64:ff9b::7f00:1]/", "https://2130706433/", "https://127.1/", "https://0x7f000001/",
            "https://0x7f.0.0.1/", "https://017700000001/", "https://a.0x10/", "https://1.2.3.4.5/",
            "https://a.example\\\\@b/", "https://a.example/<x>", "https://a.example/\\r\\nX: y",
            "https://a.example/" + String(repeating: "x", count: 2048),
        ]
    )
    func urls(url: String) async throws {
        let service = try await ServiceHarness()
        let answer = await service.admin(.post, "/v1/webhooks", body: #"{"url":"\#(url)","events":["*"]}"#)
        #expect(answer.status == 400 && answer.param == "url", "\(answer.text)")
        #expect(try await !service.changes().contains { $0.type.hasPrefix("webhook.") })
    }

    @Test(
        "A URL of another host, port or form is taken as it stands",
        arguments: [
            "https://a.example", "https://a.example:8443/x/y?z=%20&w", "https://8.8.8.8/", "https://[2606:4700::1]/",
            "https://a.example?x", "https://xn--bcher-kva.example/",
        ]
    )
    func goodURLs(url: String) async throws {
        let service = try await ServiceHarness()
        let answer = await service.admin(.post, "/v1/webhooks", body: #"{"url":"\#(url)","events":["*"]}"#)
        #expect(answer.status == 201 && answer["url"] == url, "\(answer.text)")
    }

    @Test(
        "A list of events holds types and starts of types, one to fifty",
        arguments: [
            (#"[]"#, false), (#""invite.*""#, false), (#"[1]"#, false), (#"["invite"]"#, false),
            (#"["*.created"]"#, false),
            (#"["invite.*.x"]"#, false), (#"["Invite.created"]"#, false), (#"["invite."]"#, false), (#"[".*"]"#, false),
            (#"["**"]"#, false), (#"["in*"]"#, false), (#"["1.x"]"#, false), (#"[""]"#, false),
            (#"["\#(String(repeating: "a", count: 63)).*"]"#, false),
            (#"["\#(String(repeating: "a", count: 62)).*"]"#, true), (#"["*"]"#, true),
            (#"["invite.created","alert.*"]"#, true), (#"["a.b.c_1"]"#, true), (#"["a.b.*"]"#, true),
            ("[" + Array(repeating: #""a.b""#, count: 50).joined(separator: ",") + "]", true),
            ("[" + Array(repeating: #""a.b""#, count: 51).joined(separator: ",") + "]", false),
        ]
    )
    func events(list: String, isGood: Bool) async throws {
        let service = try await ServiceHarness()
        let body = #"{"url":"https://a.example/","events":\#(list)}"#
        let answer = await service.admin(.post, "/v1/webhooks", body: body)
        #expect(answer.status == (isGood ? 201 : 400), "\(answer.text)")
        #expect(isGood || answer.param == "events")
    }

    @Test("What is missing, unknown or too long is named")
    func fields() async throws {
        let service = try await ServiceHarness()
        for (body, param) in [
            (#"{"events":["*"]}"#, "url"), (#"{"url":"https://a.example/"}"#, "events"),
            (#"{"url":"https://a.example/","events":["*"],"secret":"x"}"#, "secret"),
            (#"{"url":7,"events":["*"]}"#, "url"),
            (
                #"{"url":"https://a.example/","events":["*"],"description":"\#(String(repeating: "x", count: 201))"}"#,
                "description"
            ), (#"{"url":"https://a.example/","events":["*"],"description":"a\u0007"}"#, "description"),
        ] {
            let answer = await service.admin(.post, "/v1/webhooks", body: body)
            #expect(answer.status == 400 && answer.param == param, "\(body): \(answer.text)")
        }
    }

    @Test("Of fifteen webhooks made at once ten are there, and one more when one is gone")
    func limit() async throws {
        let service = try await ServiceHarness()
        let statuses = await withTaskGroup(of: Int.self) { group in
            for number in 0..<15 {
                group.addTask {
                    let body = #"{"url":"https://a\#(number).example/","events":["*"]}"#
                    return await service.admin(.post, "/v1/webhooks", body: body).status
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.count { $0 == 201 } == 10 && statuses.count { $0 == 409 } == 5)
        let id = try #require(await service.admin(.get, "/v1/webhooks").json?["data"]?.elements.first?["id"]?.string)
        #expect(await service.admin(.delete, "/v1/webhooks/" + id).status == 204)
        #expect(await service.admin(.delete, "/v1/webhooks/" + id).status == 404)
        _ = try await service.makeWebhook("again.example")
    }

    @Test("A webhook changes as far as is asked, and tells the trail what changed")
    func change() async throws {
        let service = try await ServiceHarness()
        let webhook = try await service.makeWebhook("a.example")
        func patch(_ body: String) async -> Answer { await service.admin(.patch, webhook.path, body: body) }
        let count = try await service.changes().count
        let same = await patch(#"{"events":["invite.*"],"enabled":true,"url":"https://a.example/hook"}"#)
        #expect(same.status == 200)
        #expect(try await service.changes().count == count)
        let changed = await patch(
            #"{"url":"https://b.example/","events":["key.*"],"description":"new","enabled":false}"#
        )
        #expect(changed["url"] == "https://b.example/" && changed["description"] == "new")
        #expect(changed.json?["enabled"]?.boolean == false && changed["disabled_reason"] == "owner")
        #expect(changed["disabled_at"] != nil && !changed.text.contains("whsec_"))
        let event = try #require(try await service.changes().first)
        #expect(event.type == "webhook.changed" && event.target == webhook.id)
        #expect(String(decoding: event.detail, as: UTF8.self) == #"{"fields":"events description enabled url"}"#)
        #expect(await patch(#"{"enabled":true,"description":null}"#)["description"] == "")
        for (body, param) in [
            (#"{"url":null}"#, "url"), (#"{"events":null}"#, "events"), (#"{"enabled":null}"#, "enabled"),
            (#"{"enabled":1}"#, "enabled"), (#"{"secret":"x"}"#, "secret"), (#"{"url":"http://a.example"}"#, "url"),
        ] {
            let refused = await patch(body)
            #expect(refused.status == 400 && refused.param == param, "\(body)")
        }
    }

    @Test("Making and rotating under an idempotency key happen once, and a replay has no secret")
    func idempotency() async throws {
        let service = try await ServiceHarness()
        let fields = [("Idempotency-Key", "k")]
        let body = #"{"url":"https://a.example/","events":["*"]}"#
        let made = await service.admin(.post, "/v1/webhooks", body: body, fields: fields)
        let again = await service.admin(.post, "/v1/webhooks", body: body, fields: fields)
        #expect(again.status == 201 && again["id"] == made["id"] && again["secret"] == nil)
        #expect(again.response.field("Idempotent-Replayed") == "true")
        let path = "/v1/webhooks/" + (made["id"] ?? "") + "/rotate-secret"
        let rotated = await service.admin(.post, path, fields: fields)
        let replayed = await service.admin(.post, path, fields: fields)
        #expect(rotated.status == 201 && rotated["secret"] != nil && rotated["secret"] != made["secret"])
        #expect(replayed.status == 201 && replayed["secret"] == nil)
        let types = try await service.changes().map(\.type).filter { $0.hasPrefix("webhook.") }
        #expect(types.sorted() == ["webhook.created", "webhook.secret_rotated"])
    }

    @Test("A rotation overlaps by a day, or as long as is said, up to thirty days")
    func overlap() async throws {
        let service = try await ServiceHarness()
        let webhook = try await service.makeWebhook("a.example")
        func rotate(_ seconds: Int64?) async -> Answer {
            let until = seconds.map { RFC3339.text(service.time.now().adding(seconds: $0)) }
            return await service.admin(
                .post,
                webhook.path + "/rotate-secret",
                body: until.map { #"{"overlap_until":"\#($0)"}"# } ?? "{}"
            )
        }
        let usual = RFC3339.text(service.time.now().adding(seconds: 86_400))
        #expect(await rotate(nil)["previous_secret_until"] == usual)
        #expect(await rotate(30 * 86_400).status == 201)
        for seconds in [-1, 30 * 86_400 + 1] as [Int64] {
            let refused = await rotate(seconds)
            #expect(refused.status == 400 && refused.param == "overlap_until")
        }
        #expect(await rotate(0).json?["previous_secret_until"]?.isNull == true)
    }

    @Test("In a deployment on loopback, and only there, plain HTTP to this machine is allowed")
    func loopback() throws {
        var rules = WebhookRules()
        rules.allowsLoopback = true
        for url in ["http://127.0.0.1:9000/", "http://localhost/x", "http://[::1]:1/", "https://127.0.0.1/"] {
            #expect(throws: Never.self) { try WebhookURL(url, rules: rules) }
            #expect(throws: Problem.self) { try WebhookURL(url, rules: WebhookRules()) }
        }
        for url in ["http://a.example/", "http://10.0.0.1/", "http://8.8.8.8/", "https://10.0.0.1/"] {
            #expect(throws: Problem.self) { try WebhookURL(url, rules: rules) }
        }
        rules.allowedNetworks = [try #require(IPNetwork(parsing: "10.0.0.0/24"))]
        #expect(throws: Never.self) { try WebhookURL("https://10.0.0.1/", rules: rules) }
        #expect(throws: Problem.self) { try WebhookURL("https://10.0.1.1/", rules: rules) }
    }
}
