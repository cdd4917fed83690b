import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("The rotation of signing keys")
struct SigningKeyRotationTests {
    private static let published = Int(ServiceLimits.signingKeyPublishedSeconds)

    /// Over the memory store, and over one on disk.
    private static func stage(_ isDurable: Bool) async throws -> (ServiceHarness, TemporaryFolder) {
        let folder = TemporaryFolder()
        return (try await isDurable ? ServiceHarness(directory: folder.path) : ServiceHarness(), folder)
    }

    private static func rotate(_ service: ServiceHarness) async throws -> SigningKeyRecord {
        let now = service.time.now()
        let key = try service.services.makeSigningKey(.es256, now: now)
        _ = try await service.services.changeSigningKeys(by: "operator", now: now) { try $0.adding(key) }
        return key
    }

    private static func round(_ service: ServiceHarness) async { await Upkeep(services: service.services).round() }

    private static func signing(_ service: ServiceHarness) -> String { service.services.keyring.issuer.keyID }

    private static func published(_ service: ServiceHarness) async -> [String] {
        let answer = await service.send(.get, "/.well-known/jwks.json")
        return answer.json?["keys"]?.elements.compactMap { $0["kid"]?.string } ?? []
    }

    private static func validate(_ service: ServiceHarness, _ session: OpenedSession) async -> Int {
        await service.send(.get, "/v1/widget/session", token: session.participant).status
    }

    /// What the trail tells of signing keys, oldest first.
    private static func trail(_ service: ServiceHarness) async throws -> [String] {
        try await service.store.auditChain(1, after: 0, limit: 1_000).map(\.draft)
            .filter { $0.type.hasPrefix("signing_key.") }
            .map { "\($0.type) by \($0.actor)" }
    }

    @Test(
        "A new key is published, signs when all can know it, and the old one goes when its last token is over",
        arguments: [false, true]
    )
    func rotates(isDurable: Bool) async throws {
        let (service, folder) = try await Self.stage(isDurable)
        let old = Self.signing(service)
        let session = try await service.openSession()
        let key = try await Self.rotate(service)
        #expect(await Self.published(service) == [old, key.keyID])
        #expect(Self.signing(service) == old)

        service.time.advance(seconds: Self.published - 1)
        await Self.round(service)
        #expect(Self.signing(service) == old)
        // The last that the old key signs, and for as long as any policy allows.
        let last = try #require(await service.mint(more: #","expires_in":604800"#)["invite_token"])
        service.time.advance(seconds: 1)
        await Self.round(service)
        #expect(Self.signing(service) == key.keyID)
        #expect(await Self.published(service) == [old, key.keyID])
        #expect(await Self.validate(service, session) == 200)
        let later = try await service.openSession()
        #expect(await Self.validate(service, later) == 200)

        service.time.advance(seconds: 604_790)
        await Self.round(service)
        #expect(await service.redeem(last).status == 201)
        #expect(await Self.published(service) == [old, key.keyID])
        let longest = Int(service.services.policies.longestDescentSeconds)
        service.time.advance(seconds: longest - 604_790)
        await Self.round(service)
        #expect(await Self.published(service) == [key.keyID])
        let trail = [
            "signing_key.created by operator", "signing_key.retired by service", "signing_key.activated by service",
            "signing_key.removed by service",
        ]
        #expect(try await Self.trail(service) == trail)
        // What was stored is what is in use.
        if !isDurable { #expect(await Self.published(try await service.restarted()) == [key.keyID]) }
        await service.store.close()
        withExtendedLifetime(folder) {}
    }

    @Test("Too early is refused with the time from which on it may sign, unless the operator does not wait")
    func early() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        let old = Self.signing(service)
        let key = try await Self.rotate(service)
        let from = RFC3339.text(service.time.now().adding(seconds: ServiceLimits.signingKeyPublishedSeconds))
        service.time.advance(seconds: Self.published - 1)
        func activate(isForced: Bool) async throws {
            let now = service.time.now()
            _ = try await service.services.changeSigningKeys(by: "operator", now: now) {
                try $0.activating(key.id, at: now, isForced: isForced)
            }
        }
        let refusal = await #expect(throws: Problem.self) { try await activate(isForced: false) }
        #expect(refusal?.code == .conflict)
        #expect(refusal?.message.contains(from) == true)
        #expect(Self.signing(service) == old)
        try await activate(isForced: true)
        #expect(Self.signing(service) == key.keyID)
        #expect(await Self.validate(service, session) == 200)
        // Back to the one before is a step that everybody is prepared for.
        let before = try #require(service.services.issuance.keyrings.records.first { $0.keyID == old })
        let now = service.time.now()
        _ = try await service.services.changeSigningKeys(by: "operator", now: now) {
            try $0.activating(before.id, at: now, isForced: false)
        }
        #expect(Self.signing(service) == old)
    }

