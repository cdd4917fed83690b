import HTTPServer
import InviteStore
import Platform
import StrictJSON
import Testing

@testable import TokenService

/// Somebody with every scope, who is no part of the tenant that is tried.
enum Stranger: String, CaseIterable, Sendable {
    case otherWorkspace
    case otherEnvironment
    case platformKeyElsewhere
    case memberElsewhere
    case memberInOtherEnvironment
}

/// One tenant with something of everything, and a stranger to it.
struct Isolation: Sendable {
    let service: ServiceHarness
    /// The stranger's key or browser, and what its requests add to the query.
    let key: String?
    var browser: ConsoleBrowser?
    let query: String
    /// The tenant's own.
    let session: OpenedSession
    let pendingInvite: String
    let pendingToken: String
    let ownKey: MadeKey
    let ownWebhook: MadeWebhook
    /// All that must not show in an answer to the stranger.
    let secrets: [String]

    init(_ stranger: Stranger) async throws {
        service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let elsewhere = try await service.makeWorkspace(platform, slug: "elsewhere")
        switch stranger {
        case .otherWorkspace:
            (key, query) = (try await service.makeKey(in: elsewhere, platform).secret, "")
        case .otherEnvironment:
            let live = try await service.platformKey(environment: .live)
            (key, query) = (try await service.makeKey(in: service.firstWorkspace, live).secret, "")
        case .platformKeyElsewhere: (key, query) = (platform.secret, "workspace_id=\(elsewhere)")
        case .memberElsewhere:
            // What is minted descends from a key, so the workspace needs one.
            _ = try await service.makeKey(in: elsewhere, platform)
            (key, query) = (nil, "accountSlug=elsewhere&environment=test")
            browser = try await service.signedIn(.security, in: elsewhere)
        case .memberInOtherEnvironment:
            let live = try await service.platformKey(environment: .live)
            _ = try await service.makeKey(in: service.firstWorkspace, live)
            (key, query) = (nil, "accountSlug=\(try await service.firstSlug())&environment=live")
            browser = try await service.signedIn(.security)
        }
        session = try await service.openSession()
        let pending = await service.mint(campaign: "camp_secret", email: "grace@example.com")
        pendingInvite = try #require(pending["id"])
        pendingToken = try #require(pending["invite_token"])
        ownKey = try await service.makeKey(in: service.firstWorkspace, platform, scopes: ["invites:read"], more: "")
        ownWebhook = try await service.makeWebhook("own.example", events: #"["key.*"]"#)
        secrets = [
            session.inviteID, session.sessionID, pendingInvite, ownKey.id, ownWebhook.id, "own.example",
            "camp_secret", "grace@example.com", "user@example.com", "camp_456abc",
        ]
    }

    /// Sends one request as the stranger.
    func send(
        _ method: HTTPMethod,
        _ path: String,
        body: String? = nil,
        fields: [(String, String)] = []
    ) async -> Answer {
        let target = query.isEmpty ? path : path + (path.contains("?") ? "&" : "?") + query
        return await service.send(method, target, body: body, fields: fields + (browser?.changing ?? []), key: key)
    }
}

@Suite("S37: one tenant never meets another")
struct IsolationTests {
    /// What takes an id, a token or a key in the body: what is the tenant's, and what is nobody's, in the same form.
    private struct Probe {
        let foreign: String
        let absent: String
        var form: [(String, String)] = []
    }

    /// Backend routes without an id in the path that only list or only make, with nothing of another tenant to name.
    private static let nameless: Set<String> = [
        "GET /v1/invites", "POST /v1/invites", "POST /v1/invites/batch", "POST /v1/participant-tokens",
        "GET /v1/api-keys", "POST /v1/api-keys", "GET /v1/audit-events", "POST /v1/webhooks",
    ]

