import HTTPServer
import StrictJSON
import Testing

@testable import TokenService

@Suite("Origins and CORS")
struct OriginTests {
    static let page = "https://app.example.com"
    static let other = "https://evil.example.com"

    private static func origin(_ text: String = page) -> [(String, String)] { [("Origin", text)] }

    private static func listed() -> String { #","allowed_origins":["\#(page)","https://b.example"]"# }

    private static func allow(_ answer: Answer) -> String? { answer.response.field("Access-Control-Allow-Origin") }

    @Test("A list lets its origins in, with their exact name, and nobody else")
    func listedInvite() async throws {
        let service = try await ServiceHarness()
        let invite = try #require(await service.mint(more: Self.listed())["invite_token"])
        for refused in [Self.other, "null", Self.page + ".evil.example", Self.page + ":8443", "http://app.example.com"]
        {
            let answer = await service.redeem(invite, fields: Self.origin(refused))
            #expect(answer.status == 403, "\(refused): \(answer.text)")
            #expect(answer.code == "origin_not_allowed")
            #expect(Self.allow(answer) == nil)
        }
        let opened = await service.redeem(invite, fields: Self.origin())
        #expect(opened.status == 201, "\(opened.text)")
        #expect(Self.allow(opened) == Self.page)
        #expect(opened.response.field("Vary") == "Origin")
        #expect(opened.response.field("Access-Control-Allow-Credentials") == nil)
        let token = try #require(opened["participant_token"])
        let read = await service.send(.get, "/v1/widget/session", fields: Self.origin(), token: token)
        #expect(read.status == 200)
        #expect(Self.allow(read) == Self.page)
        #expect(read.response.field("Vary") == "Origin")
    }

    @Test("A token that was opened by a page works for that page alone")
    func binding() async throws {
        let service = try await ServiceHarness()
        let invite = try #require(await service.mint()["invite_token"])
        let opened = await service.redeem(invite, fields: Self.origin())
        #expect(Self.allow(opened) == "*")
        let token = try #require(opened["participant_token"])
        let routes: [(HTTPMethod, String)] = [
            (.get, "/v1/widget/session"), (.post, "/v1/widget/session/renew"), (.delete, "/v1/widget/session"),
        ]
        for (method, path) in routes {
            for fields in [[], Self.origin(Self.other), Self.origin("null")] {
                let answer = await service.send(method, path, fields: fields, token: token)
                #expect(answer.status == 403, "\(method.name) \(fields): \(answer.text)")
                #expect(answer.code == "origin_not_allowed")
                #expect(Self.allow(answer) == nil)
            }
        }
        let renewed = await service.send(.post, "/v1/widget/session/renew", fields: Self.origin(), token: token)
        #expect(renewed.status == 200)
        let fresh = try #require(renewed["participant_token"])
        #expect(await service.send(.get, "/v1/widget/session", token: fresh).code == "origin_not_allowed")
        #expect(await service.send(.get, "/v1/widget/session", fields: Self.origin(), token: fresh).status == 200)
    }

    @Test("Without a list and without a page any caller is let in, and any page may read")
    func open() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        let answer = await service.send(.get, "/v1/widget/session", token: session.participant)
        #expect(answer.status == 200)
        #expect(Self.allow(answer) == "*")
    }

    @Test("A native app may redeem an invite that has a list")
    func native() async throws {
        let service = try await ServiceHarness()
        let invite = try #require(await service.mint(more: Self.listed())["invite_token"])
        #expect(await service.redeem(invite).status == 201)
    }

    @Test("An invite takes its key's list, and can only narrow it")
    func ofKey() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:write"], more: Self.listed())
        let key = try #require(made["secret"])
        let base = #""campaign_id":"c","participant_email":"a@b.example""#
        let wider = await service.send(
            .post,
            "/v1/invites",
            body: #"{\#(base),"allowed_origins":["\#(Self.other)"]}"#,
            key: key
        )
        #expect(wider.status == 422 || wider.status == 403, "\(wider.text)")
        #expect(wider.param == "allowed_origins")
        let plain = await service.send(.post, "/v1/invites", body: "{\(base)}", key: key)
        let invite = try #require(plain["invite_token"])
        #expect(await service.redeem(invite, fields: Self.origin(Self.other)).code == "origin_not_allowed")
        #expect(await service.redeem(invite, fields: Self.origin("https://b.example")).status == 201)
    }

    @Test(
        "A preflight is answered for widget paths, without asking who",
        arguments: [
            ("/v1/widget/sessions", "POST"), ("/v1/widget/session", "GET"), ("/v1/widget/session/renew", "POST"),
            ("/api/v1/widget/session", "DELETE"),
        ]
    )
    func preflight(path: String, method: String) async throws {
        let service = try await ServiceHarness()
        let fields = Self.origin() + [("Access-Control-Request-Method", method)]
        let answer = await service.send(.options, path, fields: fields)
        #expect(answer.status == 204, "\(answer.text)")
        #expect(Self.allow(answer) == "*")
        #expect(answer.response.field("Access-Control-Allow-Methods")?.contains(method) == true)
        let headers = answer.response.field("Access-Control-Allow-Headers") ?? ""
        #expect(headers.contains("Authorization") && headers.contains("Content-Type"))
        #expect(answer.response.field("Access-Control-Allow-Credentials") == nil)
        #expect(answer.response.field("Request-Id") != nil)
        #expect(answer.response.field("X-Content-Type-Options") == "nosniff")
    }

    @Test("Backend routes have no CORS, whatever they answer")
    func backends() async throws {
        let service = try await ServiceHarness()
        for route in service.application.table.routes {
            guard case .apiKey = route.access else { continue }
            let path = AuthenticationTests.path(route)
            for answer in [
                await service.send(route.method, path, fields: Self.origin()),
                await service.send(.options, path, fields: Self.origin()), await service.admin(route.method, path),
            ] {
                #expect(Self.allow(answer) == nil, "\(path)")
            }
        }
    }

    @Test("A page can read why a widget route refused it")
    func errors() async throws {
        let service = try await ServiceHarness()
        for answer in [
            await service.redeem("x", fields: Self.origin()),
            await service.send(.get, "/v1/widget/session", fields: Self.origin()),
            await service.send(.put, "/v1/widget/session", fields: Self.origin()),
        ] {
            #expect(answer.status >= 400)
            #expect(Self.allow(answer) == "*", "\(answer.text)")
        }
    }

    @Test("An Origin that is given twice, or is absurd, is a bad request")
    func oddOrigins() async throws {
        let service = try await ServiceHarness()
        let invite = try #require(await service.mint()["invite_token"])
        for fields in [Self.origin() + Self.origin(), Self.origin(String(repeating: "a", count: 513))] {
            #expect(await service.redeem(invite, fields: fields).status == 400)
        }
        #expect(await service.redeem(invite).status == 201)
    }
}
