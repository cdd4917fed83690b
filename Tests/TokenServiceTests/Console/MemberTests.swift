import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("S04: members and their roles")
struct MemberTests {
    private static let create =
        #"{"email":"grace@acme.example","password":"correct horse battery staple","roles":[]}"#

    @Test("A member is made, read, listed, found and changed by the operator")
    func lifeCycle() async throws {
        let service = try await ServiceHarness()
        let id = try await service.makeMember(role: .viewer)
        // So that their order is known.
        service.time.advance(milliseconds: 1)
        _ = try await service.makeMember("ada@acme.example", role: nil)
        let read = await service.asOperator(.get, "/v1/members/\(id)")
        #expect(read["email"] == "grace@acme.example" && read["status"] == "active")
        #expect(read.json?["roles"]?.elements.first?["role"]?.string == "viewer")
        #expect(!read.text.contains("password\"") && !read.text.contains("scrypt"))
        let all = await service.asOperator(.get, "/v1/members")
        #expect(
            all.json?["data"]?.elements.compactMap { $0["email"]?.string } == [
                "ada@acme.example", "grace@acme.example",
            ]
        )
        for query in [
            "workspace_id=\(service.firstWorkspace)", "email=GRACE@acme.example",
            "limit=1&workspace_id=\(service.firstWorkspace)",
        ] {
            let found = await service.asOperator(.get, "/v1/members?" + query)
            #expect(
                found.json?["data"]?.count == 1 && found.json?["data"]?.elements.first?["id"]?.string == id,
                "\(query)"
            )
        }
        #expect(await service.asOperator(.get, "/v1/members?email=nobody@acme.example").json?["data"]?.count == 0)
        #expect(await service.asOperator(.get, "/v1/members/mem_01m7ysm950fr6tvbqwht0x6rk2").status == 404)
        let changed = await service.changeMember(id, #"{"roles":[],"disabled":true}"#)
        #expect(changed["status"] == "disabled" && changed.json?["roles"]?.count == 0, "\(changed.text)")
        #expect(await service.changeMember(id, "{}").text == changed.text)
        let types = try await service.events().filter { $0.target == id }.map(\.type)
        #expect(Set(types) == ["member.created", "member.roles_changed", "member.disabled"], "\(types)")
    }

    @Test(
        "A bad member is refused with the field's name",
        arguments: [
            (#"{"password":"correct horse battery"}"#, "email"),
            (#"{"email":"x","password":"correct horse battery"}"#, "email"),
            (#"{"email":"a@b.example"}"#, "password"),
            (#"{"email":"a@b.example","password":"elevenchars"}"#, "password"),
            (#"{"email":"averylong@b.example","password":"AVeryLong@b.example"}"#, "password"),
            (#"{"email":"a@b.example","password":"\#(String(repeating: "x", count: 129))"}"#, "password"),
            (
                #"{"email":"a@b.example","password":"correct horse battery","roles":[{"role":"viewer"}]}"#,
                "workspace_id"
            ),
            (
                #"{"email":"a@b.example","password":"correct horse battery","roles":[{"workspace_id":"ws_01m7ysm950fr6tvbqwht0x6rk2","role":"viewer"}]}"#,
                "workspace_id"
            ),
            (
                #"{"email":"a@b.example","password":"correct horse battery","roles":[{"workspace_id":"ws_01m7ysm950fr6tvbqwht0x6rk2","role":"owner"}]}"#,
                "role"
            ),
            (#"{"email":"a@b.example","password":"correct horse battery","roles":"viewer"}"#, "roles"),
            (#"{"email":"a@b.example","password":"correct horse battery","name":"A"}"#, "name"),
        ]
    )
    func badMembers(body: String, param: String) async throws {
        let service = try await ServiceHarness()
        let answer = await service.asOperator(.post, "/v1/members", body: body)
        #expect(answer.status == 400 && answer.param == param, "\(answer.text)")
        #expect(await service.asOperator(.get, "/v1/members").json?["data"]?.count == 0)
    }

    @Test("The bounds hold to the character and the role", arguments: [(12, 201), (11, 400), (128, 201), (129, 400)])
    func passwordBounds(count: Int, status: Int) async throws {
        let service = try await ServiceHarness()
        let password = String(repeating: "x", count: count)
        let body = #"{"email":"a@b.example","password":"\#(password)"}"#
        let made = await service.asOperator(.post, "/v1/members", body: body)
        #expect(made.status == status, "\(made.text)")
        if status == 201 { #expect(await service.signIn("a@b.example", password).status == 201) }
        let role = #"{"workspace_id":"\#(service.firstWorkspace)","role":"viewer"}"#
        let twice = #"{"email":"b@b.example","password":"correct horse battery","roles":[\#(role),\#(role)]}"#
        #expect(await service.asOperator(.post, "/v1/members", body: twice).param == "roles")
    }

    @Test("An address has one member, and an Idempotency-Key makes one of two requests")
    func once() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey(environment: .live)
        func make() async -> Answer {
            await service.send(
                .post,
                "/v1/members",
                body: Self.create,
                fields: [("Idempotency-Key", "one")],
                key: platform.secret
            )
        }
        let made = await make()
        let again = await make()
        #expect(made.status == 201 && made.text == again.text, "\(made.text)")
        #expect(again.response.field("Idempotent-Replayed") == "true")
        let taken = await service.asOperator(.post, "/v1/members", body: Self.create)
        #expect(taken.status == 409 && taken.param == "email", "\(taken.text)")
    }

    @Test("S04: a platform key makes and changes only members who reach no further than it does")
    func reach() async throws {
        let service = try await ServiceHarness()
        let end = RFC3339.text(service.time.now().adding(seconds: 1_000))
        let whole = try await service.platformKey(environment: .live)
        let narrow = [
            try await service.platformKey(),
            try await service.platformKey(environment: .live, more: #","expires_at":"\#(end)""#),
            try await service.platformKey(environment: .live, more: #","ip_allowlist":["127.0.0.1/32"]"#),
            try await service.platformKey(
                scopes: ["workspaces:read", "workspaces:write", "invites:read"],
                environment: .live
            ),
        ]
        let body =
            #"{"email":"new@acme.example","password":"correct horse battery","roles":[{"workspace_id":"\#(service.firstWorkspace)","role":"viewer"}]}"#
        let id = try await service.makeMember()
        for key in narrow {
            let made = await service.send(.post, "/v1/members", body: body, key: key.secret)
            #expect(made.status == 403 && made.code == "forbidden", "\(made.text)")
            for change in [#"{"password":"correct horse battery"}"#, #"{"disabled":true}"#, #"{"roles":[]}"#] {
                let changed = await service.send(.patch, "/v1/members/\(id)", body: change, key: key.secret)
                #expect(changed.status == 403 && changed.code == "forbidden", "\(changed.text)")
            }
            #expect(await service.send(.get, "/v1/members/\(id)", key: key.secret).status == 200)
        }
        #expect(await service.send(.post, "/v1/members", body: body, key: whole.secret).status == 201)
        let changed = await service.send(.patch, "/v1/members/\(id)", body: #"{"disabled":true}"#, key: whole.secret)
        #expect(changed.status == 200, "\(changed.text)")
        #expect(await service.admin(.get, "/v1/members").status == 403)
    }

    @Test("A change that another overtook is decided anew on what the other left")
    func overtaken() async throws {
        let service = try await ServiceHarness()
        let id = try await service.makeMember()
        service.faults.before("changeMember") {
            _ = await service.changeMember(id, #"{"roles":[]}"#)
        }
        let disabled = await service.changeMember(id, #"{"disabled":true}"#)
        #expect(disabled.status == 200 && disabled.json?["roles"]?.count == 0, "\(disabled.text)")
    }

    @Test("A change that seems to change nothing holds against another that lands before it is answered")
    func overtakenWithoutChange() async throws {
        let service = try await ServiceHarness()
        let id = try await service.makeMember()
        #expect(await service.changeMember(id, #"{"disabled":true}"#).status == 200)
        service.faults.after("member") {
            _ = await service.changeMember(id, #"{"disabled":false}"#)
        }
        #expect(await service.changeMember(id, #"{"disabled":true}"#)["status"] == "disabled")
        #expect(await service.signIn().status == 401)
    }

    #if SQLite
        @Test("S04: the store holds no address, no password, no hash and no session's secret in the clear")
        func atRest() async throws {
            let folder = TemporaryFolder()
            let service = try await ServiceHarness(directory: folder.path)
            _ = try await service.makeMember()
            let browser = try await service.browser()
            _ = await service.signIn("grace@acme.example", "wrong password")
            let file = SQLFile(directory: folder.path)
            let secret = try #require(Base64URLText.decode(String(browser.cookie.dropFirst(15))))
            let hex = secret.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            #expect(try file.number("SELECT count(*) FROM member_sessions WHERE digest = x'\(hex)'") == 0)
            #expect(try file.number("SELECT count(*) FROM member_sessions WHERE length(digest) = 32") == 1)
            for word in ["grace", "acme.example", "correct horse", "scrypt"] {
                let members = """
                    SELECT count(*) FROM members WHERE instr(lower(CAST(sealed_address AS TEXT)), '\(word)') > 0
                    OR instr(lower(CAST(sealed_password AS TEXT)), '\(word)') > 0
                    """
                #expect(try file.number(members) == 0, "\(word)")
                let events = """
                    SELECT count(*) FROM audit_events WHERE
                    instr(lower(actor || '|' || target || '|' || CAST(detail AS TEXT)), '\(word)') > 0
                    """
                #expect(try file.number(events) == 0, "\(word)")
            }
            let again = try await service.restarted()
            #expect(await again.send(.get, "/v1/console/sessions", fields: browser.fields).status == 200)
            await service.store.close()
        }
    #endif
}
