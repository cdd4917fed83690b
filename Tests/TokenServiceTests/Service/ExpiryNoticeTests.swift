import HTTPServer
import InviteStore
import Platform
import StrictJSON
import Telemetry
import TestSupport
import Testing

@testable import TokenService

@Suite("Notices before a key ends")
struct ExpiryNoticeTests {
    private static let day = 86_400

    private static func key(_ service: ServiceHarness, days: Double) async throws -> (id: String, secret: String) {
        let end = service.time.now().adding(seconds: Int64(days * Double(day)))
        let made = await service.makeKey(scopes: ["invites:read"], more: #","expires_at":"\#(RFC3339.text(end))""#)
        return (try #require(made["id"], "\(made.text)"), try #require(made["secret"]))
    }

    /// The days of the notices about a key, in the order they were given.
    private static func notices(_ service: ServiceHarness, _ id: String) async throws -> [Int64] {
        try await service.events().reversed().filter { $0.type == "key.expiring" && $0.target == id }.compactMap {
            try JSONDocument(parsing: $0.detail).root["days"]?.integer
        }
    }

    @Test("S45: 30, 7 and 1 days before, to the second, once each, and across restarts")
    func exact() async throws {
        let service = try await ServiceHarness()
        let (id, secret) = try await Self.key(service, days: 40)
        let upkeep = Upkeep(services: service.services)
        var given: [Int64] = []
        for (days, passing) in [(30, 10), (7, 23), (1, 6)] {
            service.time.advance(seconds: passing * Self.day - 1)
            if days == 1 { #expect(await service.send(.get, "/v1/invites", key: secret).status == 200) }
            await upkeep.round()
            #expect(try await Self.notices(service, id) == given)
            service.time.advance(seconds: 1)
            await upkeep.round()
            given.append(Int64(days))
            #expect(try await Self.notices(service, id) == given)
            await upkeep.round()
            await Upkeep(services: try await service.restarted().services).round()
            #expect(try await Self.notices(service, id) == given)
        }
        service.time.advance(seconds: Self.day)
        await upkeep.round()
        #expect(try await Self.notices(service, id) == given)
        let last = try #require(try await service.events().first { $0.type == "key.expiring" })
        let detail = try JSONDocument(parsing: last.detail).root
        #expect(detail["expires_at"]?.string == RFC3339.text(service.time.now()))
        #expect(detail["last_used_at"]?.string != nil)
        #expect(last.actor == "service")
        let text = String(decoding: service.registry.prometheusText(), as: UTF8.self)
        for days in ExpiryNotices.daysBefore {
            #expect(text.contains("tokenservice_key_notices_total{days=\"\(days)\"} 1"), "\(text)")
        }
    }

    @Test(
        "S45: a key gets only the notices whose days it lives through",
        arguments: [(30.0, [30, 7, 1]), (29.9, [7, 1]), (7, [7, 1]), (6, [1]), (1, [1]), (0.5, [])]
            as [(Double, [Int64])]
    )
    func shortLives(days: Double, expected: [Int64]) async throws {
        let service = try await ServiceHarness()
        let id = try await Self.key(service, days: days).id
        let upkeep = Upkeep(services: service.services)
        for _ in 0..<(31 * 24) {
            await upkeep.round()
            service.time.advance(seconds: 3_600)
        }
        #expect(try await Self.notices(service, id) == expected)
    }

    @Test("S45: a service that was away gives the one notice that counts")
    func late() async throws {
        let service = try await ServiceHarness()
        let id = try await Self.key(service, days: 40).id
        service.time.advance(seconds: 36 * Self.day)
        await Upkeep(services: service.services).round()
        #expect(try await Self.notices(service, id) == [7])
        service.time.advance(seconds: 10 * Self.day)
        await Upkeep(services: service.services).round()
        #expect(try await Self.notices(service, id) == [7])
    }

    @Test("S45: revoked keys get none, suspended ones do, and a key without an end is never told of")
    func states() async throws {
        let service = try await ServiceHarness()
        let revoked = try await Self.key(service, days: 40).id
        let suspended = try await Self.key(service, days: 40).id
        #expect(await service.admin(.delete, "/v1/api-keys/" + revoked).status == 204)
        _ = try await service.store.changeAPIKey(
            try #require(TypeID.parse(.apiKey, suspended)),
            of: service.tenant,
            change: .suspend(at: service.time.now()),
            now: service.time.now(),
            audit: []
        )
        service.time.advance(seconds: 10 * Self.day)
        await Upkeep(services: service.services).round()
        #expect(try await service.events().filter { $0.type == "key.expiring" }.map(\.target) == [suspended])
    }

    @Test("S45: an end that is moved nearer is told of anew")
    func moved() async throws {
        let service = try await ServiceHarness()
        let id = try await Self.key(service, days: 40).id
        let upkeep = Upkeep(services: service.services)
        service.time.advance(seconds: 10 * Self.day)
        await upkeep.round()
        let now = service.time.now()
        let end = RFC3339.text(now.adding(seconds: 86_400))
        #expect(await service.admin(.patch, "/v1/api-keys/\(id)", body: #"{"expires_at":"\#(end)"}"#).status == 200)
        await upkeep.round()
        await upkeep.round()
        // Both come in one millisecond, so that their order in the list is none.
        #expect(try await Self.notices(service, id).sorted(by: >) == [30, 1])
    }

    @Test("A notice that can not be stored is given in a later round")
    func storeFails() async throws {
        let service = try await ServiceHarness()
        let id = try await Self.key(service, days: 40).id
        service.time.advance(seconds: 10 * Self.day)
        let upkeep = Upkeep(services: service.services)
        service.faults.arm(name: "recordNotice")
        await upkeep.round()
        service.faults.arm(nil)
        #expect(try await Self.notices(service, id).isEmpty)
        await upkeep.round()
        #expect(try await Self.notices(service, id) == [30])
    }

    @Test("More keys than one round looks at are all told of, in the rounds that follow")
    func manyKeys() async throws {
        let service = try await ServiceHarness()
        let now = service.time.now()
        let count = ExpiryNotices.keysPerRound + 10
        for number in 0..<count {
            let id = RecordID(high: 1, low: UInt64(number))
            let key = APIKeyRecord(
                id: id,
                tenant: service.tenant,
                digest: id.bytes + id.bytes,
                kind: .standard,
                name: "n",
                prefix: "ts_test_",
                last4: "abcd",
                scopes: [],
                createdAt: now.adding(seconds: -40 * 86_400),
                expiresAt: now.adding(seconds: 86_400 * 20 + Int64(number % 3))
            )
            _ = try await service.store.createAPIKey(CreateAPIKey(key: key, now: now, audit: []))
        }
        let notices = ExpiryNotices()
        func given() async throws -> Int {
            try await service.store.auditChain(1, after: 0, limit: 9_999).count { $0.draft.type == "key.expiring" }
        }
        await notices.round(service.services, now: now)
        #expect(try await given() == ExpiryNotices.keysPerRound)
        await notices.round(service.services, now: now)
        #expect(try await given() == count)
        await notices.round(service.services, now: now)
        await notices.round(service.services, now: now)
        #expect(try await given() == count)
    }
}
