import HTTPServer
import Telemetry
import Testing

@testable import TokenService

@Suite("Answers where there is no room")
struct BusyAnswerTests {
    private static func request(_ method: HTTPMethod, _ path: String, accept: String?) -> HTTPRequest {
        let fields = accept.map { [("Accept", $0)] } ?? []
        return HTTPRequest(method: method, target: path, fields: HTTPRequestFields(fields))
    }

    @Test(
        "A refusal is the error that its route gives in this form, byte for byte, with an id of its own",
        arguments: [
            (HTTPMethod.post, "/v1/invites", nil), (.post, "/v1/invites", "*/*"), (.get, "/none", "application/json"),
            (.post, "/api/v1/invites", "application/problem+json"), (.get, "/v1/widget/session", nil),
            (.get, "/v1/widget/session", "application/problem+json, text/html;q=0.1"),
            (.post, "/v1/tokens/introspect", nil), (.post, "/v1/tokens/introspect", "application/problem+json"),
        ] as [(HTTPMethod, String, String?)]
    )
    func form(method: HTTPMethod, path: String, accept: String?) async throws {
        let harness = try await ServiceHarness()
        let request = Self.request(method, path, accept: accept)
        let (first, second) = (harness.application.refusal(of: request), harness.application.refusal(of: request))
        let id = try #require(first.field("Request-Id"))
        #expect(id != second.field("Request-Id"))
        #expect(first.status == 503 && !first.closesConnection)
        #expect(first.field("Retry-After") == "1" && first.field("Cache-Control") == "no-store")
        #expect(first.field("X-Content-Type-Options") == "nosniff")
        let isWidget = path.hasPrefix("/v1/widget")
        #expect(first.field("Access-Control-Allow-Origin") == (isWidget ? "*" : nil))
        let expected = ProblemRenderer.response(
            .busy,
            requestID: id,
            accept: accept,
            form: path == "/v1/tokens/introspect" ? .oauth : .envelope
        )
        #expect(first.body == expected.body)
        #expect(first.field("Content-Type") == expected.field("Content-Type"))
    }

    @Test(
        "Who holds a token is kept in before anybody new is let in, and health is always told",
        arguments: [
            (HTTPMethod.post, "/v1/invites", HTTPUrgency.normal), (.post, "/v1/invites/batch", .normal),
            (.post, "/v1/participant-tokens", .normal), (.post, "/v1/widget/sessions", .normal),
            (.get, "/v1/invites", .normal), (.get, "/v1/audit-events", .normal), (.get, "/none", .normal),
            (.put, "/v1/invites", .normal),
            (.get, "/v1/widget/session", .high), (.head, "/v1/widget/session", .high),
            (.post, "/v1/widget/session/renew", .high), (.delete, "/v1/widget/session", .high),
            (.get, "/v1/forward-auth", .high), (.post, "/v1/tokens/verify", .high),
            (.post, "/v1/tokens/introspect", .high), (.post, "/v1/revocations", .high),
            (.post, "/v1/api-keys/self-revoke", .high), (.delete, "/v1/api-keys/{id}", .high),
            (.get, "/livez", .always), (.get, "/readyz", .always), (.get, "/.well-known/jwks.json", .always),
            (.options, "/v1/widget/session", .always),
        ]
    )
    func urgency(method: HTTPMethod, path: String, expected: HTTPUrgency) async throws {
        let harness = try await ServiceHarness()
        #expect(harness.application.urgency(method: method, path: path) == expected)
    }

    @Test("Refusals are counted, and cost nothing of a key's rate")
    func counted() async throws {
        let harness = try await ServiceHarness()
        let before = await harness.mint().response.field("X-RateLimit-Remaining")
        for _ in 0..<3 { _ = harness.application.refusal(of: Self.request(.post, "/v1/invites", accept: nil)) }
        let text = String(decoding: harness.registry.prometheusText(), as: UTF8.self)
        #expect(text.contains("tokenservice_problems_total{code=\"unavailable\"} 3"))
        let after = await harness.mint().response.field("X-RateLimit-Remaining")
        #expect(before.flatMap { Int($0) }.map { $0 - 1 } == after.flatMap { Int($0) })
    }
}
