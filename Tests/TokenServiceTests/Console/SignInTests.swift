import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("S04: signing in to the console")
struct SignInTests {
    @Test("S04: an address and a password give a session, told in the body and a cookie that scripts can not read")
    func signsIn() async throws {
        let service = try await ServiceHarness()
        let id = try await service.makeMember()
        let answer = await service.signIn("Grace@ACME.example")
        #expect(answer.status == 201, "\(answer.text)")
        let cookie = try #require(answer.response.field("Set-Cookie"))
        #expect(
            cookie.wholeMatch(of: /__Host-session=[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict/)
                != nil,
            "\(cookie)"
        )
        #expect(answer.response.field("Cache-Control") == "no-store")
        #expect(answer.response.field("Access-Control-Allow-Origin") == nil)
        #expect(answer.json?["member"]?["id"]?.string == id && id.hasPrefix("mem_"))
        #expect(answer.json?["member"]?["email"]?.string == "grace@acme.example")
        let workspace = try #require(answer.json?["workspaces"]?.elements.first)
        #expect(workspace["id"]?.string == service.firstWorkspace && workspace["role"]?.string == "security")
        #expect(workspace["slug"]?.string == (try await service.firstSlug()))
        #expect(answer["expires_at"] == RFC3339.text(service.time.now().adding(seconds: 43_200)))
        let secret = cookie.dropFirst(15).prefix(43)
        #expect(!answer.text.contains(secret), "the cookie's secret stands in no body")
        let browser = try await service.browser()
        let read = await service.send(.get, "/v1/console/sessions", fields: browser.fields)
        #expect(read.status == 200 && read.json?["member"]?["id"]?.string == id, "\(read.text)")
        #expect(read["csrf_token"] != nil && read["csrf_token"] != browser.csrf)
    }

    @Test("S04: a sign-in that fails leaves no session, no event, and the browser's old session as it was")
    func failsWhole() async throws {
        let service = try await ServiceHarness()
        let id = try await service.makeMember()
        let browser = try await service.browser()
        let target = "/v1/audit-events?type=member.signed_in&target=\(id)"
        let events = await service.admin(.get, target).json?["data"]?.count
        service.faults.arm(name: "workspace")
        #expect(await service.signIn(fields: browser.fields).status == 503)
        service.faults.arm(nil)
        #expect(await service.admin(.get, target).json?["data"]?.count == events)
        #expect(await service.send(.get, "/v1/console/sessions", fields: browser.fields).status == 200)
    }

    @Test(
        "S04: an unknown address, a wrong password and a disabled member get one answer, and a pseudonym in the trail"
    )
    func oneAnswer() async throws {
        let service = try await ServiceHarness()
        _ = try await service.makeMember()
        let disabled = try await service.makeMember("ada@acme.example")
        #expect(await service.changeMember(disabled, #"{"disabled":true}"#)["status"] == "disabled")
        let answers = [
            await service.signIn("nobody@acme.example"), await service.signIn("grace@acme.example", "wrong"),
            await service.signIn("ada@acme.example"), await service.signIn("grace@acme.example", ""),
        ]
        for answer in answers {
            #expect(answer.status == 401 && answer.code == "unauthorized", "\(answer.text)")
            #expect(answer.comparable == answers[0].comparable)
            #expect(answer.response.field("Set-Cookie") == nil)
        }
        let failed = try await service.deploymentEvents().filter { $0.type == "member.sign_in_failed" }
        #expect(failed.count == 3, "one for each address and minute")
        #expect(Set(failed.map(\.target)).count == 3)
        for event in failed {
            #expect(event.target.hasPrefix("sub_") && event.actor == "anonymous" && event.tenant == nil)
        }
        #expect(await service.changeMember(disabled, #"{"disabled":false}"#)["status"] == "active")
        #expect(await service.signIn("ada@acme.example").status == 201)
    }

    @Test("S04: an unknown address costs the same hash as a wrong password")
    func sameWork() async throws {
        let service = try await ServiceHarness()
        let passwords = service.services.console.passwords
        let secret = SecretBytes(Array("wrong".utf8))
        #expect(try await !passwords.matches(secret, nil, for: .stranger(.loopback)))
        let hash = try await passwords.hash(secret)
        #expect(try await passwords.matches(secret, hash, for: .stranger(.loopback)))
        #expect(PasswordHash(parsing: hash.text) == hash && hash.text.hasPrefix("$scrypt$ln=4,r=8,p=1$"))
        // Both paths ask the store the same and nothing else before the hash.
        service.faults.arm(nil)
        _ = await service.signIn("nobody@acme.example")
        let unknown = service.faults.calls
        _ = try await service.makeMember()
        service.faults.arm(nil)
        _ = await service.signIn("grace@acme.example", "wrong")
        #expect(service.faults.calls == unknown && unknown == ["member", "appendAudit"])
    }

