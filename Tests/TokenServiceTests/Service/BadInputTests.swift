import HTTPServer
import StrictJSON
import Testing

@testable import TokenService

/// One bad request and what must come of it.
struct BadRequest: Sendable, CustomTestStringConvertible {
    let method: HTTPMethod
    let target: String
    let body: String?
    let status: Int
    let code: String
    let param: String?

    init(_ method: HTTPMethod, _ target: String, _ body: String?, _ status: Int, _ code: String, _ param: String? = nil)
    {
        self.method = method
        self.target = target
        self.body = body
        self.status = status
        self.code = code
        self.param = param
    }

    var testDescription: String { "\(method.name) \(target) \(body?.prefix(90) ?? "")" }
}

@Suite("Bad input")
struct BadInputTests {
    static let invite = #""campaign_id":"c","participant_email":"a@b.example""#

    static func bad(_ members: String, _ param: String?) -> BadRequest {
        BadRequest(.post, "/v1/invites", "{\(members)}", 400, "invalid_request", param)
    }

    static let invites: [BadRequest] = [
        bad("", "campaign_id"), bad(#""campaign_id":"c""#, "participant_email"),
        bad(#""participant_email":"a@b.example""#, "campaign_id"),
        bad(#""campaign_id":"","participant_email":"a@b.example""#, "campaign_id"),
        bad(#""campaign_id":"a b","participant_email":"a@b.example""#, "campaign_id"),
        bad(#""campaign_id":7,"participant_email":"a@b.example""#, "campaign_id"),
        bad(#""campaign_id":null,"participant_email":"a@b.example""#, "campaign_id"),
        bad(#""campaign_id":"c","participant_email":"nobody""#, "participant_email"),
        bad(#""campaign_id":"c","participant_email":["a@b.example"]"#, "participant_email"),
        bad(#""campaign_id":"c","participant_email":"a@b.example\u0000""#, "participant_email"),
        bad(invite + #","expires_in":"60""#, "expires_in"), bad(invite + #","expires_in":60.5"#, "expires_in"),
        bad(invite + #","expires_in":true"#, "expires_in"), bad(invite + #","expires_in":1e3"#, "expires_in"),
        bad(invite + #","expires_in":99999999999999999999999"#, "expires_in"),
        bad(invite + #","max_uses":0"#, "max_uses"), bad(invite + #","max_uses":-1"#, "max_uses"),
        bad(invite + #","max_uses":1001"#, "max_uses"), bad(invite + #","max_uses":"1""#, "max_uses"),
        bad(invite + #","allowed_origins":"https://a.example""#, "allowed_origins"),
        bad(invite + #","allowed_origins":["https://a.example/"]"#, "allowed_origins"),
        bad(invite + #","allowed_origins":["null"]"#, "allowed_origins"),
        bad(invite + #","allowed_origins":[1]"#, "allowed_origins"),
        bad(
            invite + #","allowed_origins":["#
                + Array(repeating: #""https://a.example""#, count: 21).joined(separator: ",")
                + "]",
            "allowed_origins"
        ),
        bad(invite + #","metadata":[]"#, "metadata"), bad(invite + #","metadata":{"a":1}"#, "metadata"),
        bad(invite + #","metadata":{"":"x"}"#, "metadata"),
        bad(
            invite + #","metadata":{"# + (0..<17).map { "\"k\($0)\":\"v\"" }.joined(separator: ",") + "}",
            "metadata"
        ),
        bad(invite + #","metadata":{"a":"\#(String(repeating: "x", count: 2048))"}"#, "metadata"),
        bad(invite + #","surprise":1"#, "surprise"), bad(invite + #","Campaign_id":"c""#, "Campaign_id"),
        bad(invite + #","workspace_id":"ws_00000000000000000000000000""#, "workspace_id"),
        bad(invite + #","status":"redeemed""#, "status"), bad(invite + #","campaign_id":"d""#, nil),
    ]

    static let bodies: [BadRequest] = [
        "", "{", "[]", "null", "\"x\"", "1", "{} {}", "{\"a\":}", "{'a':1}", "{\"a\":1,}", "\u{feff}{}", "{\"a\":NaN}",
        "{\"a\":01}", "{\"a\":\"\u{1}\"}", "{\"a\":\"\\ud800\"}", "// x\n{}",
        String(repeating: "[", count: 5000),
        "{\"a\":" + String(repeating: "[", count: 12)
            + String(repeating: "]", count: 12) + "}",
    ].map { BadRequest(.post, "/v1/invites", $0, 400, "invalid_request") }

    static let lifetimes: [BadRequest] =
        ["59", "604801", "9223372036854775807"].map {
            BadRequest(.post, "/v1/invites", "{\(invite),\"expires_in\":\($0)}", 422, "policy_violation", "expires_in")
        }
        + ["59", "3601"].map {
            BadRequest(
                .post,
                "/v1/participant-tokens",
                "{\(invite),\"expires_in\":\($0)}",
                422,
                "policy_violation",
                "expires_in"
            )
        }

    static let others: [BadRequest] = [
        BadRequest(.get, "/v1/invites?surprise=1", nil, 400, "invalid_request", "surprise"),
        BadRequest(.get, "/v1/invites?limit=0", nil, 400, "invalid_request", "limit"),
        BadRequest(.get, "/v1/invites?limit=101", nil, 400, "invalid_request", "limit"),
        BadRequest(.get, "/v1/invites?limit=+5", nil, 400, "invalid_request", "limit"),
        BadRequest(.get, "/v1/invites?limit=05", nil, 400, "invalid_request", "limit"),
        BadRequest(.get, "/v1/invites?limit=", nil, 400, "invalid_request", "limit"),
        BadRequest(.get, "/v1/invites?cursor=x", nil, 400, "invalid_request", "cursor"),
        BadRequest(.get, "/v1/invites?status=dead", nil, 400, "invalid_request", "status"),
        BadRequest(.get, "/v1/invites?participant_email=x", nil, 400, "invalid_request", "participant_email"),
        BadRequest(.get, "/v1/invites?campaign_id=", nil, 400, "invalid_request", "campaign_id"),
        BadRequest(.get, "/v1/invites?limit=1&limit=2", nil, 400, "invalid_request", "limit"),
        BadRequest(.get, "/v1/invites?status=%zz", nil, 400, "invalid_request", "status"),
        BadRequest(.get, "/v1/audit-events?since=yesterday", nil, 400, "invalid_request", "since"),
        BadRequest(.get, "/v1/audit-events?type=", nil, 400, "invalid_request", "type"),
        BadRequest(.get, "/v1/api-keys?status=active", nil, 400, "invalid_request", "status"),
        BadRequest(.get, "/v1/invites/none", nil, 404, "not_found"),
        BadRequest(.get, "/v1/invites/inv_00000000000000000000000000", nil, 404, "not_found"),
        BadRequest(.delete, "/v1/invites/inv_00000000000000000000000000", nil, 404, "not_found"),
        BadRequest(.get, "/v1/api-keys/inv_00000000000000000000000000", nil, 404, "not_found"),
        BadRequest(.delete, "/v1/api-keys/key_00000000000000000000000000", nil, 404, "not_found"),
        BadRequest(
            .delete,
            "/v1/api-keys/key_00000000000000000000000000?family=yes",
            nil,
            400,
            "invalid_request",
            "family"
        ),
        BadRequest(.get, "/v1/nothing", nil, 404, "not_found"),
        BadRequest(.put, "/v1/invites", "{}", 405, "method_not_allowed"),
        BadRequest(.other("TRACE"), "/v1/invites", nil, 405, "method_not_allowed"),
        BadRequest(.post, "/v1/tokens/verify", "{}", 400, "invalid_request", "token"),
        BadRequest(.post, "/v1/tokens/verify", #"{"token":1}"#, 400, "invalid_request", "token"),
        BadRequest(.post, "/v1/tokens/verify", #"{"token":"x","y":1}"#, 400, "invalid_request", "y"),
        BadRequest(.post, "/v1/revocations", "{}", 400, "invalid_request"),
        BadRequest(.post, "/v1/revocations", #"{"invite_id":"a","session_id":"b"}"#, 400, "invalid_request"),
        BadRequest(.post, "/v1/revocations", #"{"surprise":"a"}"#, 400, "invalid_request", "surprise"),
        BadRequest(.post, "/v1/revocations", #"{"campaign_id":"a b"}"#, 400, "invalid_request", "campaign_id"),
        BadRequest(
            .post,
            "/v1/revocations",
            #"{"participant_email":"x"}"#,
            400,
            "invalid_request",
            "participant_email"
        ),
        BadRequest(.post, "/v1/revocations?preview=yes", #"{"campaign_id":"a"}"#, 400, "invalid_request", "preview"),
        BadRequest(.post, "/v1/revocations", #"{"invite_id":"inv_00000000000000000000000000"}"#, 404, "not_found"),
        BadRequest(.post, "/v1/revocations", #"{"session_id":"x"}"#, 404, "not_found"),
        BadRequest(.post, "/v1/revocations", #"{"api_key_id":"x"}"#, 404, "not_found"),
        BadRequest(.post, "/v1/revocations", #"{"token":"x"}"#, 401, "invalid_token"),
        BadRequest(.post, "/v1/api-keys", #"{"scopes":["invites:read"]}"#, 400, "invalid_request", "name"),
        BadRequest(.post, "/v1/api-keys", #"{"name":"","scopes":["invites:read"]}"#, 400, "invalid_request", "name"),
        BadRequest(
            .post,
            "/v1/api-keys",
            #"{"name":"a\nb","scopes":["invites:read"]}"#,
            400,
            "invalid_request",
            "name"
        ),
        BadRequest(.post, "/v1/api-keys", #"{"name":"n"}"#, 400, "invalid_request", "scopes"),
        BadRequest(.post, "/v1/api-keys", #"{"name":"n","scopes":[]}"#, 400, "invalid_request", "scopes"),
        BadRequest(.post, "/v1/api-keys", #"{"name":"n","scopes":["invites:fly"]}"#, 400, "invalid_request", "scopes"),
        BadRequest(.post, "/v1/api-keys", #"{"name":"n","scopes":["keys:read"]}"#, 400, "invalid_request", "scopes"),
        BadRequest(
            .post,
            "/v1/api-keys",
            #"{"name":"n","scopes":["invites:read"],"kind":"root"}"#,
            400,
            "invalid_request",
            "kind"
        ),
        BadRequest(
            .post,
            "/v1/api-keys",
            #"{"name":"n","scopes":["invites:read"],"expires_at":"2020-01-01T00:00:00Z"}"#,
            400,
            "invalid_request",
            "expires_at"
        ),
        BadRequest(
            .post,
            "/v1/api-keys",
            #"{"name":"n","scopes":["invites:read"],"ip_allowlist":["10.0.0.1/8"]}"#,
            400,
            "invalid_request",
            "ip_allowlist"
        ),
        BadRequest(
            .post,
            "/v1/api-keys",
            #"{"name":"n","scopes":["invites:read"],"ip_allowlist":["010.0.0.1"]}"#,
            400,
            "invalid_request",
            "ip_allowlist"
        ),
        BadRequest(.post, "/v1/invites/batch", #"{"invites":[]}"#, 400, "invalid_request", "invites"),
        BadRequest(.post, "/v1/invites/batch", #"{"invites":{}}"#, 400, "invalid_request", "invites"),
        BadRequest(.post, "/v1/invites/batch", "{}", 400, "invalid_request", "invites"),
        BadRequest(
            .post,
            "/v1/invites/batch",
            #"{"invites":["# + Array(repeating: "{}", count: 1001).joined(separator: ",") + "]}",
            400,
            "invalid_request",
            "invites"
        ),
        BadRequest(.post, "/v1/widget/sessions", "{}", 400, "invalid_request", "invite_token"),
        BadRequest(
            .post,
            "/v1/widget/sessions",
            #"{"invite_token":"x","holder_nonce":"short"}"#,
            400,
            "invalid_request",
            "holder_nonce"
        ),
        BadRequest(
            .post,
            "/v1/widget/sessions",
            #"{"invite_token":"x","holder_nonce":"aaaaaaaaaaaaaaaaaaaaa!"}"#,
            400,
            "invalid_request",
            "holder_nonce"
        ),
        BadRequest(.post, "/v1/widget/sessions", #"{"invite_token":"x"}"#, 401, "invalid_token"),
        BadRequest(.get, "/v1/widget/session", nil, 401, "invalid_token"),
        BadRequest(.delete, "/v1/widget/session", nil, 401, "invalid_token"),
        BadRequest(.post, "/v1/widget/session/renew", nil, 401, "invalid_token"),
        BadRequest(.get, "/v1/forward-auth", nil, 400, "invalid_request", "campaign_id"),
        BadRequest(.get, "/livez?x=1", nil, 400, "invalid_request", "x"),
        BadRequest(.get, "/readyz?x=1", nil, 400, "invalid_request", "x"),
        BadRequest(.get, "/.well-known/jwks.json?x=1", nil, 400, "invalid_request", "x"),
    ]

    @Test("A bad request is told what is wrong with it", arguments: invites + bodies + lifetimes + others)
    func table(request: BadRequest) async throws {
        let service = try await ServiceHarness()
        let before = try await service.changes().count
        let answer = await service.admin(request.method, request.target, body: request.body)
        #expect(answer.status == request.status, "\(answer.text)")
        #expect(answer.code == request.code, "\(answer.text)")
        #expect(answer.param == request.param, "\(answer.text)")
        #expect(answer.json?["error"]?["status"]?.integer == Int64(request.status))
        #expect(answer.json?["error"]?["request_id"]?.string == answer.response.field("Request-Id"))
        #expect(answer.json?["error"]?["message"]?.string?.isEmpty == false)
        #expect(answer.response.field("X-Content-Type-Options") == "nosniff")
        if request.status == 405 { #expect(answer.response.field("Allow")?.isEmpty == false) }
        #expect(try await service.changes().count == before)
    }

    @Test("Only the field at fault is named, never its value")
    func noEcho() async throws {
        let service = try await ServiceHarness()
        let answer = await service.mint(email: "not-an-address-4711")
        #expect(answer.status == 400)
        #expect(!answer.text.contains("4711"))
    }

    @Test(
        "A body needs its media type",
        arguments: [
            (nil, 415), ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("application/jsonx", 415),
            ("application/json; charset=latin1", 415), ("application/json\u{37E}charset=utf-8", 415),
            ("application/json", 201), ("Application/JSON", 201),
            ("application/json; charset=utf-8", 201), ("application/json;charset=\"UTF-8\"", 201),
        ] as [(String?, Int)]
    )
    func mediaTypes(type: String?, status: Int) async throws {
        let service = try await ServiceHarness()
        let request = HTTPRequest(
            method: .post,
            target: "/v1/invites",
            fields: HTTPRequestFields(
                [("Authorization", "Bearer " + service.setup.secret)] + (type.map { [("Content-Type", $0)] } ?? [])
            ),
            body: Array("{\(Self.invite)}".utf8)
        )
        guard case .later(let work) = service.application.respond(to: request) else {
            Issue.record("a keyed route answered at once")
            return
        }
        let answer = Answer(await work())
        #expect(answer.status == status, "\(answer.text)")
        if status == 415 { #expect(answer.code == "unsupported_media_type") }
    }

    @Test("Bounds are allowed themselves")
    func bounds() async throws {
        let service = try await ServiceHarness()
        let pairs = (0..<16).map { "\"k\($0)\":\"v\"" }.joined(separator: ",")
        for members in [
            #""expires_in":60"#, #""expires_in":604800"#, #""max_uses":1000"#, #""metadata":{\#(pairs)}"#,
            #""metadata":{}"#,
            #""metadata":{"a":"\#(String(repeating: "x", count: 2047))"}"#, #""allowed_origins":[]"#,
            #""metadata":null,"max_uses":null,"expires_in":null,"allowed_origins":null"#,
        ] {
            let answer = await service.mint(more: "," + members)
            #expect(answer.status == 201, "\(members): \(answer.text)")
        }
    }

    @Test("Batches and plain bodies have the contract's limits")
    func limits() async throws {
        let service = try await ServiceHarness()
        #expect(service.application.bodyBytesMax(method: .post, path: "/v1/invites") == 16_384)
        #expect(service.application.bodyBytesMax(method: .post, path: "/v1/invites/batch") == 1_048_576)
        #expect(service.application.bodyBytesMax(method: .post, path: "/api/v1/invites/batch") == 1_048_576)
        #expect(service.application.bodyBytesMax(method: .get, path: "/nothing") == 16_384)
    }

    @Test(
        "RFC 9457 is spoken where the client prefers it",
        arguments: [
            ("application/problem+json", true), ("application/json", false), ("*/*", false), ("", false),
            ("application/json, application/problem+json;q=0.5", false),
            ("application/json;q=0.5, application/problem+json", true), ("application/problem+json;q=0", false),
            ("application/*", false), ("application/problem+json;q=0.4, */*;q=0.5", false),
            ("application/problem+json;q=0.4, application/*;q=0.5", false),
            ("application/problem+json;q=0.5, */*;q=0.4", true),
            ("application/problem+json;q=0.4, application/json;q=0.3, */*;q=0.5", true),
            (String(repeating: "application/problem+json,", count: 100), false),
        ]
    )
    func problemJSON(accept: String, isProblem: Bool) async throws {
        let service = try await ServiceHarness()
        let answer = await service.admin(.get, "/v1/invites/none", fields: [("Accept", accept)])
        #expect(answer.status == 404)
        let type = answer.response.field("Content-Type")
        #expect(type == (isProblem ? "application/problem+json" : "application/json"))
        #expect((answer.json?["error"] == nil) == isProblem)
        #expect((answer.json?["status"]?.integer == 404) == isProblem)
    }
}
