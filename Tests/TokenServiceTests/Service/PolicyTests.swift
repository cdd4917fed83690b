import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Policies: their documents, layers and versions")
struct PolicyTests {
    struct BadRow: CustomTestStringConvertible, Sendable {
        let body: String
        let param: String?
        var testDescription: String { body }
    }

    private static let malformedRows: [BadRow] = [
        BadRow(body: "[]", param: nil), BadRow(body: "{", param: nil), BadRow(body: #""x""#, param: nil),
        BadRow(body: #"{"invites":{}}"#, param: "invites"),
        BadRow(body: #"{"ceiling":{"invite":1}}"#, param: "ceiling"),
        BadRow(body: #"{"invite":3600}"#, param: "invite"),
        BadRow(body: #"{"invite":{"min":60}}"#, param: "min"),
        BadRow(body: #"{"invite":{"min_seconds":0}}"#, param: "min_seconds"),
        BadRow(body: #"{"invite":{"min_seconds":-1}}"#, param: "min_seconds"),
        BadRow(body: #"{"invite":{"max_seconds":2592001}}"#, param: "max_seconds"),
        BadRow(body: #"{"invite":{"max_seconds":1e9}}"#, param: "max_seconds"),
        BadRow(body: #"{"invite":{"max_seconds":99999999999999999999}}"#, param: "max_seconds"),
        BadRow(body: #"{"invite":{"max_seconds":"60"}}"#, param: "max_seconds"),
        BadRow(body: #"{"invite":{"min_seconds":600,"max_seconds":300}}"#, param: "min_seconds"),
        BadRow(body: #"{"invite":{"min_seconds":600,"default_seconds":300}}"#, param: "default_seconds"),
        BadRow(body: #"{"invite":{"default_seconds":600,"max_seconds":300}}"#, param: "default_seconds"),
        BadRow(body: #"{"participant_token":{"max_seconds":86401}}"#, param: "max_seconds"),
        BadRow(body: #"{"participant_token":{"min_seconds":90,"max_seconds":89}}"#, param: "min_seconds"),
        BadRow(body: #"{"renew_seconds":0}"#, param: "renew_seconds"),
        BadRow(body: #"{"renew_seconds":604801}"#, param: "renew_seconds"),
        BadRow(body: #"{"max_uses_max":0}"#, param: "max_uses_max"),
        BadRow(body: #"{"max_uses_max":1001}"#, param: "max_uses_max"),
        BadRow(body: #"{"allowed_origins":[]}"#, param: "allowed_origins"),
        BadRow(body: #"{"allowed_origins":"https://a.example"}"#, param: "allowed_origins"),
        BadRow(body: #"{"allowed_origins":["https://a.example/x"]}"#, param: "allowed_origins"),
        BadRow(body: #"{"allowed_origins":[1]}"#, param: "allowed_origins"),
        BadRow(body: #"{"origins_required":"yes"}"#, param: "origins_required"),
        BadRow(body: #"{"email_in_token":1}"#, param: "email_in_token"),
        BadRow(body: #"{"bound_tokens_required":[]}"#, param: "bound_tokens_required"),
        BadRow(body: #"{"mode":"off"}"#, param: "mode"),
        BadRow(body: #"{"mode":true}"#, param: "mode"),
        BadRow(body: #"{"enforce_from":"tomorrow"}"#, param: "enforce_from"),
        BadRow(body: #"{"enforce_from":1800000000}"#, param: "enforce_from"),
        BadRow(body: #"{"enforce_from":null}"#, param: "enforce_from"),
        BadRow(body: #"{"invite":null}"#, param: "invite"),
        BadRow(body: #"{"invite":{"max_seconds":null}}"#, param: "max_seconds"),
        BadRow(body: #"{"renew_seconds":60,"renew_seconds":90}"#, param: nil),
    ]

    @Test(
        "S36: a malformed policy gets 400 that names the field, on every layer, and stores nothing",
        arguments: malformedRows
    )
    func malformed(row: BadRow) async throws {
        let service = try await ServiceHarness()
        let key = TypeID.text(.apiKey, service.setup.apiKey)
        for answer in [
            await service.put(row.body), await service.put(row.body, campaign: "spring"),
            await service.put(row.body, key: key),
        ] {
            #expect(answer.status == 400)
            #expect(answer.code == "invalid_request")
            #expect(answer.param == row.param)
        }
        #expect(await service.admin(.get, "/v1/policies").json?["version"]?.integer == 0)
        #expect(try await service.changes().filter { $0.type == "policy.changed" }.isEmpty)
    }

    struct WideRow: CustomTestStringConvertible, Sendable {
        let above: String
        let below: String
        let param: String
        let bounds: String
        var testDescription: String { below + " under " + above }
    }

    private static let wideRows: [WideRow] = [
        WideRow(
            above: #"{"invite":{"max_seconds":3600}}"#,
            below: #"{"invite":{"max_seconds":3601}}"#,
            param: "max_seconds",
            bounds: "60 s to 3600 s"
        ),
        WideRow(
            above: #"{"invite":{"min_seconds":300}}"#,
            below: #"{"invite":{"min_seconds":299}}"#,
            param: "min_seconds",
            bounds: "300 s to 604800 s"
        ),
        WideRow(
            above: #"{"invite":{"min_seconds":300,"max_seconds":600}}"#,
            below: #"{"invite":{"default_seconds":601}}"#,
            param: "default_seconds",
            bounds: "300 s to 600 s"
        ),
        WideRow(
            above: #"{"invite":{"max_seconds":600}}"#,
            below: #"{"invite":{"min_seconds":700}}"#,
            param: "min_seconds",
            bounds: "60 s to 600 s"
        ),
        WideRow(
            above: #"{"participant_token":{"max_seconds":300}}"#,
            below: #"{"participant_token":{"max_seconds":301}}"#,
            param: "max_seconds",
            bounds: "60 s to 300 s"
        ),
        WideRow(
            above: #"{"renew_seconds":600}"#,
            below: #"{"renew_seconds":601}"#,
            param: "renew_seconds",
            bounds: "600 s"
        ),
        WideRow(
            above: #"{"max_uses_max":2}"#,
            below: #"{"max_uses_max":3}"#,
            param: "max_uses_max",
            bounds: "at most 2"
        ),
        WideRow(
            above: #"{"allowed_origins":["https://a.example"]}"#,
            below: #"{"allowed_origins":["https://a.example","https://b.example"]}"#,
            param: "allowed_origins",
            bounds: "https://a.example"
        ),
        WideRow(
            above: #"{"origins_required":true}"#,
            below: #"{"origins_required":false}"#,
            param: "origins_required",
            bounds: "only true"
        ),
        WideRow(
            above: #"{"bound_tokens_required":true}"#,
            below: #"{"bound_tokens_required":false}"#,
            param: "bound_tokens_required",
            bounds: "only true"
        ),
        WideRow(
            above: #"{"email_in_token":false}"#,
            below: #"{"email_in_token":true}"#,
            param: "email_in_token",
            bounds: "only false"
        ),
    ]

    @Test("S37: a lower layer that widens gets 422 with the rule, the layer above and its bounds", arguments: wideRows)
    func widening(row: WideRow) async throws {
        let service = try await ServiceHarness()
        #expect(await service.put(row.above).status == 200)
        let key = TypeID.text(.apiKey, service.setup.apiKey)
        for answer in [await service.put(row.below, campaign: "spring"), await service.put(row.below, key: key)] {
            #expect(answer.status == 422)
            #expect(answer.code == "policy_violation")
            #expect(answer.param == row.param)
            let message = answer.json?["error"]?["message"]?.string ?? ""
            for text in ["workspace policy, version 1", row.bounds, row.param] {
                #expect(message.contains(text), "\(message)")
            }
        }
        #expect(await service.admin(.get, "/v1/campaigns/spring/policy").status == 404)
    }

    @Test(
        "The built-in bounds hold the workspace's policy",
        arguments: [
            (#"{"invite":{"max_seconds":604801}}"#, "max_seconds"), (#"{"invite":{"min_seconds":59}}"#, "min_seconds"),
            (#"{"participant_token":{"max_seconds":3601}}"#, "max_seconds"),
            (#"{"renew_seconds":14401}"#, "renew_seconds"),
        ]
    )
    func builtIn(body: String, param: String) async throws {
        let answer = try await ServiceHarness().put(body)
        #expect(answer.status == 422)
        #expect(answer.param == param)
        #expect(answer.text.contains("deployment policy"))
    }

    @Test("What is put is read back, with who, when and which version")
    func readBack() async throws {
        let service = try await ServiceHarness()
        let empty = await service.admin(.get, "/v1/policies")
        #expect(empty.status == 200)
        #expect(empty["state"] == "none")
        #expect(empty.json?["policy"]?.isNull == true)
        let body =
            #"{"invite":{"min_seconds":60,"default_seconds":600,"max_seconds":3600},"participant_token":{"max_seconds":1800},"renew_seconds":7200,"max_uses_max":5,"allowed_origins":["https://a.example"],"origins_required":true,"email_in_token":false,"bound_tokens_required":false,"mode":"enforced"}"#
        let put = await service.put(body)
        #expect(put.status == 200)
        #expect(put.json?["policy"].map { String(decoding: JSONText.bytes($0), as: UTF8.self) } == body)
        #expect(put.json?["version"]?.integer == 1)
        #expect(put["state"] == "enforced")
        #expect(put["layer"] == "workspace")
        #expect(put["environment"] == "test")
        #expect(put["created_by"] == TypeID.text(.apiKey, service.setup.apiKey))
        #expect(put["created_at"] == RFC3339.text(service.time.now()))
        #expect(put["id"].flatMap { TypeID.parse(.policy, $0) } != nil)
        let read = await service.admin(.get, "/v1/policies")
        #expect(read.text == put.text)
    }

    @Test("Putting the same again changes nothing and makes no version")
    func unchanged() async throws {
        let service = try await ServiceHarness()
        let body = #"{"renew_seconds":600}"#
        #expect(await service.put(body).json?["version"]?.integer == 1)
        #expect(await service.put(body).json?["version"]?.integer == 1)
        #expect(try await service.changes().filter { $0.type == "policy.changed" }.count == 1)
    }

    @Test("if_version lets only those change who saw the newest", arguments: ["", "&layer=workspace"])
    func ifVersion(more: String) async throws {
        let service = try await ServiceHarness()
        #expect(await service.put(#"{"renew_seconds":600}"#, query: "?if_version=0" + more).status == 200)
        let late = await service.put(#"{"renew_seconds":500}"#, query: "?if_version=0" + more)
        #expect(late.status == 409)
        #expect(late.code == "conflict")
        #expect(late.param == "if_version")
        #expect(await service.put(#"{"renew_seconds":500}"#, query: "?if_version=1" + more).status == 200)
        for bad in ["-1", "01", "x", "9999999999999999999", ""] {
            let answer = await service.put("{}", query: "?if_version=" + bad)
            #expect(answer.status == 400, "\(bad)")
            #expect(answer.param == "if_version")
        }
    }

    @Test("Campaigns and keys have policies of their own until they are deleted; another's are 404")
    func places() async throws {
        let service = try await ServiceHarness()
        let key = TypeID.text(.apiKey, service.setup.apiKey)
        for path in ["/v1/campaigns/spring/policy", "/v1/api-keys/\(key)/policy"] {
            #expect(await service.admin(.get, path).status == 404)
            #expect(await service.admin(.delete, path).status == 204)
            #expect(await service.admin(.put, path, body: #"{"max_uses_max":2}"#).status == 200)
            #expect(await service.admin(.get, path).status == 200)
            #expect(await service.admin(.delete, path + "?if_version=9").status == 409)
            #expect(await service.admin(.delete, path).status == 204)
            #expect(await service.admin(.get, path).status == 404)
            #expect(await service.admin(.put, path, body: "{}").json?["version"]?.integer == 3)
        }
        for path in [
            "/v1/campaigns/a%20b/policy", "/v1/api-keys/key_x/policy",
            "/v1/api-keys/\(TypeID.text(.apiKey, service.setup.workspace))/policy",
        ] {
            #expect(await service.admin(.get, path).status == 404, "\(path)")
            #expect(await service.admin(.put, path, body: "{}").status == 404, "\(path)")
            #expect(await service.admin(.delete, path).status == 404, "\(path)")
        }
    }

    @Test("Versions are listed, and reverting to one makes it the newest; all of it is audited with before and after")
    func versions() async throws {
        let service = try await ServiceHarness()
        _ = await service.put(#"{"renew_seconds":600}"#)
        _ = await service.put(#"{"renew_seconds":500}"#)
        service.time.advance(seconds: 1)
        let reverted = await service.admin(.post, "/v1/policies/revert", body: #"{"version":1}"#)
        #expect(reverted.status == 200)
        #expect(reverted.json?["version"]?.integer == 3)
        #expect(reverted.json?["policy"]?["renew_seconds"]?.integer == 600)
        let list = await service.admin(.get, "/v1/policies/versions?limit=2")
        #expect(list.json?["data"]?.elements.compactMap { $0["version"]?.integer } == [3, 2])
        let cursor = try #require(list["next_cursor"])
        let rest = await service.admin(.get, "/v1/policies/versions?limit=2&cursor=\(cursor)")
        #expect(rest.json?["data"]?.elements.compactMap { $0["version"]?.integer } == [1])
        let events = try await service.changes().filter { $0.type == "policy.changed" }
        #expect(events.count == 3)
        let detail = try JSONDocument(parsing: try #require(events.first).detail).root
        #expect(detail["before"]?["renew_seconds"]?.integer == 500)
        #expect(detail["after"]?["renew_seconds"]?.integer == 600)
        #expect(detail["reverts_to"]?.string == "1")
        #expect(detail["layer"]?.string == "workspace")
    }

    @Test(
        "A revert that can not be done is refused",
        arguments: [
            (#"{}"#, 400), (#"{"version":0}"#, 400), (#"{"version":"1"}"#, 400), (#"{"version":99}"#, 404),
            (#"{"version":1,"if_version":7}"#, 409), (#"{"version":1,"campaign_id":"spring"}"#, 404),
            (#"{"version":1,"campaign_id":"spring","api_key_id":"key_x"}"#, 400),
            (#"{"version":1,"api_key_id":"nonsense"}"#, 400), (#"{"version":1,"layer":"campaign"}"#, 400),
            (#"{"version":1,"layer":"planet"}"#, 400), (#"{"version":1,"layer":"deployment"}"#, 403),
            (#"{"version":1,"more":1}"#, 400),
        ]
    )
    func badRevert(body: String, status: Int) async throws {
        let service = try await ServiceHarness()
        _ = await service.put(#"{"renew_seconds":600}"#)
        #expect(await service.admin(.post, "/v1/policies/revert", body: body).status == status)
        #expect(await service.admin(.get, "/v1/policies").json?["version"]?.integer == 1)
    }

    @Test("A revert to what is wider than the layer above by now is refused")
    func wideRevert() async throws {
        let service = try await ServiceHarness()
        _ = await service.put(#"{"renew_seconds":600}"#, campaign: "spring")
        _ = await service.put(#"{"renew_seconds":300}"#, campaign: "spring")
        _ = await service.put(#"{"renew_seconds":400}"#)
        let answer = await service.admin(.post, "/v1/policies/revert", body: #"{"version":1,"campaign_id":"spring"}"#)
        #expect(answer.status == 422)
        #expect(answer.param == "renew_seconds")
    }

    @Test("The deployment's policy is read by admin keys and changed by the operator alone, within the hard ceiling")
    func deployment() async throws {
        let service = try await ServiceHarness()
        let wide =
            #"{"invite":{"max_seconds":2592000},"participant_token":{"max_seconds":86400},"renew_seconds":604800}"#
        let refused = await service.put(wide, query: "?layer=deployment")
        #expect(refused.status == 403)
        #expect(refused.code == "forbidden")
        #expect(service.application.services.policies.longestDescentSeconds == 604_800 + 14_400 + 3600)
        let put = await service.asOperatorOfWorkspace(.put, "/v1/policies?layer=deployment", body: wide)
        #expect(put.status == 200, "\(put.text)")
        #expect(await service.admin(.get, "/v1/policies?layer=deployment").json?["version"]?.integer == 1)
        #expect(await service.mint(more: #","expires_in":2592000"#).status == 201)
        #expect(service.application.services.policies.longestDescentSeconds == 2_592_000 + 604_800 + 86_400)
        // Narrowed again, what was minted before must still be remembered, after a restart too.
        let narrow = #"{"invite":{"min_seconds":60,"max_seconds":3600}}"#
        #expect(await service.asOperatorOfWorkspace(.put, "/v1/policies?layer=deployment", body: narrow).status == 200)
        #expect(await service.mint(more: #","expires_in":3601"#).status == 422)
        let restarted = try await service.restarted()
        #expect(restarted.application.services.policies.longestDescentSeconds == 2_592_000 + 604_800 + 86_400)
        #expect(await restarted.mint().json?["expires_in"]?.integer == 3600)
        let senseless = await service.asOperatorOfWorkspace(
            .put,
            "/v1/policies?layer=deployment",
            body: #"{"invite":{"min_seconds":700000}}"#
        )
        #expect(senseless.status == 422)
        #expect(await service.admin(.get, "/v1/policies?layer=campaign").status == 400)
    }

    @Test("Policies need the scope, and an admin key")
    func scopes() async throws {
        let service = try await ServiceHarness()
        let reader = try #require(await service.makeKey(scopes: ["policies:read"], more: #","kind":"admin""#)["secret"])
        #expect(await service.send(.get, "/v1/policies", key: reader).status == 200)
        let put = await service.send(.put, "/v1/policies", body: "{}", key: reader)
        #expect(put.code == "insufficient_scope")
        let plain = try #require(await service.makeKey(scopes: ["invites:write"])["secret"])
        #expect(await service.send(.get, "/v1/policies/explain", key: plain).status == 403)
    }

    @Test("Changes hold at once, and a change whose commit is unknown is not guessed at")
    func unknownOutcome() async throws {
        let service = try await ServiceHarness()
        #expect(await service.mint(more: #","expires_in":3600"#).status == 201)
        service.faults.arm(name: "changePolicy", error: .unknownOutcome("made to fail"), moment: .after)
        #expect(await service.put(#"{"invite":{"max_seconds":600}}"#).status == 503)
        service.faults.arm(nil)
        #expect(await service.mint(more: #","expires_in":3600"#).status == 422)
    }

    @Test("Without the store's word on policies nothing is issued")
    func failsClosed() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        let invite = try #require(await service.mint()["invite_token"])
        service.application.services.policies.invalidate()
        service.faults.arm(name: "policies")
        #expect(await service.mint().status == 503)
        #expect(await service.redeem(invite).status == 503)
        #expect(await service.send(.post, "/v1/widget/session/renew", token: session.participant).status == 503)
        let body = #"{"campaign_id":"c","participant_email":"a@example.com"}"#
        #expect(await service.admin(.post, "/v1/participant-tokens", body: body).status == 503)
        // Validation asks memory only.
        #expect(await service.send(.get, "/v1/widget/session", token: session.participant).status == 200)
        service.faults.arm(nil)
        #expect(await service.mint().status == 201)
        #expect(await service.redeem(invite).status == 201)
    }

    @Test("A policy is read from the store once, not with each request")
    func cached() async throws {
        let service = try await ServiceHarness()
        _ = await service.mint()
        service.faults.arm(nil)
        for _ in 0..<3 { #expect(await service.mint().status == 201) }
        #expect(!service.faults.calls.contains { $0.hasPrefix("polic") })
    }

    @Test(
        "A change that another overtakes is made on top of it, or refused where it named its base",
        arguments: [false, true]
    )
    func overtaken(namesBase: Bool) async throws {
        let service = try await ServiceHarness()
        service.faults.before("changePolicy") { _ = await service.put(#"{"renew_seconds":900}"#) }
        let late = await service.put(#"{"renew_seconds":600}"#, query: namesBase ? "?if_version=0" : "")
        #expect(late.status == (namesBase ? 409 : 200))
        let newest = await service.admin(.get, "/v1/policies")
        #expect(newest.json?["version"]?.integer == (namesBase ? 1 : 2))
        #expect(newest.json?["policy"]?["renew_seconds"]?.integer == (namesBase ? 900 : 600))
        let events = try await service.changes().filter { $0.type == "policy.changed" }
        #expect(events.count == (namesBase ? 1 : 2))
    }

    @Test("A read of policies that a change overtakes does not put the old ones back")
    func staleRead() async throws {
        let service = try await ServiceHarness()
        service.application.services.policies.invalidate()
        service.faults.after("policies") { _ = await service.put(#"{"max_uses_max":1}"#) }
        // This one was judged by what it had read before the change.
        #expect(await service.mint(more: #","max_uses":2"#).status == 201)
        #expect(await service.mint(more: #","max_uses":2"#).status == 422)
    }

    @Test("A stored policy that can not be understood is never passed over")
    func unreadable() async throws {
        let service = try await ServiceHarness()
        let tenant = Tenant(workspace: service.setup.workspace, environment: service.setup.environment)
        let version = PolicyVersion(
            id: RecordID(high: 1 << 20, low: 1),
            place: .workspace(tenant),
            version: 1,
            document: Array(#"{"policy":{"of_a_later_release":true}}"#.utf8),
            createdAt: service.time.now(),
            createdBy: "operator"
        )
        let command = ChangePolicy(version: version, by: nil, policiesMax: 1, now: service.time.now(), audit: [])
        #expect(try await service.store.changePolicy(command) == .changed)
        #expect(await service.mint().status == 503)
        #expect(await service.admin(.get, "/v1/policies").status == 503)
    }
}