    @Test("What a revoked key signed is refused at once, whatever was validated before, and the other goes on")
    func revokes() async throws {
        let service = try await ServiceHarness()
        let old = try #require(service.services.issuance.keyrings.records.first)
        let session = try await service.openSession()
        #expect(await Self.validate(service, session) == 200)
        let key = try await Self.rotate(service)
        service.time.advance(seconds: Self.published)
        await Self.round(service)
        let later = try await service.openSession()
        let now = service.time.now()
        _ = try await service.services.changeSigningKeys(by: "operator", now: now) { try $0.revoking(old.id, at: now) }
        #expect(await Self.validate(service, session) == 401)
        #expect(await Self.validate(service, later) == 200)
        #expect(await Self.published(service) == [key.keyID])
    }

    @Test("Of two services on one store one gives the next key its turn, and both know it")
    func race() async throws {
        let first = try await ServiceHarness()
        let second = try await first.restarted()
        let key = try await Self.rotate(first)
        await second.services.reloadKeyring()
        first.time.advance(seconds: Self.published)
        await first.services.rotateSigningKeys(now: first.time.now())
        // This one read the keys before the other changed them.
        await second.services.rotateSigningKeys(now: first.time.now())
        for service in [first, second] { #expect(Self.signing(service) == key.keyID) }
        #expect(try await Self.trail(first).count == 3)
    }

    @Test("A store that fails leaves all as it was, and the next round does it", arguments: [false, true])
    func failing(isDone: Bool) async throws {
        let service = try await ServiceHarness()
        let old = Self.signing(service)
        let key = try await Self.rotate(service)
        service.time.advance(seconds: Self.published)
        service.faults.arm(
            name: "replaceSigningKeys",
            error: .unknownOutcome("no answer"),
            moment: isDone ? .after : .before
        )
        await Self.round(service)
        #expect(Self.signing(service) == (isDone ? key.keyID : old))
        #expect(await service.mint().status == 201)
        service.faults.arm(nil)
        await Self.round(service)
        #expect(Self.signing(service) == key.keyID)
        #expect(try await Self.trail(service).count == 3)
    }

    @Test("Told after how many days, the service makes the next key by itself, and one at a time")
    func byDays() async throws {
        let service = try await ServiceHarness()
        let upkeep = Upkeep(services: service.services, signingKeyDays: 30)
        let first = Self.signing(service)
        service.time.advance(seconds: 30 * 86_400 - 1)
        await upkeep.round()
        #expect(await Self.published(service) == [first])
        service.time.advance(seconds: 1)
        // Without the setting nothing comes of it.
        await Self.round(service)
        #expect(await Self.published(service) == [first])
        for _ in 0..<2 {
            await upkeep.round()
            #expect(await Self.published(service).count == 2)
            #expect(Self.signing(service) == first)
        }
        service.time.advance(seconds: Self.published)
        for _ in 0..<2 { await upkeep.round() }
        let second = Self.signing(service)
        #expect(second != first)
        service.time.advance(seconds: 30 * 86_400)
        // The first one goes, and then the third one comes.
        for _ in 0..<2 { await upkeep.round() }
        let published = await Self.published(service)
        #expect(published.count == 2)
        #expect(published.first == second)
        #expect(try await Self.trail(service).first == "signing_key.created by service")
    }

    // MARK: The rules alone

    private static let start = UnixTime(seconds: 1_900_000_000)

    private static func record(_ number: UInt64, _ state: SigningKeyState, since: Int64 = 0) -> SigningKeyRecord {
        SigningKeyRecord(
            id: RecordID(high: 1, low: number),
            keyID: "kid-\(number)",
            algorithm: "ES256",
            wrappedPrivateKey: [],
            state: state,
            createdAt: start,
            stateSince: start.adding(seconds: since)
        )
    }

    private static func id(_ number: UInt64) -> RecordID { RecordID(high: 1, low: number) }

    @Test("Nothing is due before its time, and all that is due is done at once")
    func due() {
        let keys = [
            Self.record(1, .previouslyUsed), Self.record(2, .revoked, since: 5), Self.record(3, .inUse),
            Self.record(4, .standby, since: 400), Self.record(5, .standby, since: 400),
        ]
        let rotation = SigningKeyRotation(keys, longestSeconds: 1_000)
        #expect(rotation.due(at: Self.start.adding(seconds: 999)) == nil)
        let change = rotation.due(at: Self.start.adding(seconds: 1_000))
        #expect(change?.keys.map(\.keyID) == ["kid-2", "kid-3", "kid-4", "kid-5"])
        #expect(change?.keys.map(\.state) == [.revoked, .previouslyUsed, .inUse, .standby])
        let late = rotation.due(at: Self.start.adding(seconds: 1_005))
        #expect(late?.events.count { $0.type == "signing_key.removed" } == 2)
        #expect(SigningKeyRotation([Self.record(3, .inUse)], longestSeconds: 0).due(at: Self.start) == nil)
    }

    @Test("What must not be done to a key is refused with what to do instead")
    func refusals() throws {
        let keys = [Self.record(1, .inUse), Self.record(2, .standby), Self.record(3, .revoked)]
        let rotation = SigningKeyRotation(keys, longestSeconds: 1_000)
        let now = Self.start.adding(seconds: 5_000)
        func refused(_ code: ProblemCode, _ words: String, _ change: () throws -> SigningKeyChange) {
            let problem = #expect(throws: Problem.self) { _ = try change() }
            #expect(problem?.code == code)
            #expect(problem?.message.contains(words) == true, "\(problem?.message ?? "")")
        }
        refused(.conflict, "waits already") { try rotation.adding(Self.record(4, .standby)) }
        refused(.conflict, "in use already") { try rotation.activating(Self.id(1), at: now, isForced: true) }
        refused(.conflict, "is revoked") { try rotation.activating(Self.id(3), at: now, isForced: true) }
        refused(.notFound, "no signing key sgk_") { try rotation.activating(Self.id(9), at: now, isForced: true) }
        refused(.conflict, "put another one into use first") { try rotation.revoking(Self.id(1), at: now) }
        refused(.conflict, "revoked already") { try rotation.revoking(Self.id(3), at: now) }
        refused(.notFound, "no signing key sgk_") { try rotation.revoking(Self.id(9), at: now) }
        let most = (0..<UInt64(ServiceLimits.signingKeysMax)).map { Self.record($0, $0 == 0 ? .inUse : .revoked) }
        let full = SigningKeyRotation(most, longestSeconds: 1_000)
        refused(.conflict, "as many as may be") { try full.adding(Self.record(99, .standby)) }
        let one = try SigningKeyRotation([keys[0]], longestSeconds: 1_000).adding(Self.record(4, .standby))
        #expect(one.keys.map(\.state) == [.inUse, .standby])
    }
}
