import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("POST /v1/api-keys/verify")
struct KeyVerifyTests {
    private static func verify(
        _ service: ServiceHarness,
        _ key: String?,
        more: String = "",
        by: String? = nil
    ) async -> Answer {
        let body = #"{"key":"\#(key ?? "")"\#(more)}"#
        return await service.send(.post, "/v1/api-keys/verify", body: body, key: by ?? service.setup.secret)
    }

    private static func expectNothing(_ answer: Answer, _ comment: String) {
        #expect(answer.status == 200, "\(comment): \(answer.text)")
        let expected =
            #"{"valid":false,"code":"unauthorized","key_id":null,"name":null,"kind":null,"scopes":null,"#
            + #""environment":null,"workspace_id":null,"expires_at":null}"#
        #expect(answer.text == expected, "\(comment)")
    }

    @Test("A good key is told of, without its secret")
    func good() async throws {
        let service = try await ServiceHarness()
        let end = RFC3339.text(service.time.now().adding(seconds: 100))
        let made = await service.makeKey(scopes: ["invites:read", "tokens:read"], more: #","expires_at":"\#(end)""#)
        let answer = await Self.verify(service, made["secret"])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json?["valid"]?.boolean == true)
        #expect(answer["code"] == "valid")
        #expect(answer["key_id"] == made["id"])
        #expect(answer["name"] == "made")
        #expect(answer["kind"] == "standard")
        #expect(answer.json?["scopes"]?.elements.compactMap(\.string) == ["invites:read", "tokens:read"])
        #expect(answer["environment"] == "test")
        #expect(answer["workspace_id"] == TypeID.text(.workspace, service.setup.workspace))
        #expect(answer["expires_at"] == end)
        #expect(!answer.text.contains(try #require(made["secret"])))
    }

    @Test("Of a key that is unknown, foreign, mistyped, suspended, expired or revoked nothing is said")
    func bad() async throws {
        let service = try await ServiceHarness()
        let foreign = try #require(try await ServiceHarness(seed: 2).makeKey(scopes: ["invites:read"])["secret"])
        Self.expectNothing(await Self.verify(service, foreign), "unknown")
        Self.expectNothing(await Self.verify(service, "x"), "no key")
        Self.expectNothing(await Self.verify(service, ""), "empty")
        let made = await service.makeKey(scopes: ["invites:read"])
        let path = "/v1/api-keys/\(try #require(made["id"]))"
        let secret = try #require(made["secret"])
        Self.expectNothing(await Self.verify(service, String(secret.dropLast()) + "!"), "mistyped")
        #expect(await Self.verify(service, secret)["code"] == "valid")
        #expect(await service.admin(.post, path + "/suspend").status == 200)
        Self.expectNothing(await Self.verify(service, secret), "suspended")
        #expect(await service.admin(.post, path + "/resume").status == 200)
        #expect(await Self.verify(service, secret)["code"] == "valid")
        #expect(
            await service.admin(.post, path + "/rotate", body: #"{"overlap_until":"2027-01-15T08:00:10Z"}"#).status
                == 201
        )
        #expect(await Self.verify(service, secret)["code"] == "valid")
        service.time.advance(seconds: 10)
        Self.expectNothing(await Self.verify(service, secret), "expired")
        let revoked = await service.makeKey(scopes: ["invites:read"])
        _ = await service.admin(.delete, "/v1/api-keys/\(try #require(revoked["id"]))")
        Self.expectNothing(await Self.verify(service, revoked["secret"]), "revoked")
    }

    @Test("A key of the other environment is foreign")
    func otherEnvironment() async throws {
        let service = try await ServiceHarness()
        let live = Tenant(workspace: service.setup.workspace, environment: .live)
        let secret = APIKeySecret(prefix: "ts_live_", random: service.application.services.random)
        let record = APIKeyRecord(
            id: service.application.services.identifiers.next(at: service.time.now()),
            tenant: live,
            digest: service.application.services.directory.digest(of: secret).bytes,
            kind: .standard,
            name: "live",
            prefix: secret.prefix,
            last4: secret.last4,
            scopes: ["invites:read"],
            createdAt: service.time.now()
        )
        _ = try await service.store.createAPIKey(CreateAPIKey(key: record, now: service.time.now(), audit: []))
        #expect(await service.send(.get, "/v1/invites", key: secret.text).status == 200)
        Self.expectNothing(await Self.verify(service, secret.text), "live")
    }

