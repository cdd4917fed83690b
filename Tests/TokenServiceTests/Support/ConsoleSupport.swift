import HTTPServer
import InviteStore
import Platform
import StrictJSON
import Testing

@testable import TokenService

/// A browser of a member: its cookie, and the token that its page holds.
struct ConsoleBrowser: Sendable {
    let member: String
    let cookie: String
    let csrf: String

    /// What a page of the console sends with a request.
    var fields: [(String, String)] { [("Cookie", cookie)] }
    var changing: [(String, String)] {
        fields + [("X-CSRF-Token", csrf), ("Origin", ServiceHarness.issuer), ("Sec-Fetch-Site", "same-origin")]
    }
}

extension ServiceHarness {
    static let password = "correct horse battery staple"

    /// The slug of the workspace that the harness began with.
    func firstSlug() async throws -> String {
        try #require(try await store.workspace(setup.workspace)).slug
    }

    /// Makes a member as the operator does, and gives its id.
    func makeMember(
        _ email: String = "grace@acme.example",
        role: MemberRole? = .security,
        in workspace: String? = nil
    ) async throws -> String {
        let roles = role.map { #"{"workspace_id":"\#(workspace ?? firstWorkspace)","role":"\#($0.rawValue)"}"# } ?? ""
        let body = #"{"email":"\#(email)","password":"\#(Self.password)","roles":[\#(roles)]}"#
        let made = await asOperator(.post, "/v1/members", body: body)
        #expect(made.status == 201, "\(made.text)")
        return try #require(made["id"])
    }

    func changeMember(_ id: String, _ body: String) async -> Answer {
        await asOperator(.patch, "/v1/members/\(id)", body: body)
    }

    func signIn(
        _ email: String = "grace@acme.example",
        _ password: String = ServiceHarness.password,
        fields: [(String, String)] = [],
        from address: IPAddress = .loopback
    ) async -> Answer {
        let body = #"{"email":"\#(email)","password":"\#(password)"}"#
        return await send(.post, "/v1/console/sessions", body: body, fields: fields, from: address)
    }

    /// Signs in and keeps what a browser keeps.
    func browser(_ email: String = "grace@acme.example") async throws -> ConsoleBrowser {
        let answer = await signIn(email)
        #expect(answer.status == 201, "\(answer.text)")
        let cookie = try #require(answer.response.field("Set-Cookie"))
        return ConsoleBrowser(
            member: try #require(answer.json?["member"]?["id"]?.string),
            cookie: String(cookie.prefix { $0 != ";" }),
            csrf: try #require(answer["csrf_token"])
        )
    }

    /// A member with one role, signed in.
    func signedIn(_ role: MemberRole, in workspace: String? = nil) async throws -> ConsoleBrowser {
        let email = "\(role.rawValue)@acme.example"
        _ = try await makeMember(email, role: role, in: workspace)
        return try await browser(email)
    }

    /// The query that a signed-in request of this harness needs.
    func consoleQuery() async throws -> String {
        "accountSlug=\(try await firstSlug())&environment=\(setup.environment.rawValue)"
    }

    /// Sends one request of a page of the console.
    func page(
        _ browser: ConsoleBrowser,
        _ method: HTTPMethod,
        _ path: String,
        body: String? = nil,
        query: String? = nil
    ) async throws -> Answer {
        var all = query ?? ""
        if query == nil { all = try await consoleQuery() }
        let target = path + (path.contains("?") ? "&" : "?") + all
        return await send(method, target, body: body, fields: method == .get ? browser.fields : browser.changing)
    }
}