    @Test(
        "A sign-in that says something else is refused with the field's name",
        arguments: [
            (#"{"email":"grace","password":"x"}"#, "email"), (#"{"password":"x"}"#, "email"),
            (#"{"email":"grace@acme.example"}"#, "password"),
            (#"{"email":"grace@acme.example","password":7}"#, "password"),
            (#"{"email":"grace@acme.example","password":"x","remember":true}"#, "remember"),
            (#"{"email":"grace@acme.example","password":"\#(String(repeating: "x", count: 129))"}"#, "password"),
        ]
    )
    func badRequests(body: String, param: String) async throws {
        let service = try await ServiceHarness()
        let answer = await service.send(.post, "/v1/console/sessions", body: body)
        #expect(answer.status == 400 && answer.param == param, "\(answer.text)")
    }

    @Test(
        "S04: another origin's page can sign nobody in",
        arguments: [
            [("Origin", "https://evil.example")], [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")],
            [("Sec-Fetch-Site", "none")], [("Origin", "null")],
            [("Origin", ServiceHarness.issuer), ("Sec-Fetch-Site", "cross-site")],
        ]
    )
    func foreignPages(fields: [(String, String)]) async throws {
        let service = try await ServiceHarness()
        _ = try await service.makeMember()
        let answer = await service.signIn(fields: fields)
        #expect(answer.status == 403 && answer.code == "origin_not_allowed", "\(answer.text)")
        #expect(await service.signIn(fields: [("Origin", ServiceHarness.issuer)]).status == 201)
    }

    @Test("S04: a new sign-in replaces the session of the browser, and the eleventh session ends the first")
    func sessions() async throws {
        let service = try await ServiceHarness()
        _ = try await service.makeMember()
        let first = try await service.browser()
        let replaced = await service.signIn(fields: first.fields)
        #expect(replaced.status == 201)
        #expect(await service.send(.get, "/v1/console/sessions", fields: first.fields).status == 401)
        var browsers: [ConsoleBrowser] = []
        for _ in 0...ServiceLimits.sessionsOfMemberMax {
            service.time.advance(milliseconds: 1)
            browsers.append(try await service.browser())
        }
        for (index, browser) in browsers.enumerated() {
            let read = await service.send(.get, "/v1/console/sessions", fields: browser.fields)
            #expect(read.status == (index == 0 ? 401 : 200), "\(index)")
        }
    }

    @Test("S04: a session ends after 30 minutes without a request, to the second")
    func idle() async throws {
        let service = try await ServiceHarness()
        _ = try await service.makeMember()
        let browser = try await service.browser()
        func read() async -> Int { await service.send(.get, "/v1/console/sessions", fields: browser.fields).status }
        service.time.advance(milliseconds: 1_799_999)
        #expect(await read() == 200)
        service.time.advance(milliseconds: 1_799_999)
        #expect(await read() == 200, "use keeps it open")
        service.time.advance(milliseconds: 1_800_000)
        #expect(await read() == 401)
        service.time.advance(milliseconds: -1_000)
        #expect(await read() == 401, "a clock that is set back brings it to life no more")
    }

    @Test("S04: a session ends after 12 hours, however much it is used")
    func absolute() async throws {
        let service = try await ServiceHarness()
        _ = try await service.makeMember()
        let browser = try await service.browser()
        for _ in 0..<24 {
            #expect(await service.send(.get, "/v1/console/sessions", fields: browser.fields).status == 200)
            service.time.advance(milliseconds: 1_799_000)
        }
        #expect(await service.send(.get, "/v1/console/sessions", fields: browser.fields).status == 200)
        service.time.advance(milliseconds: 23_999)
        #expect(await service.send(.get, "/v1/console/sessions", fields: browser.fields).status == 200)
        service.time.advance(milliseconds: 1)
        #expect(await service.send(.get, "/v1/console/sessions", fields: browser.fields).status == 401)
    }

    @Test(
        "S04: signing out, a new password, a disabled member and end_sessions end the session at once",
        arguments: [
            "sign out", #"{"password":"another long password"}"#, #"{"disabled":true}"#, #"{"end_sessions":true}"#,
        ]
    )
    func ends(how: String) async throws {
        let service = try await ServiceHarness()
        let id = try await service.makeMember()
        let browser = try await service.browser()
        if how == "sign out" {
            let out = await service.send(.delete, "/v1/console/sessions", fields: browser.changing)
            #expect(out.status == 204)
            #expect(
                out.response.field("Set-Cookie")
                    == "__Host-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"
            )
        } else {
            #expect(await service.changeMember(id, how).status == 200)
        }
        #expect(await service.send(.get, "/v1/console/sessions", fields: browser.fields).status == 401)
        #expect(try await service.page(browser, .get, "/v1/invites").status == 401)
        let types = try await service.events().map(\.type)
        let expected =
            how.contains("password")
            ? "member.password_changed" : how.contains("disabled") ? "member.disabled" : "member.signed_out"
        #expect(types.contains(expected), "\(types)")
        #expect(types.contains("member.signed_in") && types.contains("member.created"))
    }

    @Test("S04: a member who is changed between password and session is held to the change")
    func changedMeanwhile() async throws {
        let service = try await ServiceHarness()
        let id = try await service.makeMember()
        service.faults.before("openMemberSession") {
            _ = await service.changeMember(id, #"{"roles":[]}"#)
        }
        let narrowed = await service.signIn()
        #expect(narrowed.status == 201 && narrowed.json?["workspaces"]?.count == 0, "\(narrowed.text)")
        service.faults.before("openMemberSession") {
            _ = await service.changeMember(id, #"{"password":"another long password"}"#)
        }
        #expect(await service.signIn().status == 401)
    }

    @Test("S04: where the store fails nobody is signed in, and the try is not counted")
    func storeDown() async throws {
        let service = try await ServiceHarness()
        _ = try await service.makeMember()
        for name in ["member", "openMemberSession"] {
            service.faults.arm(name: name)
            for _ in 0..<(2 * ServiceLimits.signInsOfMemberAndAddress) {
                let answer = await service.signIn()
                #expect(answer.status == 503 && answer.response.field("Set-Cookie") == nil, "\(answer.text)")
                #expect(answer.response.field("Retry-After") != nil)
            }
        }
        service.faults.arm(nil)
        #expect(await service.signIn().status == 201)
    }
}

extension ServiceHarness {
    /// Every event that belongs to no tenant, oldest first.
    func deploymentEvents() async throws -> [AuditDraft] {
        try await store.auditChain(1, after: 0, limit: 10_000).map(\.draft).filter { $0.tenant == nil }
    }
}
