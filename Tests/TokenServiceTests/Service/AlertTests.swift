import HTTPServer
import InviteStore
import Platform
import StrictJSON
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import TokenService

@Suite("Alerts")
struct AlertTests {
    private static func count(_ service: ServiceHarness, _ type: String) async throws -> Int {
        try await service.events().count { $0.type == type }
    }

    /// Every event, those of no tenant too.
    private static func all(_ service: ServiceHarness) async throws -> [AuditDraft] {
        try await service.store.auditChain(1, after: 0, limit: 1_000).map(\.draft)
    }

    @Test("S66: a revoked key that still calls is told once a minute, beside the failed authentication")
    func revokedKey() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let id = try #require(made["id"])
        #expect(await service.admin(.delete, "/v1/api-keys/" + id).status == 204)
        for _ in 0..<3 { #expect(await service.send(.get, "/v1/invites", key: made["secret"]).status == 401) }
        let events = try await service.events().filter { $0.type == "alert.revoked_key" }
        #expect(events.map(\.target) == [id])
        #expect(try await Self.count(service, "auth.failed") == 1)
        service.time.advance(seconds: 60)
        _ = await service.send(.get, "/v1/invites", key: made["secret"])
        #expect(try await Self.count(service, "alert.revoked_key") == 2)
    }

