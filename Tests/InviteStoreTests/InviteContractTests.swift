import InviteStore
import Platform
import Testing

@Suite("Minting, reading and redeeming invites, in every store")
struct InviteContractTests {
    private let start = Fixture.start

    @Test(
        "A minted invite is read back as it was, with the number of the last cut-off",
        arguments: Fixture.Kind.allCases
    )
    func mintsAndReads(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let cutOff = try await fixture.cutOff(.campaign("another"))
        let minted = try await fixture.mint(fixture.invite(origins: ["https://a.example", "https://b.example"]))
        #expect(minted[0].rev == cutOff.number)
        #expect(try await fixture.store.invite(minted[0].id, of: fixture.tenant) == minted[0])
    }

    @Test("An invite of one tenant is invisible to every other", arguments: Fixture.Kind.allCases)
    func separatesTenants(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let invite = try await fixture.mint(fixture.invite())[0]
        let test = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        let stranger = Tenant(workspace: RecordID(high: 9, low: 9), environment: .live)
        for other in [test, stranger] {
            #expect(try await fixture.store.invite(invite.id, of: other) == nil)
            let page = try await fixture.store.invites(
                of: other,
                filter: InviteFilter(campaign: invite.campaign),
                page: PageRequest(limit: 10),
                now: start
            )
            #expect(page == Page(records: [], next: nil))
            var foreign = invite
            foreign.tenant = other
            #expect(try await fixture.redeem(foreign) == .unknown)
        }
    }

