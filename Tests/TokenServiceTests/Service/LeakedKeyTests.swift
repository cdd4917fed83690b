import HTTPServer
import InviteStore
import TestSupport
import Testing

@testable import TokenService

/// The widget's routes are those that a browser reaches: there a leaked key shows first.
@Suite("A secret API key where a token should be")
struct LeakedKeyTests {
    private static let browser = [("Origin", "https://a.example"), ("Sec-Fetch-Site", "cross-site")]

    /// Ways in which a page sends what it has been given.
    private static func answers(
        _ service: ServiceHarness,
        _ key: String,
        _ fields: [(String, String)]
    ) async -> [(name: String, answer: Answer)] {
        let path = "/v1/widget/session"
        let (body, other) = (#"{"invite_token":"\#(key)"}"#, #"{"invite_token":"none"}"#)
        return [
            ("read", await service.send(.get, path, fields: fields, token: key)),
            ("x-api-key", await service.send(.get, path, fields: fields + [("x-api-key", key)])),
            ("renew", await service.send(.post, path + "/renew", fields: fields, token: key)),
            ("end", await service.send(.delete, path, fields: fields, token: key)),
            ("as an invite", await service.send(.post, path + "s", body: body, fields: fields)),
            ("beside an invite", await service.send(.post, path + "s", body: other, fields: fields, key: key)),
        ]
    }

    private static func alerts(_ service: ServiceHarness) async throws -> Int {
        try await service.events().count { $0.type == "alert.key_in_browser" }
    }

    @Test("S51: it is called what it is on every route of the widget, and its owner is told, once a minute")
    func fromBrowser() async throws {
        let service = try await ServiceHarness()
        for (name, answer) in await Self.answers(service, service.setup.secret, Self.browser) {
            if name == "as an invite" { continue }
            #expect(answer.status == 403 && answer.code == "key_in_browser", "\(name): \(answer.text)")
            #expect(answer.response.field("Access-Control-Allow-Origin") == "*", "\(name): the page can read it")
            #expect(answer.response.field("X-RateLimit-Limit") != nil, "\(name)")
            #expect(!answer.text.contains(service.setup.secret))
        }
        #expect(try await Self.alerts(service) == 1)
        service.time.advance(seconds: 60)
        _ = await Self.answers(service, service.setup.secret, Self.browser)
        #expect(try await Self.alerts(service) == 2)
    }

    @Test("In a body it is a bad token, and its owner is told all the same")
    func inBody() async throws {
        let service = try await ServiceHarness()
        let answer = await service.redeem(service.setup.secret, fields: Self.browser)
        #expect(answer.status == 401 && answer.code == "invalid_token", "\(answer.text)")
        #expect(try await Self.alerts(service) == 1)
    }

    @Test("Without a sign of a browser, or with a key that is none, it is a bad token like any other")
    func otherwise() async throws {
        let service = try await ServiceHarness()
        let other = try await ServiceHarness(seed: 99)
        let cases = [(service.setup.secret, []), (other.setup.secret, Self.browser), ("ts_test_none", Self.browser)]
        for (key, fields) in cases {
            for (name, answer) in await Self.answers(service, key, fields) {
                #expect(answer.status == 401 && answer.code == "invalid_token", "\(name): \(answer.text)")
            }
        }
        #expect(try await Self.alerts(service) == 0)
    }

    @Test("One that was revoked stays a bad token, and its owner is told that it is in use")
    func revoked() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let secret = try #require(made["secret"])
        #expect(await service.admin(.delete, "/v1/api-keys/" + (made["id"] ?? "")).status == 204)
        let answer = await service.send(.get, "/v1/widget/session", fields: Self.browser, token: secret)
        #expect(answer.code == "invalid_token")
        #expect(try await service.events().count { $0.type == "alert.revoked_key" } == 1)
    }
}
