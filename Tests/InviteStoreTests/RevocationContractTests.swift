import InviteStore
import Platform
import Testing

@Suite("Cut-offs, in every store")
struct RevocationContractTests {
    private let start = Fixture.start

    /// One of each target, made for an invite and the session that it opened.
    enum Target: String, CaseIterable {
        case token
        case invite
        case session
        case participant
        case campaign
        case apiKey
        case workspace

        func of(_ invite: InviteRecord, _ session: SessionRecord) -> CutOffTarget {
            switch self {
            case .token: .token(invite.id)
            case .invite: .invite(invite.id)
            case .session: .session(session.id)
            case .participant: .participant(invite.participant)
            case .campaign: .campaign(invite.campaign)
            case .apiKey: .apiKey(invite.apiKey)
            case .workspace: .workspace
            }
        }

        var endsInvite: Bool { self != .session }
        var endsSession: Bool { self != .token }
    }

    @Test("A cut-off ends what it covers and nothing else", arguments: Fixture.Kind.allCases, Target.allCases)
    func covers(kind: Fixture.Kind, target: Target) async throws {
        let fixture = try await Fixture.make(kind)
        let other = Fixture.apiKey(RecordID(high: 77, low: 1), fixture.tenant)
        _ = try await fixture.store.createAPIKey(CreateAPIKey(key: other, now: start, audit: []))
        let hit = try await fixture.mint(fixture.invite(campaign: "hit", participant: 1, maxUses: 9))[0]
        let missed = try await fixture.mint(
            fixture.invite(campaign: "missed", participant: 2, maxUses: 9, key: other.id)
        )[0]
        let hitSession = try await fixture.open(hit)
        let missedSession = try await fixture.open(missed)
        let aim = target.of(hit, hitSession)
        let before = try await fixture.store.coverage(of: aim, in: fixture.tenant, now: start, rowsMax: 100)
        let both = target == .workspace ? 2 : 1
        #expect(before.invites == (target.endsInvite ? both : 0))
        #expect(before.sessions == (target.endsSession ? both : 0))
        #expect(before.isComplete)

        try await fixture.cutOff(aim)
        let redeemed = try await fixture.redeem(hit)
        #expect((redeemed == .revoked) == target.endsInvite)
        #expect(try await fixture.renew(hitSession) == (target.endsSession ? .ended : .renewed(hitSession)))
        let status = try await fixture.store.invite(hit.id, of: fixture.tenant)?.status(at: start)
        #expect(status == (target.endsInvite ? .revoked : .pending))
        let after = try await fixture.store.coverage(of: aim, in: fixture.tenant, now: start, rowsMax: 100)
        #expect(after.invites == 0)
        #expect(after.sessions == 0)
        if target != .workspace {
            guard case .opened = try await fixture.redeem(missed) else { throw Unexpected("the other was hit") }
            #expect(try await fixture.renew(missedSession) == .renewed(missedSession))
        }
    }

    @Test(
        "One object is counted by its id, whatever else there is and however small the bound",
        arguments: Fixture.Kind.allCases
    )
    func countsOne(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let used = try await fixture.mint(fixture.invite(campaign: "one"))[0]
        let session = try await fixture.open(used)
        let several = try await fixture.mint(fixture.invite(campaign: "two", maxUses: 3))[0]
        for _ in 0..<2 { _ = try await fixture.open(several) }
        for _ in 0..<20 { try await fixture.mint(fixture.invite(campaign: "three")) }
        func count(_ target: CutOffTarget, rowsMax: Int = 1_000) async throws -> [Int] {
            let found = try await fixture.store.coverage(of: target, in: fixture.tenant, now: start, rowsMax: rowsMax)
            return [found.invites, found.sessions, found.isComplete ? 1 : 0]
        }
        #expect(try await count(.invite(used.id)) == [0, 1, 1])
        #expect(try await count(.invite(several.id)) == [1, 2, 1])
        #expect(try await count(.session(session.id)) == [0, 1, 1])
        #expect(try await count(.token(several.id)) == [1, 0, 1])
        #expect(try await count(.campaign("two")) == [1, 2, 1])
        #expect(try await count(.campaign("three")) == [20, 0, 1])
        #expect(try await count(.campaign("four")) == [0, 0, 1])
        let nobody = fixture.ids.next(at: start)
        for target in [CutOffTarget.invite(nobody), .session(nobody), .token(nobody), .apiKey(nobody)] {
            #expect(try await count(target) == [0, 0, 1])
        }
        #expect(try await count(.campaign("three"), rowsMax: 5)[2] == 0)
        try await fixture.cutOff(.campaign("two"))
        #expect(try await count(.invite(several.id)) == [0, 0, 1])
    }

