import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Policies at work: what is refused, cut and explained")
struct PolicyEnforcementTests {
    private static let site = "https://app.example.com"

    struct MintRow: CustomTestStringConvertible, Sendable {
        let policy: String
        var more = ""
        let status: Int
        var param: String?
        var says = ""
        var testDescription: String { policy + " with " + more }
    }

    private static let minting: [MintRow] = [
        MintRow(policy: "{}", more: #","expires_in":604800,"max_uses":1000"#, status: 201),
        MintRow(policy: "{}", more: #","expires_in":604801"#, status: 422, param: "expires_in", says: "deployment"),
        MintRow(policy: #"{"invite":{"max_seconds":600}}"#, more: #","expires_in":600"#, status: 201),
        MintRow(
            policy: #"{"invite":{"max_seconds":600}}"#,
            more: #","expires_in":601"#,
            status: 422,
            param: "expires_in",
            says: "expires_in is 601 s, but the rule invite of the LAYER policy, version 1 allows 60 s to 600 s"
        ),
        MintRow(
            policy: #"{"invite":{"min_seconds":600}}"#,
            more: #","expires_in":599"#,
            status: 422,
            param: "expires_in",
            says: "LAYER policy, version 1 allows 600 s to 604800 s"
        ),
        MintRow(policy: #"{"max_uses_max":2}"#, more: #","max_uses":2"#, status: 201),
        MintRow(
            policy: #"{"max_uses_max":2}"#,
            more: #","max_uses":3"#,
            status: 422,
            param: "max_uses",
            says: "max_uses is 3, but the rule max_uses_max of the LAYER policy, version 1 allows 1 to 2"
        ),
        MintRow(
            policy: #"{"allowed_origins":["https://app.example.com"]}"#,
            more: #","allowed_origins":["https://app.example.com"]"#,
            status: 201
        ),
        MintRow(policy: #"{"allowed_origins":["https://app.example.com"]}"#, status: 201),
        MintRow(
            policy: #"{"allowed_origins":["https://app.example.com"]}"#,
            more: #","allowed_origins":["https://app.example.com","https://b.example"]"#,
            status: 422,
            param: "allowed_origins",
            says: "allowed_origins[1] is https://b.example"
        ),
        MintRow(policy: #"{"origins_required":true}"#, status: 422, param: "allowed_origins", says: "origins_required"),
        MintRow(
            policy: #"{"origins_required":true}"#,
            more: #","allowed_origins":["https://app.example.com"]"#,
            status: 201
        ),
        MintRow(policy: #"{"bound_tokens_required":true}"#, status: 201),
    ]

    @Test(
        "S36: a request for an invite is held against the policy of each layer, alone and in a batch",
        arguments: minting,
        ["workspace", "campaign", "api_key"]
    )
    func mints(row: MintRow, layer: String) async throws {
        let service = try await ServiceHarness()
        let key = TypeID.text(.apiKey, service.setup.apiKey)
        let put =
            switch layer {
            case "campaign": await service.put(row.policy, campaign: "camp_456abc")
            case "api_key": await service.put(row.policy, key: key)
            default: await service.put(row.policy)
            }
        #expect(put.status == 200, "\(put.text)")
        let answer = await service.mint(more: row.more)
        #expect(answer.status == row.status, "\(answer.text)")
        #expect(answer.param == row.param)
        let says = row.says.split(separator: "LAYER", omittingEmptySubsequences: false)
            .joined(separator: layer == "api_key" ? "API key" : layer)
        if !says.isEmpty { #expect(answer.text.contains(says), "\(answer.text)") }
        if row.status == 422 { #expect(answer.code == "policy_violation") }
        let item = #"{"campaign_id":"camp_456abc","participant_email":"a@example.com"\#(row.more)}"#
        let batch = await service.admin(.post, "/v1/invites/batch", body: #"{"invites":[\#(item)]}"#)
        let result = batch.json?["results"]?.elements.first
        #expect((result?["invite"] != nil) == (row.status == 201))
        #expect(result?["error"]?["param"]?.string == row.param)
        if row.param == "expires_in" || row.param == "max_uses" {
            #expect(result?["error"]?["message"]?.string?.contains("invites[0].") == true)
        }
    }

    @Test("A policy of another campaign or key decides nothing here")
    func elsewhere() async throws {
        let service = try await ServiceHarness()
        let other = try #require(await service.makeKey(scopes: ["invites:write"])["id"])
        #expect(await service.put(#"{"invite":{"max_seconds":60}}"#, campaign: "autumn").status == 200)
        #expect(await service.put(#"{"invite":{"max_seconds":60}}"#, key: other).status == 200)
        #expect(await service.mint(more: #","expires_in":600"#).status == 201)
    }

    @Test("A key's list and the policy's must both allow; nothing in common is refused")
    func keyLists() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(
            scopes: ["invites:write", "tokens:write"],
            more: #","allowed_origins":["https://a.example","https://b.example"]"#
        )
        let secret = try #require(made["secret"])
        let body = #"{"campaign_id":"c","participant_email":"a@example.com"}"#
        _ = await service.put(#"{"allowed_origins":["https://b.example","https://c.example"]}"#)
        let common = await service.send(.post, "/v1/invites", body: body, key: secret)
        #expect(common.json?["allowed_origins"]?.elements.compactMap(\.string) == ["https://b.example"])
        _ = await service.put(#"{"allowed_origins":["https://c.example"]}"#)
        for path in ["/v1/invites", "/v1/participant-tokens"] {
            let none = await service.send(.post, path, body: body, key: secret)
            #expect(none.status == 422)
            #expect(none.param == "allowed_origins")
        }
    }

    @Test(
        "A backend's session is held against the policy",
        arguments: [
            (#"{"participant_token":{"max_seconds":300}}"#, #","expires_in":301"#, 422, "expires_in"),
            (#"{"participant_token":{"max_seconds":300}}"#, #","expires_in":300"#, 201, nil),
            (#"{"bound_tokens_required":true}"#, "", 422, nil), (#"{"origins_required":true}"#, "", 422, nil),
            (#"{"invite":{"max_seconds":60}}"#, #","expires_in":600"#, 201, nil),
        ] as [(String, String, Int, String?)]
    )
    func sessions(policy: String, more: String, status: Int, param: String?) async throws {
        let service = try await ServiceHarness()
        _ = await service.put(policy)
        let answer = await service.admin(
            .post,
            "/v1/participant-tokens",
            body: #"{"campaign_id":"c","participant_email":"a@example.com"\#(more)}"#
        )
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.param == param)
    }

    struct WidgetRow: CustomTestStringConvertible, Sendable {
        let policy: String
        var minted = ""
        let origin: String?
        let status: Int
        let code: String?
        var testDescription: String { policy + " from " + (origin ?? "no origin") + minted }
    }

    private static let widgetRows: [WidgetRow] = [
        WidgetRow(policy: "{}", origin: nil, status: 200, code: nil),
        WidgetRow(
            policy: #"{"allowed_origins":["https://app.example.com"]}"#,
            origin: site,
            status: 200,
            code: nil
        ),
        WidgetRow(
            policy: #"{"allowed_origins":["https://app.example.com"]}"#,
            origin: "https://b.example",
            status: 403,
            code: "origin_not_allowed"
        ),
        WidgetRow(policy: #"{"allowed_origins":["https://app.example.com"]}"#, origin: nil, status: 200, code: nil),
        WidgetRow(
            policy: #"{"origins_required":true}"#,
            minted: #","allowed_origins":["https://app.example.com"]"#,
            origin: nil,
            status: 403,
            code: "origin_not_allowed"
        ),
        WidgetRow(
            policy: #"{"origins_required":true}"#,
            minted: #","allowed_origins":["https://app.example.com"]"#,
            origin: site,
            status: 200,
            code: nil
        ),
        WidgetRow(policy: #"{"origins_required":true}"#, origin: site, status: 403, code: "origin_not_allowed"),
        WidgetRow(policy: #"{"bound_tokens_required":true}"#, origin: site, status: 422, code: "policy_violation"),
    ]

    @Test(
        "What was minted before a policy is exchanged and renewed under it, whichever layer it stands on",
        arguments: widgetRows,
        ["workspace", "campaign", "api_key"]
    )
    func widgets(row: WidgetRow, layer: String) async throws {
        let service = try await ServiceHarness()
        let fields = row.origin.map { [("Origin", $0)] } ?? []
        let invite = try #require(await service.mint(more: row.minted)["invite_token"])
        let session = try await service.openSession(more: row.minted, fields: fields)
        switch layer {
        case "campaign": #expect(await service.put(row.policy, campaign: "camp_456abc").status == 200)
        case "api_key":
            #expect(await service.put(row.policy, key: TypeID.text(.apiKey, service.setup.apiKey)).status == 200)
        default: #expect(await service.put(row.policy).status == 200)
        }
        let exchanged = await service.redeem(invite, fields: fields)
        #expect(exchanged.status == (row.status == 200 ? 201 : row.status), "\(exchanged.text)")
        #expect(exchanged.code == row.code)
        let renewed = await service.send(
            .post,
            "/v1/widget/session/renew",
            fields: fields,
            token: session.participant
        )
        #expect(renewed.status == row.status, "\(renewed.text)")
        #expect(renewed.code == row.code)
        // Validation has no look-up: the token that is out lives until it expires.
        #expect(
            await service.send(.get, "/v1/widget/session", fields: fields, token: session.participant).status == 200
        )
    }

    @Test("A refused exchange uses nothing: the invite works once the policy allows it again")
    func nothingUsed() async throws {
        let service = try await ServiceHarness()
        let invite = try #require(await service.mint()["invite_token"])
        _ = await service.put(#"{"bound_tokens_required":true}"#)
        #expect(await service.redeem(invite).status == 422)
        _ = await service.put("{}")
        #expect(await service.redeem(invite).status == 201)
    }

    @Test("S38: a session renews under the policy of the moment: shorter tokens, and no longer than the new cap")
    func renewals() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession(fields: [])
        let opened = service.time.now()
        service.time.advance(seconds: 60)
        _ = await service.put(#"{"participant_token":{"max_seconds":120},"renew_seconds":150}"#)
        let renewed = await service.send(.post, "/v1/widget/session/renew", token: session.participant)
        // 60 s of the 150 are gone: 90 are left.
        #expect(renewed.json?["expires_in"]?.integer == 90)
        #expect(renewed["renew_until"] == RFC3339.text(opened.adding(seconds: 150)))
        service.time.advance(seconds: 89)
        let token = try #require(renewed["participant_token"])
        let last = await service.send(.post, "/v1/widget/session/renew", token: token)
        #expect(last.json?["expires_in"]?.integer == 1)
        service.time.advance(seconds: 1)
        #expect(await service.send(.post, "/v1/widget/session/renew", token: token).code == "session_ended")
        _ = await service.put("{}")
        // Widened again, it may renew as its row says, with a token that has not expired.
        #expect(await service.send(.post, "/v1/widget/session/renew", token: session.participant).status == 200)
    }

    @Test("Tokens carry the address only where a layer says so and none forbids it")
    func email() async throws {
        let service = try await ServiceHarness()
        func claim() async throws -> String? {
            let token = try #require(await service.mint()["invite_token"])
            let payload = try #require(Base64URLText.decode(String(token.split(separator: ".")[1])))
            return try JSONDocument(parsing: payload).root["email"]?.string
        }
        #expect(try await claim() == nil)
        _ = await service.put(#"{"email_in_token":true}"#, campaign: "camp_456abc")
        #expect(try await claim() == "user@example.com")
        _ = await service.put(#"{"email_in_token":false}"#)
        #expect(try await claim() == nil)
    }

    @Test("Layers that contradict each other issue nothing, and say so")
    func contradiction() async throws {
        let service = try await ServiceHarness()
        _ = await service.put(#"{"invite":{"min_seconds":600}}"#, campaign: "camp_456abc")
        _ = await service.put(#"{"invite":{"max_seconds":300}}"#)
        for more in ["", #","expires_in":300"#, #","expires_in":600"#] {
            let answer = await service.mint(more: more)
            #expect(answer.status == 422)
            #expect(answer.text.contains("contradicts"), "\(answer.text)")
        }
        #expect(await service.mint(campaign: "autumn").status == 201)
        _ = await service.put(#"{"allowed_origins":["https://a.example"]}"#, campaign: "winter")
        _ = await service.put(#"{"allowed_origins":["https://b.example"]}"#)
        #expect(await service.mint(campaign: "winter").param == "allowed_origins")
    }

    @Test("The intersection holds when a layer above is narrowed later")
    func narrowedAbove() async throws {
        let service = try await ServiceHarness()
        _ = await service.put(#"{"invite":{"default_seconds":3600,"max_seconds":7200}}"#, campaign: "camp_456abc")
        #expect(await service.mint().json?["expires_in"]?.integer == 3600)
        _ = await service.put(#"{"invite":{"max_seconds":600}}"#)
        #expect(await service.mint().json?["expires_in"]?.integer == 600)
        let rule = await service.explained("invite.max_seconds", "?campaign_id=camp_456abc")
        #expect(rule?["value"]?.integer == 600)
        #expect(rule?["layer"]?.string == "workspace")
    }

    @Test("explain names for each rule the value, the layer and version that decided, and what every layer says")
    func explains() async throws {
        let service = try await ServiceHarness()
        let key = TypeID.text(.apiKey, service.setup.apiKey)
        _ = await service.put(#"{"invite":{"max_seconds":86400}}"#)
        _ = await service.put(#"{"invite":{"max_seconds":7200}}"#, campaign: "spring")
        _ = await service.put(#"{"invite":{"max_seconds":3600}}"#, campaign: "spring")
        _ = await service.put(#"{"invite":{"max_seconds":10000},"max_uses_max":3}"#, key: key)
        let rule = await service.explained("invite.max_seconds", "?campaign_id=spring&api_key_id=\(key)&kind=invite")
        #expect(rule?["value"]?.integer == 3600)
        #expect(rule?["layer"]?.string == "campaign")
        #expect(rule?["version"]?.integer == 2)
        let layers = rule?["layers"]?.elements.map { "\($0["layer"]?.string ?? "") \($0["value"]?.integer ?? 0)" }
        #expect(layers == ["deployment 604800", "workspace 86400", "campaign 3600", "api_key 10000"])
        let invite = await service.admin(.get, "/v1/policies/explain?kind=invite").json?["rules"]?.elements ?? []
        let participant =
            await service.admin(.get, "/v1/policies/explain?kind=participant").json?["rules"]?.elements ?? []
        let all = await service.admin(.get, "/v1/policies/explain").json?["rules"]?.elements ?? []
        let names = [invite, participant].map { rules in rules.compactMap { $0["rule"]?.string } }
        #expect(names[0].first == "invite.min_seconds")
        #expect(names[1].first == "participant_token.min_seconds")
        #expect(all.count == 12)
        #expect(invite.count == 7 && participant.count == 8)
        for (query, status) in [
            ("?kind=x", 400), ("?campaign_id=a%20b", 400), ("?api_key_id=x", 400), ("?more=1", 400),
            ("?api_key_id=\(TypeID.text(.apiKey, service.setup.workspace))", 404),
        ] { #expect(await service.admin(.get, "/v1/policies/explain" + query).status == status, "\(query)") }
    }

    @Test("A policy in shadow refuses nothing, counts and records each violation, and leaves the one before in force")
    func shadow() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        _ = await service.put(#"{"invite":{"max_seconds":86400}}"#)
        let put = await service.put(
            #"{"invite":{"max_seconds":600},"origins_required":true,"mode":"shadow"}"#
        )
        #expect(put["state"] == "shadow")
        #expect(put.json?["standing_version"]?.integer == 1)
        #expect(put.json?["standing"]?["invite"]?["max_seconds"]?.integer == 86_400)
        let minted = await service.mint(more: #","expires_in":3600"#)
        #expect(minted.status == 201)
        #expect(await service.mint(more: #","expires_in":86401"#).status == 422)
        #expect(await service.redeem(try #require(minted["invite_token"])).status == 201)
        #expect(await service.send(.post, "/v1/widget/session/renew", token: session.participant).status == 200)
        let body = #"{"campaign_id":"c","participant_email":"a@example.com"}"#
        #expect(await service.admin(.post, "/v1/participant-tokens", body: body).status == 201)
        let batch =
            #"{"invites":[{"campaign_id":"c","participant_email":"a@example.com","expires_in":700,"allowed_origins":["https://a.example"]}]}"#
        #expect(await service.admin(.post, "/v1/invites/batch", body: batch).status == 200)
        let events = try await service.changes().filter { $0.type == "policy.shadow_violation" }
        let rules = try events.reversed().map { event in
            let detail = try JSONDocument(parsing: event.detail).root
            return "\(detail["rule"]?.string ?? "") \(detail["version"]?.string ?? "") \(event.target.prefix(3))"
        }
        #expect(Set(rules) == ["invite 2 inv", "origins_required 2 ses"])
        #expect(rules.count == 5)
        let rule = await service.explained("invite.max_seconds")
        #expect(rule?["value"]?.integer == 86_400)
        #expect(rule?["layers"]?.elements.compactMap { $0["state"]?.string } == ["enforced", "enforced", "shadow"])
    }

    @Test("A layer in shadow does not bind the layers beneath it")
    func shadowDoesNotBind() async throws {
        let service = try await ServiceHarness()
        _ = await service.put(#"{"renew_seconds":60,"mode":"shadow"}"#)
        #expect(await service.put(#"{"renew_seconds":600}"#, campaign: "spring").status == 200)
    }

    @Test(
        "A dated policy is in shadow before its second and enforced from it on",
        arguments: ["workspace", "campaign"]
    )
    func dated(layer: String) async throws {
        let service = try await ServiceHarness()
        let date = service.time.now().adding(seconds: 100)
        _ = await service.put(#"{"invite":{"max_seconds":7200}}"#, campaign: "camp_456abc")
        let policy = #"{"invite":{"max_seconds":600},"enforce_from":"\#(RFC3339.text(date))"}"#
        let put = layer == "workspace" ? await service.put(policy) : await service.put(policy, campaign: "camp_456abc")
        #expect(put["state"] == "shadow")
        func mint() async -> Int { await service.mint(more: #","expires_in":3600"#).status }
        #expect(await mint() == 201)
        service.time.advance(milliseconds: 99_999)
        #expect(await mint() == 201)
        service.time.advance(milliseconds: 1)
        #expect(await mint() == 422)
        let shadows = try await service.changes().filter { $0.type == "policy.shadow_violation" }
        #expect(shadows.count == 2)
        let path = layer == "workspace" ? "/v1/policies" : "/v1/campaigns/camp_456abc/policy"
        #expect(await service.admin(.get, path)["state"] == "enforced")
    }

    @Test("A newer proposal replaces one that is not in force yet, and what was in force stays so")
    func proposals() async throws {
        let service = try await ServiceHarness()
        let date = RFC3339.text(service.time.now().adding(seconds: 100))
        _ = await service.put(#"{"invite":{"max_seconds":7200}}"#)
        _ = await service.put(#"{"invite":{"max_seconds":300},"enforce_from":"\#(date)"}"#)
        let put = await service.put(#"{"invite":{"max_seconds":600},"mode":"shadow"}"#)
        #expect(put.json?["standing_version"]?.integer == 1)
        service.time.advance(seconds: 200)
        #expect(await service.mint(more: #","expires_in":7200"#).status == 201)
        #expect(await service.mint(more: #","expires_in":7201"#).status == 422)
    }

    @Test("The operator's own invites obey policies too")
    func operators() async throws {
        let service = try await ServiceHarness()
        _ = await service.put(#"{"invite":{"max_seconds":600}}"#)
        let body = #"{"campaign_id":"c","participant_email":"a@example.com","expires_in":601}"#
        #expect(await service.asOperatorOfWorkspace(.post, "/v1/invites", body: body).code == "policy_violation")
    }

    @Test("A renewal beyond the cap of a policy in shadow is recorded, from its second on")
    func shadowCap() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        _ = await service.put(#"{"renew_seconds":60,"mode":"shadow"}"#)
        for (seconds, count) in [(59, 0), (1, 1)] {
            service.time.advance(seconds: seconds)
            #expect(await service.send(.post, "/v1/widget/session/renew", token: session.participant).status == 200)
            let events = try await service.changes().filter { $0.type == "policy.shadow_violation" }
            #expect(events.count == count)
            #expect(events.allSatisfy { String(decoding: $0.detail, as: UTF8.self).contains("renew_seconds") })
        }
    }

    @Test("A shadow's event that can not be stored takes nothing from the session")
    func shadowStoreFails() async throws {
        let service = try await ServiceHarness()
        _ = await service.put(#"{"origins_required":true,"mode":"shadow"}"#)
        let invite = try #require(await service.mint()["invite_token"])
        service.faults.arm(name: "appendAudit")
        #expect(await service.redeem(invite).status == 201)
    }
}
