import HTTPServer
import StrictJSON
import Testing

@testable import TokenService

/// The lists of an invite and of its key against what a browser, or a liar, sends as `Origin`.
@Suite("The matrix of origins")
struct OriginMatrixTests {
    static let page = "https://app.example.com"

    /// What is sent, and whether it is the page of the list.
    static let table: [(origin: String, isAllowed: Bool)] = [
        (page, true), ("null", false), ("NULL", false), ("http://app.example.com", false), (page + ":443", false),
        (page + ":8443", false), (page + "/", false), (page + "/path", false), (page + ".", false),
        (page + ".evil.example", false), ("https://evil-app.example.com", false), ("https://xapp.example.com", false),
        ("https://sub.app.example.com", false), ("https://example.com", false), ("https://APP.example.com", false),
        ("HTTPS://app.example.com", false), ("https://app.example.com@evil.example", false),
        ("https://evil.example?https://app.example.com", false), ("https://evil.example#" + page, false),
        (page + " https://evil.example", false), ("https://app.example.com%00.evil.example", false),
        ("https://app-example.com", false), ("https://appxexample.com", false), ("*", false), ("file://", false),
        ("https://аpp.example.com", false),
    ]

    @Test("An invite's list decides, byte for byte", arguments: table)
    func invite(origin: String, isAllowed: Bool) async throws {
        let service = try await ServiceHarness()
        let invite = try #require(await service.mint(more: #","allowed_origins":["\#(Self.page)"]"#)["invite_token"])
        try await check(service, invite, origin, isAllowed)
    }

    @Test("A key's list decides for all that the key mints", arguments: table)
    func key(origin: String, isAllowed: Bool) async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:write"], more: #","allowed_origins":["\#(Self.page)"]"#)
        let secret = try #require(made["secret"])
        let minted = await service.send(
            .post,
            "/v1/invites",
            body: #"{"campaign_id":"c","participant_email":"a@b.example"}"#,
            key: secret
        )
        let invite = try #require(minted["invite_token"])
        try await check(service, invite, origin, isAllowed)
    }

    @Test("A token's own origin decides on every widget route", arguments: table)
    func token(origin: String, isAllowed: Bool) async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession(fields: [("Origin", Self.page)])
        for (method, path) in [
            (HTTPMethod.get, "/v1/widget/session"), (.post, "/v1/widget/session/renew"),
            (.get, "/v1/forward-auth?campaign_id=camp_456abc"),
        ] {
            let answer = await service.send(method, path, fields: [("Origin", origin)], token: session.participant)
            let isForwardAuth = path.hasPrefix("/v1/forward-auth")
            let refused = isForwardAuth ? 401 : 403
            #expect(answer.status == (isAllowed ? (isForwardAuth ? 204 : 200) : refused), "\(path) \(origin)")
        }
    }

    private func check(_ service: ServiceHarness, _ invite: String, _ origin: String, _ isAllowed: Bool) async throws {
        let answer = await service.redeem(invite, fields: [("Origin", origin)])
        #expect(answer.status == (isAllowed ? 201 : 403), "\(origin): \(answer.text)")
        let readable = answer.response.field("Access-Control-Allow-Origin")
        #expect(readable == (isAllowed ? Self.page : nil))
        #expect(answer.response.field("Access-Control-Allow-Credentials") == nil)
        if !isAllowed {
            #expect(answer.code == "origin_not_allowed")
            #expect(await service.redeem(invite, fields: [("Origin", Self.page)]).status == 201, "nothing was used up")
        }
    }

    @Test("A preflight may be kept, and allows no credentials")
    func preflight() async throws {
        let service = try await ServiceHarness()
        for route in service.application.table.routes {
            guard case .widget = route.access else { continue }
            let fields = [("Origin", Self.page), ("Access-Control-Request-Method", route.method.name)]
            let answer = await service.send(.options, route.template, fields: fields)
            #expect(answer.status == 204)
            #expect(answer.response.field("Access-Control-Max-Age") == "600")
            #expect(answer.response.field("Access-Control-Allow-Credentials") == nil)
        }
    }
}