    @Test("Counting stops at its bound and says so", arguments: Fixture.Kind.allCases)
    func boundsCounting(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        for _ in 0..<5 { try await fixture.mint(fixture.invite()) }
        let bounded = try await fixture.store.coverage(of: .workspace, in: fixture.tenant, now: start, rowsMax: 4)
        #expect(bounded == CutOffCoverage(invites: 4, sessions: 0, isComplete: false))
        let full = try await fixture.store.coverage(of: .workspace, in: fixture.tenant, now: start, rowsMax: 5)
        #expect(full == CutOffCoverage(invites: 5, sessions: 0, isComplete: true))
    }

    @Test(
        "Numbers decide, not clocks: minted just before dies, minted just after lives",
        arguments: Fixture.Kind.allCases
    )
    func ignoresClocks(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let before = try await fixture.mint(fixture.invite())[0]
        let cutOff = try await fixture.cutOff(.participant(before.participant))
        let after = try await fixture.mint(fixture.invite())[0]
        #expect(before.createdAt == after.createdAt)
        #expect(after.rev == cutOff.number)
        #expect(try await fixture.redeem(before) == .revoked)
        let session = try await fixture.open(after)
        #expect(try await fixture.renew(session) == .renewed(session))
        try await fixture.cutOff(.participant(before.participant))
        #expect(try await fixture.renew(session) == .ended)
    }

    @Test("A later cut-off on the same target also ends what the earlier one left", arguments: Fixture.Kind.allCases)
    func cutsAgain(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        var invites: [InviteRecord] = []
        for _ in 0..<3 {
            invites += try await fixture.mint(fixture.invite())
            try await fixture.cutOff(.campaign("spring"))
        }
        for invite in invites { #expect(try await fixture.redeem(invite) == .revoked) }
        _ = try await fixture.open(try await fixture.mint(fixture.invite())[0])
    }

    @Test("A cut-off of one environment leaves the other alone", arguments: Fixture.Kind.allCases)
    func separatesEnvironments(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let test = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        let invite = try await fixture.mint(fixture.invite(tenant: test))[0]
        try await fixture.cutOff(.workspace)
        _ = try await fixture.open(invite)
    }

    @Test("Numbers rise without a gap and never go back, even when all are swept", arguments: Fixture.Kind.allCases)
    func numbers(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        #expect(try await fixture.store.lastCutOffNumber() == 0)
        var made: [CutOffRecord] = []
        for target in [CutOffTarget.workspace, .campaign("a"), .token(fixture.ids.next(at: start))] {
            made.append(try await fixture.cutOff(target))
        }
        #expect(made.map(\.number) == [1, 2, 3])
        #expect(try await fixture.store.cutOffs(after: 0, now: start, limit: 9) == made)
        #expect(try await fixture.store.cutOffs(after: 1, now: start, limit: 1) == [made[1]])
        let later = start.adding(seconds: 9 * 24 * 3600)
        #expect(try await fixture.store.cutOffs(after: 0, now: later, limit: 9).isEmpty)
        #expect(try await fixture.store.sweep(now: later, rowsMax: 100) == 3)
        #expect(try await fixture.store.lastCutOffNumber() == 3)
        #expect(try await fixture.cutOff(.workspace, at: later).number == 4)
    }

    @Test("A cut-off under an idempotency key is made once", arguments: Fixture.Kind.allCases)
    func idempotent(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        var command = CreateCutOff(
            id: fixture.ids.next(at: start),
            tenant: fixture.tenant,
            target: .workspace,
            forgetAt: start.adding(seconds: 99),
            claim: fixture.claim(5, expiresAt: start.adding(seconds: 60)),
            now: start,
            audit: [fixture.draft()]
        )
        guard case .done = try await fixture.store.createCutOff(command) else { throw Unexpected("not done") }
        #expect(try await fixture.store.createCutOff(command) == .replay(result: [5, 1]))
        command.claim?.request = [0]
        #expect(try await fixture.store.createCutOff(command) == .mismatch)
        #expect(try await fixture.store.lastCutOffNumber() == 1)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).count == 1)
    }

    @Test("A cut-off on an invite shows on the invite itself", arguments: Fixture.Kind.allCases)
    func cutOffMarksInvite(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let id = try await fixture.mint(fixture.invite())[0].id
        try await fixture.cutOff(.invite(id))
        let stored = try await fixture.store.invite(id, of: fixture.tenant)
        #expect(stored?.status(at: start) == .revoked)
    }
}
