import Platform
import TestSupport
import Testing

@testable import InviteStore

@Suite("How long a session's tokens live, in every store")
struct SessionTokensContractTests {
    private let start = Fixture.start

    /// A session's beginning, its renewals, and until when it has tokens then; all in seconds after the start.
    struct Life: CustomTestStringConvertible {
        let testDescription: String
        var lifetime: Int64 = 900
        var isHeld = false
        var renewals: [(at: Int64, lifetime: Int64)] = []
        let tokensUntil: Int64
    }

    static let lives = [
        Life(testDescription: "no renewal", tokensUntil: 900),
        Life(testDescription: "a holder, who may ask again for a minute", isHeld: true, tokensUntil: 960),
        Life(testDescription: "a renewal", renewals: [(600, 900)], tokensUntil: 1500),
        Life(testDescription: "two renewals", renewals: [(600, 900), (1400, 900)], tokensUntil: 2300),
        Life(testDescription: "one that ends before the first token", renewals: [(10, 60)], tokensUntil: 900),
        Life(testDescription: "a long one and a short one", renewals: [(10, 3600), (20, 60)], tokensUntil: 3610),
        Life(testDescription: "a renewal up to the end", renewals: [(14_000, 900)], tokensUntil: 14_400),
        Life(testDescription: "a first token up to the end", lifetime: 20_000, tokensUntil: 14_400),
        Life(testDescription: "a holder up to the end", lifetime: 14_390, isHeld: true, tokensUntil: 14_400),
    ]

    @Test(
        "A session that ends is remembered for a minute after its last token, and no longer",
        arguments: Fixture.Kind.allCases,
        lives
    )
    func remembers(kind: Fixture.Kind, life: Life) async throws {
        let fixture = try await Fixture.make(kind)
        let invite = try await fixture.mint(fixture.invite())[0]
        let holder: [UInt8]? = life.isHeld ? [7] : nil
        let session = try await fixture.open(invite, holder: holder, lifetimeSeconds: life.lifetime)
        for renewal in life.renewals {
            let now = start.adding(seconds: renewal.at)
            let outcome = try await fixture.renew(session, at: now, lifetimeSeconds: renewal.lifetime)
            let stored = try #require(try await fixture.store.session(session.id, of: fixture.tenant))
            #expect(outcome == .renewed(stored))
        }
        let until = start.adding(seconds: life.tokensUntil)
        #expect(try await fixture.store.session(session.id, of: fixture.tenant)?.tokensUntil == until)
        let now = start.adding(seconds: life.renewals.last?.at ?? 0)
        let mark = EndedSession(session: session.id, forgetAt: until.adding(seconds: 60))
        #expect(try await fixture.end(session.id, at: now) == mark)
        #expect(try await fixture.store.endedSessions(now: until.adding(seconds: 59), limit: 9) == [mark])
        #expect(try await fixture.store.endedSessions(now: mark.forgetAt, limit: 9).isEmpty)
    }

    @Test("A renewal that is refused leaves the session as it was", arguments: Fixture.Kind.allCases)
    func leaves(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let session = try await fixture.open(try await fixture.mint(fixture.invite())[0], holder: [1])
        let now = start.adding(seconds: 600)
        #expect(try await fixture.renew(session, at: now, holder: [2]) == .holderMismatch)
        #expect(try await fixture.renew(session, at: now, needsProof: true) == .holderMismatch)
        #expect(try await fixture.store.session(session.id, of: fixture.tenant) == session)
    }

    #if SQLite
        @Test("A session from before this was stored is remembered for as long as it renews, in SQLite")
        func oldSessionsInSQLite() async throws {
            let directory = TemporaryFolder()
            let fixture = try await Fixture.make(try Fixture.sqlite(directory), directory)
            let invites = try await fixture.mint(fixture.invite(), fixture.invite())
            let sessions = [try await fixture.open(invites[0]), try await fixture.open(invites[1])]
            await fixture.store.close()
            try SQLFile(directory: directory.path).run("UPDATE sessions SET tokens_until = NULL")
            let again = try await Fixture.make(try Fixture.sqlite(directory), directory, initialised: false)
            try await remembersWhole(sessions, again)
            await again.store.close()
        }
    #endif

