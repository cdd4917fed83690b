import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("S04: backend routes with a session instead of a key")
struct ConsoleAccessTests {
    private static let item = #"{"campaign_id":"c","participant_email":"a@b.example"}"#

    @Test(
        "S04: GET /api/v1/invites?accountSlug= lists what a key lists, and a mint is a key's mint with the member named"
    )
    func sameRoutes() async throws {
        let service = try await ServiceHarness()
        let browser = try await service.signedIn(.operator)
        let query = try await service.consoleQuery()
        let minted = await service.send(.post, "/v1/invites?" + query, body: Self.item, fields: browser.changing)
        #expect(minted.status == 201, "\(minted.text)")
        let id = try #require(minted["id"])
        let listed = await service.send(.get, "/api/v1/invites?" + query, fields: browser.fields)
        #expect(listed.status == 200 && listed.json?["data"]?.elements.first?["id"]?.string == id, "\(listed.text)")
        #expect(await service.admin(.get, "/v1/invites/\(id)").status == 200)
        #expect(await service.redeem(try #require(minted["invite_token"])).status == 201)
        let event = try #require(try await service.changes().first { $0.type == "invite.created" })
        #expect(event.actor == browser.member)
        #expect(listed.response.field("X-RateLimit-Limit") == "600")
        #expect(listed.response.field("Access-Control-Allow-Origin") == nil)
        #expect(listed.response.field("Access-Control-Allow-Credentials") == nil)
    }

