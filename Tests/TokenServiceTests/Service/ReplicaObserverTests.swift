import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import Telemetry
import TestSupport
import Testing

@testable import TokenService

/// What a replica makes of what the store tells it, without a second one.
@Suite("A replica that is told of changes")
struct ReplicaObserverTests {
    /// Waits for something that other tasks bring about; false where it did not come in two minutes, which is longer than
    /// it takes beside all other tests.
    private static func comes(_ isThere: () async -> Bool) async -> Bool {
        let end = ContinuousClock.now + .seconds(120)
        while true {
            let isLast = ContinuousClock.now >= end
            if await isThere() { return true }
            if isLast { return false }
            await Task.yield()
        }
    }

    private static func tell(_ service: ServiceHarness, _ change: (inout StoreChanges) -> Void) {
        var changes = StoreChanges()
        change(&changes)
        ReplicaObserver(services: service.services, registry: MetricsRegistry()).changed(changes)
    }

    private static func expectUnavailable(
        _ answer: Answer,
        _ note: String,
        _ place: SourceLocation = #_sourceLocation
    ) {
        #expect(answer.status == 503, "\(note): \(answer.text)", sourceLocation: place)
        #expect(answer.response.field("Retry-After") != nil, "\(note)", sourceLocation: place)
    }

    @Test("Signing keys that changed and can not be read: after 5 s nothing is issued or taken, until they are")
    func unreadableKeys() async throws {
        let service = try await ServiceHarness()
        let requests = try await IssuingRequests(service)
        let session = requests.session
        // Three times, so that it is among those whose signature is not checked again.
        for _ in 0..<3 { #expect(await requests.validate().status == 200) }
        service.faults.arm(name: "deployment")
        Self.tell(service) { $0.signingKeys = true }
        #expect(service.services.issuance.keyrings.isStale)
        service.time.advance(milliseconds: ServiceLimits.keyringStaleMilliseconds)
        #expect(await service.mint().status == 201)
        #expect(await requests.validate().status == 200)
        #expect(await service.send(.get, "/readyz").status == 200)
        service.time.advance(milliseconds: 1)
        let before = try await service.changes().count
        let token = #"{"token":"\#(session.participant)"}"#
        let others: [(name: String, answer: Answer)] = [
            ("end", await service.send(.delete, "/v1/widget/session", token: session.participant)),
            ("verify", await service.admin(.post, "/v1/tokens/verify", body: token)),
            (
                "introspect",
                await service.admin(
                    .post,
                    "/v1/tokens/introspect",
                    body: "token=" + session.participant,
                    fields: [("Content-Type", "application/x-www-form-urlencoded")]
                )
            ),
            ("readyz", await service.send(.get, "/readyz")),
        ]
        for (name, answer) in await requests.answers() + others { Self.expectUnavailable(answer, name) }
        #expect(others.last?.answer.text.contains("signing keys") == true)
        #expect(try await service.changes().count == before, "nothing was done")
        // What signs and checks nothing goes on, revoking before all.
        #expect(await service.admin(.get, "/v1/invites").status == 200)
        let revoked = await service.admin(.post, "/v1/revocations", body: #"{"campaign_id":"unused"}"#)
        #expect(revoked.status == 201, "\(revoked.text)")
        for path in ["/livez", "/.well-known/jwks.json"] { #expect(await service.send(.get, path).status == 200) }
        service.faults.arm(nil)
        #expect(await Self.comes { await service.send(.get, "/readyz").status == 200 })
        #expect(await service.mint().status == 201)
        #expect(await requests.validate().status == 200)
        #expect(await service.redeem(requests.unused).code == "invite_revoked")
    }

    @Test("A replica that does not hear of the store asks for its signing keys: a revoked one opens nothing")
    func keysWhileCutOff() async throws {
        let service = try await ServiceHarness()
        let invites = [await service.mint(), await service.mint()].compactMap { $0["invite_token"] }
        try #require(invites.count == 2)
        let other = try await service.restarted()
        let now = other.time.now()
        let key = try other.services.makeSigningKey(.es256, now: now)
        _ = try await other.services.changeSigningKeys(by: "operator", now: now) { try $0.adding(key) }
        let old = try #require(other.services.issuance.keyrings.records.first { $0.state == .inUse })
        _ = try await other.services.changeSigningKeys(by: "operator", now: now) {
            try $0.activating(key.id, at: now, isForced: true)
        }
        _ = try await other.services.changeSigningKeys(by: "operator", now: now) { try $0.revoking(old.id, at: now) }
        // Nobody told it.
        let observer = ReplicaObserver(services: service.services, registry: MetricsRegistry())
        service.faults.arm(name: "deployment")
        observer.isCutOff()
        #expect(service.services.issuance.keyrings.isStale)
        service.time.advance(milliseconds: ServiceLimits.keyringStaleMilliseconds + 1)
        Self.expectUnavailable(await service.redeem(invites[0]), "nobody knows what its signing key is worth")
        Self.expectUnavailable(await service.mint(), "nobody knows what would sign it")
        service.faults.arm(nil)
        // It is told of its silence again and again, and asks again each time.
        #expect(
            await Self.comes {
                observer.isCutOff()
                return await service.redeem(invites[1]).status == 401
            }
        )
        #expect(service.services.keyring.issuer.keyID == key.keyID)
    }

    @Test("The deployment's policy, where it could not be read, is read again: the longest lifetimes are known then")
    func unreadablePolicy() async throws {
        let service = try await ServiceHarness()
        let other = try await service.restarted()
        let wide =
            #"{"invite":{"max_seconds":2592000},"participant_token":{"max_seconds":86400},"renew_seconds":604800}"#
        #expect(await other.asOperatorOfWorkspace(.put, "/v1/policies?layer=deployment", body: wide).status == 200)
        // What judges by it reads it.
        #expect(await other.mint().status == 201)
        let known = other.services.policies.ceiling
        #expect(service.services.policies.ceiling != known)
        for name in ["policy", "importedPrefixes"] {
            service.faults.arm(name: name)
            Self.tell(service) { $0.deploymentPolicy = true }
            #expect(await Self.comes { service.faults.calls.count { $0 == name } >= 2 }, "\(name) is tried again")
        }
        service.faults.arm(nil)
        #expect(await Self.comes { service.services.policies.ceiling == known })
    }

    @Test("A view that was filled by a wrong clock is filled again when the clock is right: what was revoked stays so")
    func wrongClockAtStart() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        #expect(await service.admin(.delete, "/v1/invites/\(session.inviteID)").status == 204)
        let now = service.time.now()
        service.time.setWall(now.adding(seconds: 365 * 86_400))
        let started = try await service.restarted()
        #expect(started.services.revocations.counts.cutOffs == 0)
        service.time.setWall(now)
        func validate() async -> Answer {
            await started.send(.get, "/v1/widget/session", token: session.participant)
        }
        let observer = ReplicaObserver(services: started.services, registry: MetricsRegistry())
        observer.compared(aheadMilliseconds: 0, isOff: false)
        Self.expectUnavailable(await validate(), "until it is filled")
        await started.services.catchUpIfStale(now: started.services.time.now())
        #expect(await validate().status == 410)
        // Nothing is read again for a clock that is as right as before.
        observer.compared(aheadMilliseconds: 0, isOff: false)
        #expect(!started.services.revocations.isStale)
    }

    @Test("A replica that was cut off takes no token before it has heard all that happened meanwhile")
    func catchesUpInParts() async throws {
        let service = try await ServiceHarness()
        let first = try await service.openSession()
        let second = try await service.openSession()
        let claims = try service.services.keyring.reader.participant(second.participant, now: service.time.now()).claims
        let observer = ReplicaObserver(services: service.services, registry: MetricsRegistry())
        observer.isCutOff()
        Self.expectUnavailable(await service.send(.get, "/v1/widget/session", token: first.participant), "cut off")
        var part = StoreChanges()
        part.hasMore = true
        observer.changed(part)
        for session in [first, second] {
            let answer = await service.send(.get, "/v1/widget/session", token: session.participant)
            Self.expectUnavailable(answer, "the end of a session may be in the next part")
        }
        #expect(await service.send(.get, "/readyz").status == 503)
        part.endedSessions = [EndedSession(session: claims.session, forgetAt: claims.expiresAt.adding(seconds: 60))]
        part.hasMore = false
        observer.changed(part)
        #expect(await service.send(.get, "/v1/widget/session", token: first.participant).status == 200)
        #expect(await service.send(.get, "/v1/widget/session", token: second.participant).status == 410)
        #expect(await service.send(.get, "/readyz").status == 200)
    }

    @Test("A tenant's own revocations make no replica refuse: what was taken in is known, and the next is refused")
    func fullOfOne() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        let tenant = try service.services.keyring.reader.participant(session.participant, now: service.time.now())
            .claims.tenant
        let until = service.time.now().adding(seconds: 3_600)
        // More than one tenant may have, as other replicas may have allowed it.
        Self.tell(service) { changes in
            changes.cutOffs = (1...1_100_000).map { number in
                CutOffRecord(
                    number: number,
                    id: RecordID(high: 1, low: UInt64(number)),
                    tenant: tenant,
                    target: .token(RecordID(high: 2, low: UInt64(number))),
                    createdAt: service.time.now(),
                    forgetAt: until
                )
            }
        }
        #expect(!service.services.revocations.isStale)
        #expect(await service.send(.get, "/v1/widget/session", token: session.participant).status == 200)
        let revoked = await service.admin(.post, "/v1/revocations", body: #"{"campaign_id":"one_more"}"#)
        #expect(revoked.status == 429, "\(revoked.text)")
        #expect(revoked.code == "rate_limited")
        #expect(revoked.response.field("Retry-After") == "60")
        #expect(await service.admin(.delete, "/v1/invites/\(session.inviteID)").status == 429)
        // The widget can still leave, and the workspace can still be revoked as a whole.
        let ended = await service.send(.delete, "/v1/widget/session", token: session.participant)
        #expect(ended.status == 204)
        let workspace = TypeID.text(.workspace, tenant.workspace)
        let all = await service.admin(.post, "/v1/revocations", body: #"{"workspace_id":"\#(workspace)"}"#)
        #expect(all.status == 201, "\(all.text)")
    }

    @Test("While revocations may be missing no requests should be sent here")
    func staleIsNotReady() async throws {
        let service = try await ServiceHarness()
        #expect(await service.send(.get, "/readyz").status == 200)
        service.services.revocations.markStale()
        let answer = await service.send(.get, "/readyz")
        Self.expectUnavailable(answer, "readyz")
        #expect(answer.text.contains("revocations"), "\(answer.text)")
        await service.services.catchUpIfStale(now: service.time.now())
        #expect(await service.send(.get, "/readyz").status == 200)
    }
}