    @Test("A batch with an inactive key stores nothing", arguments: Fixture.Kind.allCases)
    func refusesInactiveKeys(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        // The ends that a change gives, and the one that an edit gives.
        let changes: [APIKeyChange?] = [.suspend(at: start), nil, .revoke(at: start)]
        for (index, change) in changes.enumerated() {
            let key = Fixture.apiKey(RecordID(high: 50, low: UInt64(index)), fixture.tenant)
            _ = try await fixture.store.createAPIKey(CreateAPIKey(key: key, now: start, audit: []))
            let first = fixture.invite(key: key.id)
            try await fixture.mint(first)
            if let change {
                _ = try await fixture.store.changeAPIKey(key.id, of: key.tenant, change: change, now: start, audit: [])
            } else {
                var after = key
                after.expiresAt = start
                let edit = EditAPIKey(before: key, after: after, by: nil, now: start, audit: [])
                #expect(try await fixture.store.editAPIKey(edit) == .changed(after))
            }
            let good = fixture.invite()
            let command = CreateInvites(
                invites: [good, fixture.invite(key: key.id)],
                claim: fixture.claim(UInt8(index), expiresAt: start.adding(seconds: 60)),
                audit: [fixture.draft()],
                now: start
            )
            #expect(try await fixture.store.createInvites(command) == .done(.keyNotActive))
            #expect(try await fixture.store.invite(good.id, of: fixture.tenant) == nil)
            #expect(
                try await fixture.store.recorded(scope: Array(repeating: UInt8(index), count: 32), now: start) == nil
            )
        }
        let unknown = CreateInvites(invites: [fixture.invite(key: fixture.ids.next(at: start))], audit: [], now: start)
        #expect(try await fixture.store.createInvites(unknown) == .done(.keyNotActive))
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 10).isEmpty)
    }

    @Test("Redeeming opens one session with what the invite says and counts one use", arguments: Fixture.Kind.allCases)
    func redeems(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let invite = try await fixture.mint(fixture.invite(origins: ["https://a.example"]))[0]
        let outcome = try await fixture.redeem(
            invite,
            holder: [1, 2],
            boundKey: "thumb",
            origin: "https://a.example",
            audit: [fixture.draft("invite.redeemed")]
        )
        guard case .opened(let session) = outcome else { throw Unexpected("\(outcome)") }
        #expect(session.invite == invite.id)
        #expect(session.apiKey == invite.apiKey)
        #expect(session.campaign == invite.campaign)
        #expect(session.participant == invite.participant)
        #expect(session.sealed == invite.sealed)
        #expect(session.rev == invite.rev)
        #expect(session.holder == [1, 2])
        #expect(session.boundKey == "thumb")
        #expect(session.origin == "https://a.example")
        #expect(try await fixture.store.session(session.id, of: fixture.tenant) == session)
        #expect(try await fixture.store.invite(invite.id, of: fixture.tenant)?.uses == 1)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 10).map(\.draft.type) == ["invite.redeemed"])
    }

    @Test(
        "The same holder within the window gets the same session, and no use is counted",
        arguments: Fixture.Kind.allCases,
        [1, 3]
    )
    func repeats(kind: Fixture.Kind, maxUses: Int) async throws {
        let fixture = try await Fixture.make(kind)
        let invite = try await fixture.mint(fixture.invite(maxUses: maxUses))[0]
        let session = try await fixture.open(invite, holder: [7])
        #expect(try await fixture.redeem(invite, at: start.adding(seconds: 59), holder: [7]) == .repeated(session))
        #expect(try await fixture.store.invite(invite.id, of: fixture.tenant)?.uses == 1)
        let late = try await fixture.redeem(invite, at: start.adding(seconds: 60), holder: [7])
        if maxUses == 1 {
            #expect(late == .used)
        } else {
            guard case .opened(let second) = late else { throw Unexpected("\(late)") }
            #expect(second.id != session.id)
            let again = try await fixture.redeem(invite, at: start.adding(seconds: 61), holder: [7])
            #expect(again == .repeated(second))
        }
    }

    @Test("Each holder of an invite for several uses gets a session of its own", arguments: Fixture.Kind.allCases)
    func severalHolders(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let invite = try await fixture.mint(fixture.invite(maxUses: 2))[0]
        let first = try await fixture.open(invite, holder: [1])
        let second = try await fixture.open(invite, holder: [2])
        #expect(first.id != second.id)
        #expect(try await fixture.redeem(invite, holder: [1]) == .repeated(first))
        #expect(try await fixture.redeem(invite, holder: [2]) == .repeated(second))
        #expect(try await fixture.redeem(invite, holder: [3]) == .used)
        #expect(try await fixture.redeem(invite) == .used)
    }

    @Test("Another holder, and one without proof, finds the invite used", arguments: Fixture.Kind.allCases)
    func refusesOthers(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let held = try await fixture.mint(fixture.invite())[0]
        _ = try await fixture.open(held, holder: [7])
        #expect(try await fixture.redeem(held, holder: [8]) == .used)
        #expect(try await fixture.redeem(held) == .used)
        let open = try await fixture.mint(fixture.invite())[0]
        _ = try await fixture.open(open)
        #expect(try await fixture.redeem(open, holder: [7]) == .used)
    }

    @Test("A repeat after the session ended says so", arguments: Fixture.Kind.allCases)
    func endedRepeat(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let invites = try await fixture.mint(fixture.invite(), fixture.invite())
        let first = try await fixture.open(invites[0], holder: [7])
        let second = try await fixture.open(invites[1], holder: [7])
        try await fixture.end(first.id)
        try await fixture.cutOff(.session(second.id))
        #expect(try await fixture.redeem(invites[0], holder: [7]) == .ended)
        #expect(try await fixture.redeem(invites[1], holder: [7]) == .ended)
    }

    @Test("Verdicts come in their order: revoked, origin, repeat, used, expired", arguments: Fixture.Kind.allCases)
    func ordersVerdicts(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let late = start.adding(seconds: 3600)
        let origins = ["https://a.example"]
        let invite = try await fixture.mint(fixture.invite(origins: origins))[0]
        #expect(try await fixture.redeem(invite, at: late) == .expired)
        #expect(try await fixture.redeem(invite, at: late, origin: "https://b.example") == .originNotAllowed)
        let early = late.adding(seconds: -1)
        let session = try await fixture.open(invite, at: early, holder: [7])
        #expect(try await fixture.redeem(invite, at: late, holder: [7]) == .repeated(session))
        #expect(try await fixture.redeem(invite, at: late, holder: [8]) == .used)
        #expect(
            try await fixture.redeem(invite, at: late, holder: [7], origin: "https://a.example.evil")
                == .originNotAllowed
        )
        try await fixture.cutOff(.invite(invite.id), at: late)
        #expect(
            try await fixture.redeem(invite, at: late, holder: [7], origin: "https://b.example") == .revoked
        )
    }

    @Test("An invite expires at its instant, not before", arguments: Fixture.Kind.allCases)
    func expires(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let invites = try await fixture.mint(fixture.invite(), fixture.invite())
        var last = invites[0].expiresAt
        last.milliseconds -= 1
        _ = try await fixture.open(invites[0], at: last)
        #expect(try await fixture.redeem(invites[1], at: invites[1].expiresAt) == .expired)
    }

    @Test(
        "Revoking ends the invite and its sessions once, and says so the second time",
        arguments: Fixture.Kind.allCases
    )
    func revokes(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let invite = try await fixture.mint(fixture.invite(maxUses: 2))[0]
        let session = try await fixture.open(invite)
        func revoke(_ id: RecordID) async throws -> RevokeInviteOutcome {
            try await fixture.store.revokeInvite(
                RevokeInvite(
                    tenant: fixture.tenant,
                    invite: id,
                    cutOff: fixture.ids.next(at: start),
                    forgetAt: start.adding(seconds: 99),
                    now: start,
                    audit: [fixture.draft("invite.revoked")]
                )
            )
        }
        guard case .revoked(let cutOff) = try await revoke(invite.id) else { throw Unexpected("not revoked") }
        #expect(cutOff.target == .invite(invite.id))
        #expect(cutOff.number == 1)
        #expect(try await fixture.store.cutOffs(after: 0, now: start, limit: 9) == [cutOff])
        #expect(try await revoke(invite.id) == .alreadyRevoked)
        #expect(try await revoke(fixture.ids.next(at: start)) == .unknown)
        #expect(try await fixture.redeem(invite) == .revoked)
        #expect(try await fixture.renew(session) == .ended)
        #expect(try await fixture.store.invite(invite.id, of: fixture.tenant)?.status(at: start) == .revoked)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).map(\.draft.type) == ["invite.revoked"])
    }

    @Test("Of thousands of racing redeems each invite has exactly one winner", arguments: Fixture.Kind.allCases)
    func races(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        var invites: [InviteRecord] = []
        for _ in 0..<4 { invites += try await fixture.mint(fixture.invite()) }
        let winners = try await withThrowingTaskGroup(of: (RecordID, Bool).self) { group in
            for attempt in 0..<4_000 {
                let invite = invites[attempt % invites.count]
                group.addTask {
                    let outcome = try await fixture.redeem(invite)
                    if case .opened = outcome { return (invite.id, true) }
                    guard outcome == .used else { throw Unexpected("\(outcome)") }
                    return (invite.id, false)
                }
            }
            var winners: [RecordID: Int] = [:]
            for try await (id, isWinner) in group where isWinner { winners[id, default: 0] += 1 }
            return winners
        }
        #expect(winners == Dictionary(uniqueKeysWithValues: invites.map { ($0.id, 1) }))
    }

    @Test(
        "A command more than five seconds behind the newest stored instant is refused",
        arguments: Fixture.Kind.allCases
    )
    func refusesAnOldClock(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let newest = start.adding(seconds: 100)
        let invite = try await fixture.mint(fixture.invite(at: newest), at: newest)[0]
        var behind = newest.adding(seconds: -5)
        try await fixture.mint(fixture.invite(at: behind), at: behind)
        behind.milliseconds -= 1
        await #expect(throws: StoreError.clockBehind) {
            try await fixture.mint(fixture.invite(at: behind), at: behind)
        }
        await #expect(throws: StoreError.clockBehind) { _ = try await fixture.redeem(invite, at: behind) }
        await #expect(throws: StoreError.clockBehind) {
            try await fixture.store.appendAudit([fixture.draft()], now: behind)
        }
        #expect(try await fixture.store.invite(invite.id, of: fixture.tenant)?.uses == 0)
    }

    @Test("The newest instant is known, to a second, and rises with commands alone", arguments: Fixture.Kind.allCases)
    func tellsTheNewestInstant(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let newest = start.adding(seconds: 100)
        try await fixture.mint(fixture.invite(at: newest), at: newest)
        #expect(try await fixture.store.newestInstant() == newest)
        try await fixture.mint(fixture.invite(at: newest), at: newest.adding(seconds: -3))
        #expect(try await fixture.store.newestInstant() == newest)
        await #expect(throws: StoreError.clockBehind) {
            try await fixture.mint(fixture.invite(), at: newest.adding(seconds: -6))
        }
        #expect(try await fixture.store.newestInstant() == newest)
    }

    @Test(
        "What a sweep removed because its time was over stays over: the clock may not go back behind it",
        arguments: Fixture.Kind.allCases
    )
    func sweepsAreInstants(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        try await fixture.mint(fixture.invite())
        let idle = start.adding(seconds: 60)
        #expect(try await fixture.store.sweep(now: idle, rowsMax: 100) == 0)
        #expect(try await fixture.store.newestInstant() == start, "nothing was removed")
        let late = start.adding(seconds: 40 * 86_400)
        #expect(try await fixture.store.sweep(now: late, rowsMax: 100) > 0)
        #expect(try await fixture.store.newestInstant() == late)
        await #expect(throws: StoreError.clockBehind) { try await fixture.mint(fixture.invite(at: idle), at: idle) }
        await #expect(throws: StoreError.clockBehind) { _ = try await fixture.store.sweep(now: idle, rowsMax: 100) }
    }

    @Test("A closed store refuses everything and says that it is not ready", arguments: Fixture.Kind.allCases)
    func closes(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        #expect(await fixture.store.isReady())
        await fixture.store.close()
        await fixture.store.close()
        #expect(await !fixture.store.isReady())
        await #expect(throws: StoreError.unavailable("the store is closed")) {
            try await fixture.mint(fixture.invite())
        }
        await #expect(throws: StoreError.unavailable("the store is closed")) {
            _ = try await fixture.store.deployment()
        }
    }
}