    @Test("S29-S31: scopes of a sister service are checked in any spelling")
    func sisterScopes() async throws {
        let service = try await ServiceHarness()
        service.faults.set(settings: #"{"custom_resources":["candidates","jobs"]}"#)
        let made = await service.makeKey(scopes: ["candidates.read", "read:jobs", "jobs:write"])
        #expect(made.json?["scopes"]?.elements.compactMap(\.string) == ["candidates:read", "jobs:read", "jobs:write"])
        let table = [
            ("candidates:read", "valid"), ("candidates.read", "valid"), ("read:candidates", "valid"),
            ("write:jobs", "valid"), ("candidates:write", "insufficient_scope"), ("jobs:delete", "insufficient_scope"),
            ("reports:read", "insufficient_scope"), ("invites:read", "insufficient_scope"),
        ]
        for (scope, code) in table {
            let answer = await Self.verify(service, made["secret"], more: #","scope":"\#(scope)""#)
            #expect(answer["code"] == code, "\(scope): \(answer.text)")
            #expect(answer.json?["valid"]?.boolean == (code == "valid"))
            #expect(answer["key_id"] == made["id"])
        }
        let admin = await Self.verify(service, service.setup.secret, more: #","scope":"jobs.delete""#)
        #expect(admin["code"] == "valid")
    }

    @Test("A list of addresses is asked, and an address that is left out is a wrong one")
    func addresses() async throws {
        let service = try await ServiceHarness()
        let listed = await service.makeKey(scopes: ["invites:read"], more: #","ip_allowlist":["203.0.113.0/24"]"#)
        let open = await service.makeKey(scopes: ["invites:read"])
        let table = [
            (#","ip":"203.0.113.9""#, "valid", "valid"), (#","ip":"::ffff:203.0.113.9""#, "valid", "valid"),
            (#","ip":"203.0.114.9""#, "ip_not_allowed", "valid"), (#","ip":"2001:db8::1""#, "ip_not_allowed", "valid"),
            ("", "ip_not_allowed", "valid"),
        ]
        for (more, first, second) in table {
            #expect(await Self.verify(service, listed["secret"], more: more)["code"] == first, "\(more)")
            #expect(await Self.verify(service, open["secret"], more: more)["code"] == second, "\(more)")
        }
    }

    @Test("A question that can not be read is named")
    func questions() async throws {
        let service = try await ServiceHarness()
        let long = String(repeating: "a", count: 73)
        let table = [
            ("{}", "key"), (#"{"key":1}"#, "key"), (#"{"key":"\#(long)"}"#, "key"),
            (#"{"key":"x","scope":"all"}"#, "scope"), (#"{"key":"x","scope":""}"#, "scope"),
            (#"{"key":"x","ip":"here"}"#, "ip"), (#"{"key":"x","origin":"y"}"#, "origin"),
        ]
        for (body, param) in table {
            let answer = await service.admin(.post, "/v1/api-keys/verify", body: body)
            #expect(answer.status == 400, "\(body): \(answer.text)")
            #expect(answer.param == param)
        }
    }

    @Test("S62: a key that only a sister service sees has been used, and a refused one has not")
    func lastUse() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let path = "/v1/api-keys/\(try #require(made["id"]))"
        #expect(await Self.verify(service, made["secret"], more: #","scope":"invites:write""#).status == 200)
        #expect(await service.admin(.get, path).json?["last_used_at"]?.isNull == true)
        #expect(await Self.verify(service, made["secret"]).status == 200)
        #expect(await service.admin(.get, path)["last_used_at"] == RFC3339.text(service.time.now()))
    }
}
