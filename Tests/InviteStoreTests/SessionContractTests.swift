import InviteStore
import Platform
import TestSupport
import Testing

@Suite("Sessions: opening, renewing, ending, in every store")
struct SessionContractTests {
    private let start = Fixture.start

    @Test("A backend's session carries the number of the last cut-off", arguments: Fixture.Kind.allCases)
    func creates(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let cutOff = try await fixture.cutOff(.workspace)
        var session = Self.session(fixture)
        let command = CreateSession(session: session, audit: [fixture.draft("session.created")], now: start)
        #expect(try await fixture.store.createSession(command) == .done(.created(rev: cutOff.number)))
        session.rev = cutOff.number
        #expect(try await fixture.store.session(session.id, of: fixture.tenant) == session)
        #expect(try await fixture.renew(session) == .renewed(session))
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).count == 1)
    }

    @Test("A backend's session needs an active key", arguments: Fixture.Kind.allCases)
    func needsAKey(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        _ = try await fixture.store.changeAPIKey(
            fixture.key.id,
            of: fixture.tenant,
            change: .revoke(at: start),
            now: start,
            audit: []
        )
        let session = Self.session(fixture)
        let command = CreateSession(session: session, audit: [fixture.draft()], now: start)
        #expect(try await fixture.store.createSession(command) == .done(.keyNotActive))
        #expect(try await fixture.store.session(session.id, of: fixture.tenant) == nil)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).isEmpty)
    }

    private static func session(_ fixture: Fixture) -> SessionRecord {
        SessionRecord(
            id: fixture.ids.next(at: Fixture.start),
            tenant: fixture.tenant,
            invite: nil,
            apiKey: fixture.key.id,
            campaign: "spring",
            participant: KeyedDigest16(high: 1, low: 11),
            sealed: [1],
            createdAt: Fixture.start,
            renewUntil: Fixture.start.adding(seconds: 3600),
            tokensUntil: Fixture.start.adding(seconds: 900)
        )
    }

    enum Proof: CaseIterable {
        case none
        case right
        case wrong

        var holder: [UInt8]? {
            switch self {
            case .none: nil
            case .right: [1, 2]
            case .wrong: [1, 3]
            }
        }

        var key: String? {
            switch self {
            case .none: nil
            case .right: "thumb"
            case .wrong: "thumc"
            }
        }
    }

    @Test(
        "A session with a nonce renews by its token alone, or by the nonce",
        arguments: Fixture.Kind.allCases,
        Proof.allCases
    )
    func renewsByNonce(kind: Fixture.Kind, proof: Proof) async throws {
        let fixture = try await Fixture.make(kind)
        let session = try await fixture.open(try await fixture.mint(fixture.invite())[0], holder: [1, 2])
        let withToken = try await fixture.renew(session, holder: proof.holder)
        #expect(withToken == (proof == .wrong ? .holderMismatch : .renewed(session)))
        let without = try await fixture.renew(session, needsProof: true, holder: proof.holder)
        #expect(without == (proof == .right ? .renewed(session) : .holderMismatch))
    }

    @Test(
        "A session bound to a key renews with that key and no other way",
        arguments: Fixture.Kind.allCases,
        Proof.allCases
    )
    func renewsByKey(kind: Fixture.Kind, proof: Proof) async throws {
        let fixture = try await Fixture.make(kind)
        let invite = try await fixture.mint(fixture.invite())[0]
        let session = try await fixture.open(invite, holder: [1, 2], boundKey: "thumb")
        for needsProof in [false, true] {
            let outcome = try await fixture.renew(
                session,
                needsProof: needsProof,
                holder: [1, 2],
                boundKey: proof.key
            )
            #expect(outcome == (proof == .right ? .renewed(session) : .holderMismatch))
        }
    }

    @Test("A session without proof renews only by its token", arguments: Fixture.Kind.allCases)
    func renewsByToken(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let session = try await fixture.open(try await fixture.mint(fixture.invite())[0])
        #expect(try await fixture.renew(session) == .renewed(session))
        #expect(try await fixture.renew(session, needsProof: true) == .holderMismatch)
        #expect(try await fixture.renew(session, needsProof: true, holder: [1]) == .holderMismatch)
    }

    @Test("Renewal verdicts come in their order: unknown, ended, over, proof", arguments: Fixture.Kind.allCases)
    func ordersVerdicts(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let session = try await fixture.open(try await fixture.mint(fixture.invite())[0], holder: [1])
        var unknown = session
        unknown.id = fixture.ids.next(at: start)
        #expect(try await fixture.renew(unknown) == .unknown)
        var last = session.renewUntil
        last.milliseconds -= 1
        #expect(try await fixture.renew(session, at: last, holder: [2]) == .holderMismatch)
        var renewed = session
        renewed.tokensUntil = session.renewUntil
        #expect(
            try await fixture.renew(session, at: last, audit: [fixture.draft("session.renewed")]) == .renewed(renewed)
        )
        #expect(try await fixture.renew(session, at: session.renewUntil, holder: [2]) == .over)
        try await fixture.cutOff(.session(session.id), at: session.renewUntil)
        #expect(try await fixture.renew(session, at: session.renewUntil, holder: [2]) == .ended)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).count == 1)
    }

    @Test("Ending a session is told once to validators and in the trail", arguments: Fixture.Kind.allCases)
    func ends(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let session = try await fixture.open(try await fixture.mint(fixture.invite())[0])
        // Its token lives for 900 s.
        let mark = EndedSession(session: session.id, forgetAt: start.adding(seconds: 900 + EndedSession.marginSeconds))
        for _ in 0..<2 {
            #expect(try await fixture.end(session.id, audit: [fixture.draft("session.ended")]) == mark)
        }
        #expect(try await fixture.end(fixture.ids.next(at: start)) == nil)
        #expect(try await fixture.renew(session) == .ended)
        #expect(try await fixture.store.session(session.id, of: fixture.tenant)?.endedAt == start)
        #expect(try await fixture.store.endedSessions(now: start, limit: 9) == [mark])
        #expect(try await fixture.store.endedSessions(now: start, limit: 0).isEmpty)
        #expect(try await fixture.store.endedSessions(now: mark.forgetAt, limit: 9).isEmpty)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).count == 1)
    }

    @Test("Ended sessions are read in parts, in order, none twice and none left out", arguments: Fixture.Kind.allCases)
    func readsEndedInParts(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        var marks: [EndedSession] = []
        // Later ones are forgotten earlier, and several at the same instant.
        for number in 0..<9 {
            let invite = try await fixture.mint(fixture.invite())[0]
            let session = try await fixture.open(invite, lifetimeSeconds: Int64(840 - number / 3))
            let mark = EndedSession(session: session.id, forgetAt: start.adding(seconds: Int64(900 - number / 3)))
            #expect(try await fixture.end(session.id) == mark)
            marks.append(mark)
        }
        for limit in [1, 2, 4, 9, 10] {
            var found: [EndedSession] = []
            var part: [EndedSession] = []
            repeat {
                part = try await fixture.store.endedSessions(after: found.last, now: start, limit: limit)
                #expect(part.count <= limit)
                found += part
            } while !part.isEmpty && found.count <= marks.count
            #expect(found == marks.sorted())
        }
        // What is over by now is passed over, wherever reading stands.
        let later = start.adding(seconds: 898)
        let first = try #require(marks.min())
        let left = try await fixture.store.endedSessions(after: first, now: later, limit: 9)
        #expect(left == marks.sorted().filter { $0.forgetAt > later })
    }
}
