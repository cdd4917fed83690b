import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Lists")
struct ListTests {
    private static func ids(_ answer: Answer) -> [String] {
        answer.json?["data"]?.elements.compactMap { $0["id"]?.string } ?? []
    }

    private static func all(_ service: ServiceHarness, _ path: String) async throws -> [String] {
        var ids: [String] = []
        var cursor: String?
        repeat {
            let answer = await service.admin(.get, path + (cursor.map { "&cursor=" + $0 } ?? ""))
            #expect(answer.status == 200, "\(answer.text)")
            ids += Self.ids(answer)
            cursor = answer["next_cursor"]
            #expect(answer.json?["has_more"]?.boolean == (cursor != nil))
        } while cursor != nil && ids.count < 1000
        return ids
    }

    /// Mints invites a millisecond apart, and gives their ids, newest first.
    private static func mint(_ service: ServiceHarness, _ count: Int) async throws -> [String] {
        var ids: [String] = []
        for index in 0..<count {
            service.time.advance(milliseconds: 1)
            let answer = await service.mint(campaign: "c\(index % 3)", email: "u\(index % 2)@b.example")
            ids.insert(try #require(answer["id"]), at: 0)
        }
        return ids
    }

    @Test("Pages follow each other without a gap or a repeat", arguments: [1, 2, 7, 20, 25, 100])
    func pages(limit: Int) async throws {
        let service = try await ServiceHarness()
        let expected = try await Self.mint(service, 25)
        #expect(try await Self.all(service, "/v1/invites?limit=\(limit)") == expected)
        let first = await service.admin(.get, "/v1/invites")
        #expect(Self.ids(first) == Array(expected.prefix(20)))
        #expect(first.json?["has_more"]?.boolean == true)
    }

    @Test("An empty list is a list")
    func empty() async throws {
        let service = try await ServiceHarness()
        let answer = await service.admin(.get, "/v1/invites")
        #expect(answer.text == #"{"data":[],"has_more":false,"next_cursor":null}"#)
    }

    @Test("Filters narrow, alone and together")
    func filters() async throws {
        let service = try await ServiceHarness()
        let ids = try await Self.mint(service, 12)
        let newestFirst = Array(0..<12).reversed().map { $0 }
        func expected(_ isIn: (Int) -> Bool) -> [String] {
            zip(newestFirst, ids).filter { isIn($0.0) }.map(\.1)
        }
        let table: [(String, (Int) -> Bool)] = [
            ("campaign_id=c1", { $0 % 3 == 1 }), ("participant_email=U0%40B.example", { $0 % 2 == 0 }),
            ("campaign_id=c1&participant_email=u0@b.example", { $0 % 3 == 1 && $0 % 2 == 0 }),
            ("status=pending", { _ in true }), ("status=revoked", { _ in false }), ("campaign_id=C1", { _ in false }),
        ]
        for (query, isIn) in table {
            #expect(try await Self.all(service, "/v1/invites?limit=2&" + query) == expected(isIn), "\(query)")
        }
    }

    @Test("Every status can be asked for, and a cut-off shows")
    func statuses() async throws {
        let service = try await ServiceHarness()
        let redeemed = try await service.openSession()
        let revoked = await service.mint()["id"]
        _ = await service.admin(.delete, "/v1/invites/\(revoked ?? "")")
        let cut = await service.mint(campaign: "cut")["id"]
        _ = await service.admin(.post, "/v1/revocations", body: #"{"campaign_id":"cut"}"#)
        let expired = await service.mint(more: #","expires_in":60"#)["id"]
        let pending = await service.mint()["id"]
        service.time.advance(seconds: 60)
        for (status, ids) in [
            ("redeemed", [redeemed.inviteID]), ("revoked", [revoked, cut]), ("expired", [expired]),
            ("pending", [pending]),
        ] {
            let found = try await Self.all(service, "/v1/invites?limit=100&status=" + status)
            #expect(Set(found) == Set(ids.compactMap(\.self)), "\(status)")
        }
    }

    @Test("A cursor that was edited is refused, whichever character")
    func tampered() async throws {
        let service = try await ServiceHarness()
        _ = try await Self.mint(service, 3)
        let cursor = try #require(await service.admin(.get, "/v1/invites?limit=1")["next_cursor"])
        let text = Array(cursor.utf8)
        for index in text.indices {
            var bytes = text
            bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let answer = await service.admin(.get, "/v1/invites?cursor=" + String(decoding: bytes, as: UTF8.self))
            #expect(answer.status == 400, "\(index)")
            #expect(answer.param == "cursor")
        }
        for bad in ["", cursor + "A", String(cursor.dropLast()), "inv_00000000000000000000000000"] {
            #expect(await service.admin(.get, "/v1/invites?cursor=" + bad).status == 400, "\(bad)")
        }
    }

    @Test("A cursor of another list or another tenant is refused")
    func foreignCursor() async throws {
        let service = try await ServiceHarness()
        _ = try await Self.mint(service, 3)
        let cursor = try #require(await service.admin(.get, "/v1/invites?limit=1")["next_cursor"])
        for path in ["/v1/api-keys", "/v1/audit-events"] {
            #expect(await service.admin(.get, path + "?cursor=" + cursor).param == "cursor")
        }
        let other = try await ServiceHarness(seed: 2)
        #expect(await other.admin(.get, "/v1/invites?cursor=" + cursor).param == "cursor")
        let cursors = service.application.services.cursors
        let id = RecordID(high: 1, low: 1)
        let live = Tenant(workspace: service.setup.workspace, environment: .live)
        let elsewhere = Tenant(workspace: id, environment: .test)
        for tenant in [live, elsewhere] {
            let text = cursors.text(id, list: "invites", tenant: tenant)
            #expect(await service.admin(.get, "/v1/invites?cursor=" + text).status == 400)
        }
    }

    @Test("Keys and events are listed by pages too")
    func keysAndEvents() async throws {
        let service = try await ServiceHarness()
        var keys = [TypeID.text(.apiKey, service.setup.apiKey)]
        for _ in 0..<5 {
            service.time.advance(milliseconds: 1)
            keys.insert(try #require(await service.makeKey(scopes: ["invites:read"])["id"]), at: 0)
        }
        #expect(try await Self.all(service, "/v1/api-keys?limit=2") == keys)
        let events = try await service.events().map { TypeID.text(.event, $0.id) }
        #expect(try await Self.all(service, "/v1/audit-events?limit=2") == events)
    }

    @Test("Nothing of the other environment is to be seen or touched")
    func isolation() async throws {
        let service = try await ServiceHarness(environment: .test)
        let session = try await service.openSession()
        let live = APIKeySecret(prefix: "ts_live_", random: SeededRandomSource(seed: 8))
        let services = service.application.services
        let now = service.time.now()
        let record = APIKeyRecord(
            id: services.identifiers.next(at: now),
            tenant: Tenant(workspace: service.setup.workspace, environment: .live),
            digest: services.directory.digest(of: live).bytes,
            kind: .admin,
            name: "live",
            prefix: live.prefix,
            last4: live.last4,
            scopes: Scope.allOfWorkspace.map(\.text),
            createdAt: now
        )
        _ = try await service.store.createAPIKey(CreateAPIKey(key: record, now: now, audit: []))
        let table: [(HTTPMethod, String, String?, Int)] = [
            (.get, "/v1/invites/" + session.inviteID, nil, 404), (.delete, "/v1/invites/" + session.inviteID, nil, 404),
            (.get, "/v1/api-keys/" + TypeID.text(.apiKey, service.setup.apiKey), nil, 404),
            (.delete, "/v1/api-keys/" + TypeID.text(.apiKey, service.setup.apiKey), nil, 404),
            (.post, "/v1/revocations", #"{"invite_id":"\#(session.inviteID)"}"#, 404),
            (.post, "/v1/revocations", #"{"token":"\#(session.participant)"}"#, 401),
        ]
        for (method, path, body, status) in table {
            let answer = await service.send(method, path, body: body, key: live.text)
            #expect(answer.status == status, "\(method.name) \(path): \(answer.text)")
        }
        #expect(Self.ids(await service.send(.get, "/v1/invites", key: live.text)).isEmpty)
        let events = await service.send(.get, "/v1/audit-events", key: live.text).json?["data"]?.elements ?? []
        #expect(events.allSatisfy { $0["type"]?.string == "auth.succeeded" }, "its own authentication and no more")
        let verified = await service.send(
            .post,
            "/v1/tokens/verify",
            body: #"{"token":"\#(session.participant)"}"#,
            key: live.text
        )
        #expect(verified["code"] == "invalid_token")
        #expect(await service.send(.get, "/v1/widget/session", token: session.participant).status == 200)
    }
}