    @Test("S04: a request must name the workspace; what it names wrongly is 404, and 400 only where the form is wrong")
    func slugs() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        _ = try await service.makeWorkspace(platform, slug: "elsewhere")
        let slug = try await service.firstSlug()
        let browser = try await service.signedIn(.viewer)
        let id = service.firstWorkspace
        let table: [(String, Int, String?)] = [
            ("", 400, "accountSlug"), ("environment=test", 400, "accountSlug"), ("accountSlug=elsewhere", 404, nil),
            ("accountSlug=nowhere", 404, nil), ("accountSlug=", 404, nil), ("accountSlug=No%20Slug", 404, nil),
            ("accountSlug=\(id)", 404, nil), ("accountSlug=\(slug)", 200, nil),
            ("accountSlug=\(slug)&environment=live", 200, nil),
            ("accountSlug=\(slug)&environment=both", 400, "environment"),
            ("accountSlug=\(slug)&workspace_id=\(id)", 200, nil),
            ("accountSlug=\(slug)&workspace_id=ws_01m7ysm950fr6tvbqwht0x6rk2", 400, "workspace_id"),
            ("accountSlug=\(slug)&accountSlug=\(slug)", 400, "accountSlug"),
            ("accountSlug=\(slug)&page=1", 400, "page"),
        ]
        for (query, status, param) in table {
            let answer = try await service.page(browser, .get, "/v1/invites", query: query)
            #expect(answer.status == status && answer.param == param, "\(query): \(answer.text)")
        }
        let foreign = try await service.page(browser, .get, "/v1/invites", query: "accountSlug=elsewhere")
        let absent = try await service.page(browser, .get, "/v1/invites", query: "accountSlug=nowhere")
        #expect(foreign.comparable == absent.comparable)
    }

    @Test("S04: each environment shows its own, and a deployment of one serves no other")
    func environments() async throws {
        let service = try await ServiceHarness()
        let browser = try await service.signedIn(.viewer)
        let slug = try await service.firstSlug()
        _ = await service.mint()
        func count(_ service: ServiceHarness, _ query: String) async throws -> Int? {
            let answer = try await service.page(browser, .get, "/v1/invites", query: "accountSlug=\(slug)" + query)
            return answer.json?["data"]?.count
        }
        #expect(try await count(service, "&environment=test") == 1)
        #expect(try await count(service, "&environment=live") == 0)
        #expect(try await count(service, "") == 0, "live where none is named")
        let single = try await service.restarted(serving: .test)
        #expect(try await count(single, "") == 1)
        #expect(try await count(single, "&environment=live") == nil)
    }

    /// What a request may bring along, and what then becomes of a read and of a mint.
    private static let matrix: [(fields: [(String, String)], token: String, read: Int, mint: Int)] = [
        ([], "own", 200, 403), ([("Origin", ServiceHarness.issuer)], "own", 200, 201),
        ([("Sec-Fetch-Site", "same-origin")], "own", 200, 201),
        ([("Origin", ServiceHarness.issuer), ("Sec-Fetch-Site", "same-origin")], "own", 200, 201),
        ([("Origin", ServiceHarness.issuer)], "none", 200, 403),
        ([("Origin", ServiceHarness.issuer)], "other session's", 200, 403),
        ([("Origin", ServiceHarness.issuer)], "twice", 200, 403),
        ([("Origin", ServiceHarness.issuer)], "x", 200, 403),
        ([("Sec-Fetch-Site", "none")], "own", 200, 403), ([("Sec-Fetch-Site", "same-site")], "own", 403, 403),
        ([("Sec-Fetch-Site", "cross-site")], "own", 403, 403), ([("Sec-Fetch-Site", "")], "own", 403, 403),
        ([("Origin", "null")], "own", 403, 403), ([("Origin", "https://evil.example")], "own", 403, 403),
        ([("Origin", "http://tokens.example.com")], "own", 403, 403),
        ([("Origin", "https://tokens.example.com.evil.example")], "own", 403, 403),
        ([("Origin", "https://tokens.example.com:8443")], "own", 403, 403),
        ([("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-origin")], "own", 403, 403),
        ([("Origin", ServiceHarness.issuer), ("Sec-Fetch-Site", "cross-site")], "own", 403, 403),
        ([("Origin", ServiceHarness.issuer), ("Origin", ServiceHarness.issuer)], "own", 403, 403),
        // Behind a proxy that keeps the name, and on loopback without TLS.
        ([("Host", "console.example.com"), ("Origin", "https://console.example.com")], "own", 200, 201),
        ([("Host", "console.example.com"), ("Origin", "http://console.example.com")], "own", 403, 403),
        ([("Host", "localhost:8080"), ("Origin", "http://localhost:8080")], "own", 200, 201),
        ([("Host", "127.0.0.1:8080"), ("Origin", "http://127.0.0.1:8080")], "own", 200, 201),
        ([("Host", "localhost:8080"), ("Origin", "http://localhost:8081")], "own", 403, 403),
    ]

    @Test("S04: only a page of our own origin with the session's own token changes anything, and no other's page reads")
    func forgery() async throws {
        let service = try await ServiceHarness()
        let browser = try await service.signedIn(.operator)
        let other = try await service.browser("operator@acme.example")
        let query = try await service.consoleQuery()
        for row in Self.matrix {
            let tokens: [(String, String)] =
                switch row.token {
                case "own": [("X-CSRF-Token", browser.csrf)]
                case "other session's": [("X-CSRF-Token", other.csrf)]
                case "twice": [("X-CSRF-Token", browser.csrf), ("X-CSRF-Token", browser.csrf)]
                case "none": []
                default: [("X-CSRF-Token", row.token)]
                }
            let note = "\(row.fields) \(row.token)"
            let fields = browser.fields + row.fields
            let read = await service.send(.get, "/v1/invites?" + query, fields: fields)
            #expect(read.status == row.read, "\(note): \(read.text)")
            let head = await service.send(.head, "/v1/invites?" + query, fields: fields)
            #expect(head.status == row.read, "\(note)")
            let mint = await service.send(.post, "/v1/invites?" + query, body: Self.item, fields: fields + tokens)
            #expect(mint.status == row.mint, "\(note): \(mint.text)")
            if mint.status == 403 {
                #expect(mint.code == "origin_not_allowed" || mint.param == "X-CSRF-Token", "\(note): \(mint.text)")
            }
            let out = await service.send(.delete, "/v1/console/sessions", fields: other.fields + row.fields)
            #expect(out.status == 403, "another session's token: \(note)")
        }
        #expect(await service.send(.get, "/v1/console/sessions", fields: other.fields).status == 200)
    }

    @Test(
        "S04: what is no session of ours is 401, and a cookie given twice 400",
        arguments: [
            ("", 401), ("other=1", 401), ("__Host-session=", 401), ("__Host-session=x", 401),
            ("__Host-session=\(String(repeating: "A", count: 43))", 401), ("a__Host-session=x", 401),
            ("session=1; __Host-session=x; b=2", 401), ("__Host-session=a; __Host-session=b", 400),
            ("__host-session=x", 401),
        ]
    )
    func badCookies(cookie: String, status: Int) async throws {
        let service = try await ServiceHarness()
        let slug = try await service.firstSlug()
        let answer = await service.send(.get, "/v1/invites?accountSlug=\(slug)", fields: [("Cookie", cookie)])
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.code == (status == 401 ? "unauthorized" : "invalid_request"))
    }

    @Test("S04: only a semicolon ends a pair of a cookie, and nothing that Unicode calls its equal")
    func cookiePairs() async throws {
        let rows: [(String, String?)] = [
            ("__Host-session=x", "x"), ("a=1;__Host-session=x", "x"), ("a=1; \t__Host-session=x;b=2", "x"),
            ("a=1\u{37E}__Host-session=x", nil), ("a=1\u{37E} __Host-session=x", nil),
            ("a=1;\u{301}__Host-session=x", nil), ("__Host-session=\u{301}x", "\u{301}x"),
            ("b=;\u{301}; __Host-session=x", "x"),
        ]
        for (cookie, value) in rows {
            let fields = HTTPRequestFields([("Cookie", cookie)])
            #expect(try SessionCookie.presented(fields) == value, "\(cookie)")
            #expect(SessionCookie.isAlone(fields) == (value != nil), "\(cookie)")
        }
        #expect(throws: Problem.self) {
            try SessionCookie.presented(HTTPRequestFields([("Cookie", "__Host-session=\u{301}x; __Host-session=y")]))
        }
        let service = try await ServiceHarness()
        let browser = try await service.signedIn(.viewer)
        let target = "/v1/invites?" + (try await service.consoleQuery())
        let session = try #require(browser.fields.first { $0.0.lowercased() == "cookie" }?.1)
        for (cookie, status) in [(session, 200), ("a=1; " + session, 200), ("a=1\u{37E}" + session, 401)] {
            let answer = await service.send(.get, target, fields: [("Cookie", cookie)])
            #expect(answer.status == status, "\(cookie): \(answer.text)")
        }
    }

    @Test("S04: where a key is sent as well the key counts, and stays refused in a browser")
    func keyAndCookie() async throws {
        let service = try await ServiceHarness()
        let browser = try await service.signedIn(.viewer)
        let query = try await service.consoleQuery()
        let minted = await service.admin(.post, "/v1/invites", body: Self.item, fields: browser.fields)
        #expect(minted.status == 201)
        let inPage = await service.admin(.post, "/v1/invites?" + query, body: Self.item, fields: browser.changing)
        #expect(inPage.status == 403 && inPage.code == "key_in_browser", "\(inPage.text)")
        let bad = await service.send(.get, "/v1/invites?" + query, fields: browser.fields + [("x-api-key", "x")])
        #expect(bad.status == 401)
    }

    @Test("S04: a key may repeat its own workspace and environment in the console's words, and name no other")
    func keysAndSlugs() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        let elsewhere = try await service.makeWorkspace(platform, slug: "elsewhere")
        let slug = try await service.firstSlug()
        let table: [(String, Int, String?)] = [
            ("accountSlug=\(slug)", 200, nil), ("environment=test", 200, nil),
            ("accountSlug=elsewhere", 400, "accountSlug"), ("accountSlug=nowhere", 400, "accountSlug"),
            ("accountSlug=%00", 400, "accountSlug"), ("environment=live", 400, "environment"),
        ]
        for (query, status, param) in table {
            let answer = await service.admin(.get, "/v1/invites?" + query)
            #expect(answer.status == status && answer.param == param, "\(query): \(answer.text)")
        }
        let located = "workspace_id=\(elsewhere)&accountSlug="
        #expect(await service.send(.get, "/v1/invites?" + located + "elsewhere", key: platform.secret).status == 200)
        #expect(await service.send(.get, "/v1/invites?" + located + slug, key: platform.secret).status == 400)
        #expect(await service.send(.get, "/v1/invites?accountSlug=\(slug)", key: platform.secret).status == 400)
    }

    @Test("S04: a role admits to the routes of its scopes and to no other, over the whole route table")
    func roles() async throws {
        let service = try await ServiceHarness()
        var admitted: [MemberRole: Int] = [:]
        for role in MemberRole.allCases {
            let browser = try await service.signedIn(role)
            for route in service.application.table.routes {
                guard case .apiKey(let scope) = route.access else { continue }
                let note = "\(role) \(route.method.name) \(route.template)"
                let query = route.isDeploymentWide ? "" : try await service.consoleQuery()
                let path = AuthenticationTests.path(route)
                let answer = try await service.page(browser, route.method, path, query: query)
                if route.isDeploymentWide {
                    #expect(answer.status == 403 && answer.code == "forbidden", "\(note): \(answer.text)")
                } else if role.scopes.contains(scope) {
                    #expect(answer.status != 401 && answer.status != 403, "\(note): \(answer.text)")
                    admitted[role, default: 0] += 1
                } else {
                    #expect(answer.status == 403, "\(note): \(answer.text)")
                    #expect(answer.code == "insufficient_scope" || answer["error"] == "insufficient_scope", "\(note)")
                }
            }
        }
        let counts = MemberRole.allCases.map { admitted[$0] ?? 0 }
        #expect(counts[0] > 5 && counts[0] < counts[1] && counts[1] < counts[2], "\(counts)")
    }

    @Test("S04: a role that is taken away or narrowed holds from the next request on")
    func rolesChange() async throws {
        let service = try await ServiceHarness()
        let browser = try await service.signedIn(.operator)
        func mint() async throws -> Int {
            try await service.page(browser, .post, "/v1/invites", body: Self.item).status
        }
        #expect(try await mint() == 201)
        let narrowed = #"{"roles":[{"workspace_id":"\#(service.firstWorkspace)","role":"viewer"}]}"#
        #expect(await service.changeMember(browser.member, narrowed).status == 200)
        #expect(try await mint() == 403)
        #expect(await service.changeMember(browser.member, #"{"roles":[]}"#).status == 200)
        #expect(try await service.page(browser, .get, "/v1/invites").status == 404)
    }

    @Test("S04: a member makes no key that is wider than its role, no platform key, and changes no deployment's policy")
    func bounds() async throws {
        let service = try await ServiceHarness()
        let browser = try await service.signedIn(.security)
        func make(_ more: String) async throws -> Answer {
            try await service.page(browser, .post, "/v1/api-keys", body: #"{"name":"made"\#(more)}"#)
        }
        let made = try await make(#","scopes":["invites:read"]"#)
        #expect(made.status == 201, "\(made.text)")
        let secret = try #require(made["secret"])
        #expect(await service.send(.get, "/v1/invites", key: secret).status == 200)
        #expect(try await make(#","scopes":["invites:read"],"kind":"platform""#).status == 403)
        #expect(try await make(#","scopes":["workspaces:read"],"kind":"admin""#).status == 403)
        #expect(try await make(#","scopes":["invites:read"],"environment":"live""#).status == 403)
        let deployment = try await service.page(browser, .put, "/v1/policies?layer=deployment", body: "{}")
        #expect(deployment.status == 403, "\(deployment.text)")
        let created = try #require(
            try await service.changes().first { $0.type == "key.created" && $0.actor == browser.member }
        )
        #expect(created.target == made["id"])
    }

    @Test("S04: a mint descends from the workspace's oldest admin key, under its policy and its end")
    func family() async throws {
        let service = try await ServiceHarness()
        let browser = try await service.signedIn(.operator)
        let minted = try await service.page(browser, .post, "/v1/invites", body: Self.item)
        let key = TypeID.text(.apiKey, service.setup.apiKey)
        #expect(await service.admin(.post, "/v1/revocations", body: #"{"api_key_id":"\#(key)"}"#).status == 201)
        #expect(await service.redeem(try #require(minted["invite_token"])).code == "invite_revoked")
        #expect(await service.admin(.post, "/v1/api-keys/\(key)/suspend").status == 200)
        let refused = try await service.page(browser, .post, "/v1/invites", body: Self.item)
        #expect(refused.status == 403, "\(refused.text)")
        #expect(try await service.page(browser, .get, "/v1/invites").status == 200)
    }

    @Test("S04: requests count for the member, over all its browsers, and beyond the limit are 429")
    func rate() async throws {
        let service = try await ServiceHarness()
        let first = try await service.signedIn(.viewer)
        let second = try await service.browser("viewer@acme.example")
        for index in 0..<ServiceLimits.memberRequestsPerMinute {
            let browser = index.isMultiple(of: 2) ? first : second
            let query = index.isMultiple(of: 3) ? "accountSlug=nowhere" : try await service.consoleQuery()
            let answer = try await service.page(browser, .get, "/v1/invites", query: query)
            #expect(answer.status == (index.isMultiple(of: 3) ? 404 : 200))
        }
        let refused = try await service.page(first, .get, "/v1/invites")
        #expect(refused.status == 429 && refused.response.field("Retry-After") != nil, "\(refused.text)")
        #expect(refused.response.field("X-RateLimit-Remaining") == "0")
        service.time.advance(milliseconds: 60_000)
        #expect(try await service.page(first, .get, "/v1/invites").status == 200)
    }

    @Test("S04: an Idempotency-Key of a member is its own")
    func idempotency() async throws {
        let service = try await ServiceHarness()
        let one = try await service.signedIn(.operator)
        let two = try await service.signedIn(.security)
        let query = try await service.consoleQuery()
        func mint(_ fields: [(String, String)], key: String? = nil) async -> Answer {
            await service.send(
                .post,
                "/v1/invites?" + query,
                body: Self.item,
                fields: fields + [("Idempotency-Key", "shared")],
                key: key
            )
        }
        let first = await mint(one.changing)
        let again = await mint(one.changing)
        #expect(first.status == 201 && again["id"] == first["id"])
        #expect(again.response.field("Idempotent-Replayed") == "true")
        let other = await mint(two.changing)
        let byKey = await mint([], key: service.setup.secret)
        #expect(Set([first["id"], other["id"], byKey["id"]]).count == 3)
    }

    @Test("S04: cookies that are guessed count against the address, as keys do")
    func guesses() async throws {
        let service = try await ServiceHarness(addressLimit: 5)
        let slug = try await service.firstSlug()
        let fields = [("Cookie", "__Host-session=\(String(repeating: "A", count: 43))")]
        for index in 0..<7 {
            let answer = await service.send(.get, "/v1/invites?accountSlug=\(slug)", fields: fields)
            #expect(answer.status == (index < 5 ? 401 : 429))
        }
    }

    @Test("S04: where the store fails a signed-in request is 503; where only its use can not be stored it goes on")
    func storeDown() async throws {
        let service = try await ServiceHarness()
        let browser = try await service.signedIn(.viewer)
        service.faults.arm(name: "memberSession")
        #expect(try await service.page(browser, .get, "/v1/invites").status == 503)
        service.time.advance(milliseconds: 61_000)
        service.faults.arm(name: "changeMemberSession")
        #expect(try await service.page(browser, .get, "/v1/invites").status == 200)
        service.faults.arm(nil)
        service.faults.after("memberSession") {
            _ = await service.changeMember(browser.member, #"{"end_sessions":true}"#)
        }
        service.time.advance(milliseconds: 61_000)
        #expect(try await service.page(browser, .get, "/v1/invites").status == 401, "it ended meanwhile")
    }

    @Test("A key's request asks the store nothing about members")
    func keysPayNothing() async throws {
        let service = try await ServiceHarness()
        _ = await service.mint()
        service.faults.arm(nil)
        _ = await service.admin(.get, "/v1/invites", fields: [("Cookie", "__Host-session=x")])
        #expect(service.faults.calls.allSatisfy { !$0.lowercased().contains("member") }, "\(service.faults.calls)")
    }
}