    @Test("S66: a key from an address that it may not be used from is told")
    func refusedAddress() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"], more: #","ip_allowlist":["192.0.2.0/24"]"#)
        #expect(await service.send(.get, "/v1/invites", key: made["secret"]).code == "ip_not_allowed")
        #expect(try await Self.count(service, "alert.address_refused") == 1)
    }

    @Test("S66: a key in a browser is told")
    func browser() async throws {
        let service = try await ServiceHarness()
        let fields = [("Sec-Fetch-Site", "same-origin")]
        #expect(await service.admin(.get, "/v1/invites", fields: fields).code == "key_in_browser")
        #expect(try await Self.count(service, "alert.key_in_browser") == 1)
    }

    @Test("S66: a second holder of a used invite is told to the owner")
    func secondHolder() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        #expect(await service.redeem(session.invite).code == "invite_used")
        let events = try await service.events().filter { $0.type == "alert.second_holder" }
        #expect(events.map(\.target) == [session.inviteID])
    }

    @Test("A bound token that comes without its key is told once a minute, and only while it is in force")
    func unprovenToken() async throws {
        let service = try await ServiceHarness()
        let client = try ProofClient(service)
        let bound = try await client.open()
        let thief = try ProofClient(service)
        try await thief.learnNonce()
        let path = "/v1/widget/session"
        func told() async throws -> Int { try await Self.count(service, "alert.unproven_token") }

        #expect(try await client.send(.get, path, token: bound.token).status == 200)
        let old = try await client.send(.get, path, token: bound.token, ProofClient.Proof(ahead: -3600))
        #expect(old.code == "invalid_dpop_proof")
        let unknown = await service.send(.get, path, fields: [("Authorization", "DPoP \(bound.token)x")])
        #expect(unknown.status == 401)
        #expect(try await told() == 0, "the key itself with a bad proof, and no token at all")

        for scheme in ["DPoP", "Bearer"] {
            let answer = await service.send(.get, path, fields: [("Authorization", "\(scheme) \(bound.token)")])
            #expect(answer.code == "invalid_token")
        }
        #expect(try await thief.send(.get, path, token: bound.token).code == "invalid_token")
        #expect(try await thief.send(.post, path + "/renew", token: bound.token, body: "{}").code == "invalid_token")
        #expect(try await told() == 1)
        let event = try #require(try await service.events().first { $0.type == "alert.unproven_token" })
        #expect(event.target == bound.sessionID)
        #expect(event.actor == "anonymous")

        service.time.advance(seconds: 60)
        #expect(try await thief.send(.post, path + "/renew", token: bound.token, body: "{}").code == "invalid_token")
        #expect(try await told() == 2)
        service.time.advance(seconds: 60)
        #expect(try await client.send(.delete, path, token: bound.token).status == 204)
        #expect(try await thief.send(.get, path, token: bound.token).status == 401)
        #expect(try await told() == 2, "a token of an ended session is worth nothing to anybody")
    }

    @Test("S66: a burst of refusals of one key is told to its owner, once, and not before it is one")
    func burstOfKey() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"], more: #","ip_allowlist":["192.0.2.0/24"]"#)
        func refuse(_ times: Int) async {
            for _ in 0..<times { _ = await service.send(.get, "/v1/invites", key: made["secret"]) }
        }
        await refuse(ServiceLimits.failureBurst - 1)
        #expect(try await Self.count(service, "alert.failure_burst") == 0)
        await refuse(1)
        #expect(try await Self.count(service, "alert.failure_burst") == 1)
        await refuse(3 * ServiceLimits.failureBurst)
        #expect(try await Self.count(service, "alert.failure_burst") == 1)
        let event = try #require(try await service.events().first { $0.type == "alert.failure_burst" })
        #expect(event.target == made["id"])
        service.time.advance(seconds: 60)
        await refuse(ServiceLimits.failureBurst)
        #expect(try await Self.count(service, "alert.failure_burst") == 2)
    }

    @Test("S66: a burst from one address, or on one prefix, is the operator's to know, and names no address")
    func burstOfStrangers() async throws {
        let service = try await ServiceHarness()
        for index in 0..<ServiceLimits.failureBurst {
            let secret = APIKeySecret(prefix: "ts_live_", random: SeededRandomSource(seed: UInt64(index) + 99))
            let address = try #require(IPAddress(parsing: "198.51.100.\(index + 1)"))
            #expect(await service.send(.get, "/v1/invites", key: secret.text, from: address).status == 401)
        }
        let prefix = try await Self.all(service).filter { $0.type == "alert.failure_burst" }
        #expect(prefix.map(\.target) == ["ts_live_"])
        #expect(prefix.map(\.tenant) == [nil])
        let address = try #require(IPAddress(parsing: "2001:db8:0:1::7"))
        let neighbour = try #require(IPAddress(parsing: "2001:db8:0:1:ffff::1"))
        for index in 0..<(2 * ServiceLimits.failureBurst) {
            let from = index % 2 == 0 ? address : neighbour
            #expect(await service.send(.get, "/v1/invites", key: "nonsense", from: from).status == 401)
        }
        let both = try await Self.all(service).filter { $0.type == "alert.failure_burst" }
        #expect(both.count == 2)
        for event in both {
            let text = event.actor + event.target + String(decoding: event.detail, as: UTF8.self)
            #expect(!text.contains("2001") && !text.contains("198.51"), "\(text)")
        }
        #expect(try await Self.count(service, "alert.failure_burst") == 0)
    }

    @Test("Alerts on strangers are bounded in a minute, and so is the memory that they are counted in")
    func bounded() throws {
        let bursts = FailureBursts()
        let now = UnixTime(seconds: 0)
        var alerts = 0
        for subject in 0..<200 {
            for _ in 0..<ServiceLimits.failureBurst where bursts.completes(.prefix("p\(subject)_"), now: now) {
                alerts += 1
            }
        }
        #expect(alerts == ServiceLimits.failureAlertsPerMinute)
        let other = FailureBursts()
        for index in 0..<ServiceLimits.failureSubjectsMax {
            #expect(!other.completes(.address(IPAddress(v4: UInt32(index))), now: now))
        }
        for _ in 0..<(2 * ServiceLimits.failureBurst) { #expect(!other.completes(.prefix("late_"), now: now)) }
        let next = UnixTime(seconds: 60)
        let told = (0..<ServiceLimits.failureBurst).count { _ in other.completes(.prefix("late_"), now: next) }
        #expect(told == 1)
        let keys = FailureBursts()
        for index in 0...ServiceLimits.failureSubjectsMax {
            #expect(!keys.completes(.key(RecordID(high: 0, low: UInt64(index))), now: now))
        }
        let last = FailureBursts.Subject.key(RecordID(high: 0, low: UInt64(ServiceLimits.failureSubjectsMax)))
        for _ in 0..<(2 * ServiceLimits.failureBurst) { #expect(!keys.completes(last, now: now)) }
    }

    @Test("Refusals that can not be counted, and alerts beyond their bound, are told as dropped")
    func droppedBursts() {
        let dropped = Atomic(0)
        let bursts = FailureBursts { dropped.add(1, ordering: .relaxed) }
        let now = UnixTime(seconds: 0)
        for subject in 0..<ServiceLimits.failureSubjectsMax { _ = bursts.completes(.prefix("p\(subject)_"), now: now) }
        #expect(dropped.load(ordering: .relaxed) == 0)
        _ = bursts.completes(.prefix("late_"), now: now)
        #expect(dropped.load(ordering: .relaxed) == 1)
        for subject in 0..<(ServiceLimits.failureAlertsPerMinute + 3) {
            for _ in 1..<ServiceLimits.failureBurst { _ = bursts.completes(.prefix("p\(subject)_"), now: now) }
        }
        #expect(dropped.load(ordering: .relaxed) == 4)
    }

    @Test(
        "S66: whatever else there is to tell in a minute leaves alerts their room, and what is dropped is counted",
        arguments: [SecurityEvent.authSucceeded, .authFailed, .signInFailed, .unprovenToken]
    )
    func crowd(event: SecurityEvent) async throws {
        let service = try await ServiceHarness()
        let events = service.services.events
        let call = Call(
            request: HTTPRequest(method: .get, target: "/", fields: HTTPRequestFields([])),
            id: RecordID(high: 1, low: 1),
            now: service.time.now(),
            pathParameters: [],
            query: QueryParameters()
        )
        for number in 0..<8_400 as Range<UInt64> {
            let id = RecordID(high: 9, low: number)
            switch event {
            case .signInFailed: await events.signInFailed(call, pseudonym: KeyedDigest16(high: 9, low: number))
            case .unprovenToken:
                await events.unproven(UnprovenUse(tenant: service.tenant, session: id), call, reason: "test")
            default: await events.record(event, call, tenant: service.tenant, key: id, reason: "test")
            }
        }
        let fields = [("Sec-Fetch-Site", "same-origin")]
        for _ in 0..<2 { #expect(await service.admin(.get, "/v1/invites", fields: fields).code == "key_in_browser") }
        #expect(try await Self.count(service, "alert.key_in_browser") == 1)
        let metrics = String(decoding: service.registry.prometheusText(), as: UTF8.self)
        let name = "tokenservice_security_events_dropped_total"
        #expect(metrics.contains(#"\#(name){type="\#(event.rawValue)"} 208"#))
        #expect(metrics.contains(#"\#(name){type="alert.key_in_browser"} 0"#))
    }

    @Test("S66: strangers who use up their alerts, and the room to be counted in, leave known keys both")
    func strangersAndKeys() {
        let bursts = FailureBursts()
        let now = UnixTime(seconds: 0)
        let prefixes = ServiceLimits.failureSubjectsMax + 100
        for subject in 0..<prefixes {
            for _ in 0..<(subject < 100 ? ServiceLimits.failureBurst : 1) {
                _ = bursts.completes(.prefix("p\(subject)_"), now: now)
            }
        }
        let key = FailureBursts.Subject.key(RecordID(high: 1, low: 1))
        let told = (0..<(2 * ServiceLimits.failureBurst)).map { _ in bursts.completes(key, now: now) }
        #expect(told.firstIndex(of: true) == ServiceLimits.failureBurst - 1)
        #expect(told.count { $0 } == 1)
    }

    @Test("S65: an authentication that succeeds is told once for each key and minute")
    func authSucceeded() async throws {
        let service = try await ServiceHarness()
        for _ in 0..<5 { _ = await service.admin(.get, "/v1/invites") }
        #expect(try await Self.count(service, "auth.succeeded") == 1)
        service.time.advance(seconds: 60)
        _ = await service.admin(.get, "/v1/invites")
        #expect(try await Self.count(service, "auth.succeeded") == 2)
    }

    @Test("S64: one key's trail is read by naming it as the actor, as a page and as lines")
    func keyTrail() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:write"])
        let id = try #require(made["id"])
        let body = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
        #expect(await service.send(.post, "/v1/invites", body: body, key: made["secret"]).status == 201)
        _ = await service.mint()
        let page = await service.admin(.get, "/v1/audit-events?actor=" + id)
        let types = page.json?["data"]?.elements.compactMap { $0["type"]?.string }
        #expect(types == ["invite.created", "auth.succeeded"])
        let fields = [("Accept", "application/x-ndjson")]
        let lines = await service.admin(.get, "/v1/audit-events?actor=" + id, fields: fields).text.split(
            separator: "\n"
        )
        #expect(lines.count == 2)
        for line in lines {
            let event = try JSONDocument(parsing: Array(line.utf8)).root
            #expect(event["actor"]?.string == id)
            #expect(event["sequence"]?.integer != nil)
        }
    }

    @Test("S65: creating, ending, scope refusals and failures of keys are in the trail under their own types")
    func eventTypes() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        _ = await service.send(.get, "/v1/invites", key: made["secret"])
        _ = await service.admin(.delete, "/v1/api-keys/\(try #require(made["id"]))")
        _ = await service.send(.get, "/v1/invites", key: made["secret"])
        let types = Set(try await service.events().map(\.type))
        for type in ["key.created", "key.revoked", "auth.succeeded", "auth.failed", "alert.revoked_key"] {
            #expect(types.contains(type), "\(type)")
        }
    }
}