    #if Postgres
        @Test("A session from before this was stored is remembered for as long as it renews, in PostgreSQL")
        func oldSessionsInPostgres() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let fixture = try await Fixture.make(try Fixture.postgres(cluster.address(schema: schema)), nil)
            let invites = try await fixture.mint(fixture.invite(), fixture.invite())
            let sessions = [try await fixture.open(invites[0]), try await fixture.open(invites[1])]
            try cluster.run("UPDATE sessions SET tokens_until = NULL", schema: schema)
            try await remembersWhole(sessions, fixture)
            await fixture.store.close()
        }

        @Test("Commands that share a transaction know of each other's tokens", arguments: [false, true])
        func shares(isEndedLast: Bool) async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let made = try Fixture.postgres(cluster.address(schema: schema))
            let fixture = try await Fixture.make(made, nil)
            let invites = try await fixture.mint(fixture.invite(), fixture.invite())
            let session = try await fixture.open(invites[0])
            let committed = "SELECT max(committed) FROM writers"
            let before = try cluster.number(committed, schema: schema)
            // What waits behind one that stands before a door comes into one transaction, in its order.
            let door = try cluster.lock("invites", schema: schema)
            let first = Task { try await fixture.open(invites[1]) }
            let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'invites'::regclass"
            #expect(try await comes { try cluster.number(waiting, schema: schema) == 1 })
            let long = Task { try await fixture.renew(session, lifetimeSeconds: 1500) }
            #expect(await comes { made.writes.waitingCount == 1 })
            let short = Task { try await fixture.renew(session, lifetimeSeconds: 60) }
            #expect(await comes { made.writes.waitingCount == 2 })
            let end = isEndedLast ? Task { try await fixture.end(session.id) } : nil
            #expect(await comes { made.writes.waitingCount == (isEndedLast ? 3 : 2) })
            door.end()
            _ = try await first.value
            let until = start.adding(seconds: 1500)
            for renewal in [long, short] {
                guard case .renewed(let renewed) = try await renewal.value else { throw Unexpected("not renewed") }
                #expect(renewed.tokensUntil == until)
            }
            if let end { #expect(try await end.value?.forgetAt == until.adding(seconds: 60)) }
            #expect(try await fixture.store.session(session.id, of: fixture.tenant)?.tokensUntil == until)
            #expect(try cluster.number(committed, schema: schema) == before + 2)
            await made.close()
        }

        @Test("A renewal at one replica and the end at another: the end knows of the token, or there is none")
        func races() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            var fixtures: [Fixture] = []
            for number in 0..<2 {
                let store = try Fixture.postgres(cluster.address(schema: schema))
                fixtures.append(try await Fixture.make(store, nil, initialised: number == 0))
            }
            let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'sessions'::regclass"
            let both = fixtures
            for number in 0..<12 {
                let now = start.adding(seconds: Int64(number))
                let invite = try await fixtures[0].mint(fixtures[0].invite(), at: now)[0]
                let session = try await fixtures[0].open(invite, at: now)
                // Both stand before the same door when it opens.
                let door = try cluster.lock("sessions", schema: schema)
                async let renewing = both[number % 2].renew(session, at: now, lifetimeSeconds: 1500)
                async let ending = both[1 - number % 2].end(session.id, at: now)
                #expect(try await comes { try cluster.number(waiting, schema: schema) == 2 })
                door.end()
                let (renewed, ended) = (try await renewing, try #require(try await ending))
                let seconds: Int64 =
                    switch renewed {
                    case .renewed: 1560
                    case .ended: 960
                    default: throw Unexpected("\(renewed)")
                    }
                #expect(ended.forgetAt == now.adding(seconds: seconds))
            }
            for fixture in fixtures { await fixture.store.close() }
        }
    #endif

    private func remembersWhole(_ sessions: [SessionRecord], _ fixture: Fixture) async throws {
        for session in sessions {
            let until = try await fixture.store.session(session.id, of: fixture.tenant)?.tokensUntil
            #expect(until == session.renewUntil)
        }
        // A renewal does not make it less.
        guard case .renewed = try await fixture.renew(sessions[0]) else { throw Unexpected("not renewed") }
        for session in sessions {
            let mark = EndedSession(session: session.id, forgetAt: session.renewUntil.adding(seconds: 60))
            #expect(try await fixture.end(session.id) == mark)
        }
    }
}
