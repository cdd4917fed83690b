import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Promises of the contract beyond the main paths")
struct ContractTests {
    static let page = "https://app.example.com"

    @Test("The same route under /api/v1 is the same route")
    func alias() async throws {
        let service = try await ServiceHarness()
        let first = await service.admin(
            .post,
            "/v1/invites",
            body: IdempotencyTests.invite,
            fields: [("Idempotency-Key", "one")]
        )
        let second = await service.admin(
            .post,
            "/api/v1/invites",
            body: IdempotencyTests.invite,
            fields: [("Idempotency-Key", "one")]
        )
        #expect(second["id"] == first["id"] || second.status == 422, "\(second.text)")
    }

    @Test("An invite's answer has the members that openapi.yaml requires")
    func inviteMembers() async throws {
        let service = try await ServiceHarness()
        let minted = await service.mint(more: #","allowed_origins":["\#(Self.page)"]"#)
        let read = await service.admin(.get, "/v1/invites/\(try #require(minted["id"]))")
        for answer in [minted, read] {
            for name in [
                "id", "campaign_id", "participant_email", "environment", "status", "uses", "max_uses",
                "allowed_origins",
                "metadata", "expires_at", "expires_in", "created_at",
            ] {
                #expect(answer.json?[name] != nil, "\(name)")
            }
        }
    }

    @Test("A key that is used leaves one auth.succeeded a minute")
    func authSucceeded() async throws {
        let service = try await ServiceHarness()
        for _ in 0..<3 { #expect(await service.admin(.get, "/v1/invites").status == 200) }
        #expect(try await service.events().count { $0.type == "auth.succeeded" } == 1)
    }

    @Test("A session that a backend made obeys its key's list of origins")
    func backendSessionOrigins() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["tokens:write"], more: #","allowed_origins":["\#(Self.page)"]"#)
        let body = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
        let session = await service.send(.post, "/v1/participant-tokens", body: body, key: made["secret"])
        let token = try #require(session["participant_token"])
        let foreign = [("Origin", "https://evil.example.com")]
        let answer = await service.send(.get, "/v1/widget/session", fields: foreign, token: token)
        #expect(answer.status == 403, "\(answer.text)")
        #expect(answer.response.field("Access-Control-Allow-Origin") == nil)
    }

    @Test("A session that a native app opened from a listed invite is not read by unlisted pages")
    func nativeSessionOrigins() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession(more: #","allowed_origins":["\#(Self.page)"]"#)
        let foreign = [("Origin", "https://evil.example.com")]
        let answer = await service.send(.get, "/v1/widget/session", fields: foreign, token: session.participant)
        #expect(answer.response.field("Access-Control-Allow-Origin") == nil, "\(answer.text)")
    }

    @Test(
        "An origin whose host can not be a host is refused",
        arguments: ["https://[::::1]", "https://[:]:1", "https://[1:2:3]", "https://a..b"]
    )
    func impossibleOrigins(text: String) {
        #expect(WebOrigin(text) == nil)
    }

    @Test(
        "An issuer without a host, or with more than one, is refused",
        arguments: ["https://:8443", "http://[::1].example.com", "http://[::1]x"]
    )
    func impossibleIssuers(text: String) {
        #expect(throws: UsageError.self) { try IssuerURL(text) }
    }

    @Test(
        "The address of a service has digits for a port, and brackets around IPv6",
        arguments: ["http://x:+80", "http://::1"]
    )
    func impossibleAddresses(text: String) {
        #expect(ServiceURL(parsing: text) == nil)
    }

    @Test("The earliest instant has a text, and traps nothing")
    func earliestInstant() async {
        await #expect(processExitsWith: .success) {
            precondition(RFC3339.text(UnixTime(seconds: .min)) == "0000-01-01T00:00:00Z")
        }
    }

    @Test("If-None-Match compares weakly (RFC 9110 section 13.1.2)")
    func weakTag() async throws {
        let service = try await ServiceHarness()
        let tag = try #require(await service.send(.get, "/.well-known/jwks.json").response.field("ETag"))
        let again = await service.send(.get, "/.well-known/jwks.json", fields: [("If-None-Match", "W/" + tag)])
        #expect(again.status == 304)
    }
}