    private static func probes(_ tenant: Isolation, _ unknown: Unknown) -> [String: [Probe]] {
        let form = [("Content-Type", "application/x-www-form-urlencoded")]
        let tokens = [tenant.session.participant, tenant.session.invite, tenant.pendingToken]
        return [
            "POST /v1/tokens/verify": tokens.map {
                Probe(foreign: #"{"token":"\#($0)"}"#, absent: #"{"token":"\#(unknown.token)"}"#)
            },
            "POST /v1/tokens/introspect": tokens.map {
                Probe(foreign: "token=" + $0, absent: "token=" + unknown.token, form: form)
            },
            "POST /v1/revocations": tokens.map {
                Probe(foreign: #"{"token":"\#($0)"}"#, absent: #"{"token":"\#(unknown.token)"}"#)
            }
                + [
                    ("invite_id", tenant.pendingInvite, unknown.id("inv")),
                    ("session_id", tenant.session.sessionID, unknown.id("ses")),
                    ("api_key_id", tenant.ownKey.id, unknown.id("key")),
                ].map { name, foreign, absent in
                    Probe(foreign: #"{"\#(name)":"\#(foreign)"}"#, absent: #"{"\#(name)":"\#(absent)"}"#)
                },
            "POST /v1/api-keys/verify": [
                Probe(foreign: #"{"key":"\#(tenant.ownKey.secret)"}"#, absent: #"{"key":"\#(unknown.key)"}"#)
            ],
        ]
    }

    /// What nobody has: ids, and credentials of another deployment.
    private struct Unknown {
        let token: String
        let key: String

        init() async throws {
            let other = try await ServiceHarness(seed: 77)
            token = try #require(await other.mint()["invite_token"])
            key = other.setup.secret
        }

        func id(_ kind: String) -> String { kind + "_01m7ysm950fr6tvbqwht0x6rk2" }
    }

    /// The tenant's ids for the path parameter of a template, by the collection that it stands under.
    private static func ids(_ template: String, _ tenant: Isolation, _ unknown: Unknown) -> [(String, String)]? {
        if template.hasPrefix("/v1/invites/{id}") {
            return [tenant.pendingInvite, tenant.session.inviteID].map { ($0, unknown.id("inv")) }
        }
        if template.hasPrefix("/v1/webhooks/{id}") { return [(tenant.ownWebhook.id, unknown.id("whk"))] }
        if template.hasPrefix("/v1/api-keys/{id}") { return [(tenant.ownKey.id, unknown.id("key"))] }
        return nil
    }

    private static func routes(_ service: ServiceHarness) -> [Route] {
        service.application.table.routes.filter { route in
            if case .apiKey = route.access { !route.isDeploymentWide } else { false }
        }
    }

    private static func expectAlike(_ foreign: Answer, _ absent: Answer, _ note: String) {
        #expect(foreign.status == absent.status, "\(note): \(foreign.text)")
        #expect(foreign.comparable == absent.comparable, "\(note)")
        #expect(foreign.status != 403 && foreign.status < 500, "\(note): \(foreign.text)")
        let names: [StaticString] = [
            "WWW-Authenticate", "Retry-After", "Idempotent-Replayed", "Allow", "Cache-Control",
        ]
        for name in names {
            #expect(foreign.response.field(name) == absent.response.field(name), "\(note): \(name)")
        }
    }

    @Test(
        "S37: another tenant's id in a path is 404 with the text of an absent one, on every backend route",
        arguments: Stranger.allCases
    )
    func paths(stranger: Stranger) async throws {
        let tenant = try await Isolation(stranger)
        let unknown = try await Unknown()
        var tried = 0
        for route in Self.routes(tenant.service) where route.template.contains("{id}") {
            let note = "\(stranger) \(route.method.name) \(route.template)"
            guard let ids = Self.ids(route.template, tenant, unknown) else {
                // A campaign's id is the caller's own word: the same one may stand in every workspace.
                #expect(route.template.hasPrefix("/v1/campaigns/{id}"), "\(note) is not tried by this test")
                continue
            }
            for (foreign, absent) in ids {
                for body in [nil, "{}"] as [String?] where body == nil || route.method != .get {
                    let path = route.template
                    let one = await tenant.send(route.method, path.replacing("{id}", with: foreign), body: body)
                    let other = await tenant.send(route.method, path.replacing("{id}", with: absent), body: body)
                    Self.expectAlike(one, other, note)
                    #expect(one.status == 404 || body == nil, "\(note): \(one.text)")
                    tried += 1
                }
            }
        }
        #expect(tried >= 9)
        try await Self.expectUntouched(tenant)
    }

    @Test(
        "S37: another tenant's token, invite, session or key in a body is answered as one that nobody has",
        arguments: Stranger.allCases
    )
    func bodies(stranger: Stranger) async throws {
        let tenant = try await Isolation(stranger)
        let unknown = try await Unknown()
        let probes = Self.probes(tenant, unknown)
        for route in Self.routes(tenant.service) where !route.template.contains("{id}") {
            let name = "\(route.method.name) \(route.template)"
            guard let tries = probes[name] else {
                #expect(
                    route.method == .get || Self.nameless.contains(name) || route.template.hasPrefix("/v1/policies"),
                    "\(name) is not tried by this test"
                )
                continue
            }
            for probe in tries {
                for path in [route.template, route.template + "?preview=true"] {
                    guard !path.contains("?") || route.parameters.contains("preview") else { continue }
                    let one = await tenant.send(route.method, path, body: probe.foreign, fields: probe.form)
                    let other = await tenant.send(route.method, path, body: probe.absent, fields: probe.form)
                    Self.expectAlike(one, other, "\(stranger) \(name) \(probe.foreign.prefix(24))")
                }
            }
        }
        try await Self.expectUntouched(tenant)
    }

    @Test("S37: no list of one tenant shows anything of another", arguments: Stranger.allCases)
    func lists(stranger: Stranger) async throws {
        let tenant = try await Isolation(stranger)
        for route in Self.routes(tenant.service) where route.method == .get && !route.template.contains("{id}") {
            var queries = [""]
            if route.parameters.contains("campaign_id") { queries.append("?campaign_id=camp_secret") }
            if route.parameters.contains("participant_email") { queries.append("?participant_email=grace@example.com") }
            if route.parameters.contains("target") { queries.append("?target=\(tenant.pendingInvite)") }
            for query in queries {
                let answer = await tenant.send(.get, route.template + query)
                #expect(answer.status == 200, "\(route.template + query): \(answer.text)")
                // What was asked for may be named in the answer; it must bring no object with it.
                let shown = query.isEmpty ? tenant.secrets : [tenant.session.inviteID, tenant.pendingInvite]
                let data = answer.json?["data"].map { String(decoding: JSONText.bytes($0), as: UTF8.self) }
                for secret in shown {
                    #expect(!(data ?? answer.text).contains(secret), "\(stranger) \(route.template + query)")
                }
            }
        }
    }

    @Test("S37: another tenant's cursor is refused as a tampered one is, on every list", arguments: Stranger.allCases)
    func cursors(stranger: Stranger) async throws {
        let tenant = try await Isolation(stranger)
        var tried = 0
        // Two versions, so that a page of one has a next.
        for uses in [5, 4] {
            let put = await tenant.service.admin(.put, "/v1/policies", body: #"{"max_uses_max":\#(uses)}"#)
            #expect((200...201).contains(put.status), "\(put.text)")
        }
        _ = try await tenant.service.makeWebhook("second.example")
        for route in Self.routes(tenant.service) where route.parameters.contains("cursor") {
            guard !route.template.contains("{id}") else { continue }
            let page = await tenant.service.admin(.get, route.template + "?limit=1")
            let cursor = try #require(page["next_cursor"], "\(route.template): \(page.text)")
            let tampered = String(cursor.dropLast(2)) + (cursor.hasSuffix("AA") ? "BB" : "AA")
            let own = await tenant.service.admin(.get, route.template + "?limit=1&cursor=\(cursor)")
            #expect(own.status == 200)
            let foreign = await tenant.send(.get, route.template + "?limit=1&cursor=\(cursor)")
            let broken = await tenant.send(.get, route.template + "?limit=1&cursor=\(tampered)")
            #expect(foreign.status == 400 && foreign.param == "cursor", "\(route.template): \(foreign.text)")
            Self.expectAlike(foreign, broken, "\(stranger) \(route.template)")
            tried += 1
        }
        #expect(tried >= 3)
    }

    @Test("S37: another tenant's idempotency key stands for nothing here", arguments: Stranger.allCases)
    func idempotency(stranger: Stranger) async throws {
        let tenant = try await Isolation(stranger)
        let fields = [("Idempotency-Key", "shared")]
        let item = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
        let bodies = [
            ("/v1/invites", item), ("/v1/invites/batch", #"{"invites":[\#(item),{"campaign_id":7}]}"#),
            ("/v1/participant-tokens", item), ("/v1/revocations", #"{"campaign_id":"c"}"#),
            ("/v1/api-keys", #"{"name":"n","scopes":["invites:read"]}"#),
            ("/v1/webhooks", #"{"url":"https://a.example/","events":["*"]}"#),
        ]
        for (path, body) in bodies {
            let own = await tenant.service.admin(.post, path, body: body, fields: fields)
            let foreign = await tenant.send(.post, path, body: body, fields: fields)
            #expect(own.status == foreign.status && own.status < 300, "\(path): \(foreign.text)")
            #expect(foreign.response.field("Idempotent-Replayed") == nil, "\(stranger) \(path)")
            #expect(foreign.text != own.text)
            let again = await tenant.service.admin(.post, path, body: body, fields: fields)
            #expect(again.response.field("Idempotent-Replayed") == "true", "\(path)")
        }
    }

    @Test(
        "S37: revoking a participant or a campaign of the same name touches one's own alone",
        arguments: Stranger.allCases
    )
    func sameNames(stranger: Stranger) async throws {
        let tenant = try await Isolation(stranger)
        for body in [#"{"participant_email":"user@example.com"}"#, #"{"campaign_id":"camp_456abc"}"#] {
            let preview = await tenant.send(.post, "/v1/revocations?preview=true", body: body)
            #expect(preview.json?["invites"]?.integer == 0 && preview.json?["sessions"]?.integer == 0)
            #expect(await tenant.send(.post, "/v1/revocations", body: body).status == 201)
        }
        try await Self.expectUntouched(tenant)
    }

    @Test("S36: within its tenant a key reaches what any other key made, as far as its scopes go")
    func withinTheTenant() async throws {
        let tenant = try await Isolation(.otherWorkspace)
        let read = await tenant.service.send(.get, "/v1/invites/\(tenant.pendingInvite)", key: tenant.ownKey.secret)
        #expect(read.status == 200)
        let path = "/v1/invites/\(tenant.pendingInvite)"
        #expect(await tenant.service.send(.delete, path, key: tenant.ownKey.secret).code == "insufficient_scope")
    }

    /// Nothing that the stranger did had an effect on the tenant.
    private static func expectUntouched(_ tenant: Isolation) async throws {
        let service = tenant.service
        let read = await service.send(.get, "/v1/widget/session", token: tenant.session.participant)
        #expect(read.status == 200, "\(read.text)")
        #expect(await service.admin(.get, "/v1/invites/\(tenant.pendingInvite)")["status"] == "pending")
        #expect(await service.send(.get, "/v1/invites", key: tenant.ownKey.secret).status == 200)
        #expect(await service.redeem(tenant.pendingToken).status == 201)
    }
}
