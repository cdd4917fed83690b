import InviteStore
import Platform
import Testing

@Suite("Members and their sessions, in every store")
struct MemberContractTests {
    private let start = Fixture.start

    private func member(_ fixture: Fixture, address: UInt64 = 1, _ memberships: [Membership] = []) -> MemberRecord {
        MemberRecord(
            id: fixture.ids.next(at: start),
            address: KeyedDigest16(high: address, low: 5),
            sealedAddress: [1, 2],
            sealedPassword: [3, 4],
            memberships: memberships,
            createdAt: start,
            passwordChangedAt: start
        )
    }

    private func create(_ fixture: Fixture, _ member: MemberRecord) async throws {
        let command = CreateMember(member: member, by: nil, now: start, audit: [])
        #expect(try await fixture.store.createMember(command) == .done(.created))
    }

    private func change(
        _ fixture: Fixture,
        _ member: MemberRecord,
        by key: RecordID? = nil,
        endsSessions: Bool,
        audit: [AuditDraft] = []
    ) async throws -> ChangeMemberOutcome {
        let command = ChangeMember(member: member, by: key, endsSessions: endsSessions, now: start, audit: audit)
        return try await fixture.store.changeMember(command)
    }

    private func digest(_ number: UInt8) -> [UInt8] { Array(repeating: number, count: 32) }

    @discardableResult
    private func open(
        _ fixture: Fixture,
        _ member: MemberRecord,
        _ number: UInt8,
        at seconds: Int64 = 0,
        replaces: [UInt8]? = nil,
        sessionsMax: Int = 10
    ) async throws -> Bool {
        let now = start.adding(seconds: seconds)
        let session = MemberSession(
            digest: digest(number),
            member: member.id,
            createdAt: now,
            lastSeenAt: now,
            expiresAt: now.adding(seconds: 1_000)
        )
        return try await fixture.store.openMemberSession(
            OpenMemberSession(
                session: session,
                revision: member.revision,
                replaces: replaces,
                sessionsMax: sessionsMax,
                now: now,
                audit: [fixture.draft("member.signed_in", at: now)]
            )
        )
    }

    private func openDigests(_ fixture: Fixture, _ numbers: ClosedRange<UInt8>) async throws -> [UInt8] {
        var found: [UInt8] = []
        for number in numbers where try await fixture.store.memberSession(digest: digest(number)) != nil {
            found.append(number)
        }
        return found
    }

    @Test("A member is made once under its claim and its address, with its event", arguments: Fixture.Kind.allCases)
    func creates(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let other = fixture.ids.next(at: start)
        let roles = [
            Membership(workspace: other, role: .viewer),
            Membership(workspace: fixture.tenant.workspace, role: .security),
        ]
        let made = member(fixture, roles)
        let command = CreateMember(
            member: made,
            by: nil,
            claim: fixture.claim(1, expiresAt: start.adding(seconds: 60)),
            now: start,
            audit: [fixture.draft("member.created")]
        )
        #expect(try await fixture.store.createMember(command) == .done(.created))
        #expect(try await fixture.store.createMember(command) == .replay(result: [1, 1]))
        let stored = try #require(try await fixture.store.member(.id(made.id)))
        #expect(stored.memberships == roles.sorted { $0.workspace < $1.workspace })
        #expect(try await fixture.store.member(.address(made.address)) == stored)
        #expect(try await fixture.store.member(.id(other)) == nil)
        #expect(try await fixture.store.member(.address(KeyedDigest16(high: 9, low: 9))) == nil)
        let second = CreateMember(member: member(fixture), by: nil, now: start, audit: [fixture.draft()])
        #expect(try await fixture.store.createMember(second) == .done(.addressTaken))
        #expect(try await fixture.store.member(.id(second.member.id)) == nil)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).count == 1)
    }

    @Test("Lists are newest first, in pages, and of one workspace where it is named", arguments: Fixture.Kind.allCases)
    func lists(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let workspace = fixture.tenant.workspace
        var all: [RecordID] = []
        for number in 1...5 as ClosedRange<UInt64> {
            let roles = number.isMultiple(of: 2) ? [Membership(workspace: workspace, role: .viewer)] : []
            let made = member(fixture, address: number, roles)
            try await create(fixture, made)
            all.insert(made.id, at: 0)
        }
        let everybody = try await fixture.store.members(of: nil, page: PageRequest(limit: 9))
        #expect(everybody.records.map(\.id) == all && everybody.next == nil)
        let first = try await fixture.store.members(of: nil, page: PageRequest(limit: 2))
        #expect(first.records.map(\.id) == Array(all[0..<2]) && first.next == all[1])
        let rest = try await fixture.store.members(of: nil, page: PageRequest(before: first.next, limit: 9))
        #expect(rest.records.map(\.id) == Array(all[2...]))
        let own = try await fixture.store.members(of: workspace, page: PageRequest(limit: 1))
        #expect(own.records.map(\.id) == [all[1]] && own.next == all[1])
        #expect(own.records.first?.memberships == [Membership(workspace: workspace, role: .viewer)])
        let last = try await fixture.store.members(of: workspace, page: PageRequest(before: own.next, limit: 1))
        #expect(last.records.map(\.id) == [all[3]] && last.next == nil)
        let nobody = try await fixture.store.members(of: all[0], page: PageRequest(limit: 9))
        #expect(nobody.records.isEmpty)
    }

    @Test(
        "A change needs the revision that was read, and of racing changes one is done",
        arguments: Fixture.Kind.allCases
    )
    func changes(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let made = member(fixture, [Membership(workspace: fixture.tenant.workspace, role: .viewer)])
        try await create(fixture, made)
        let done = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 1...20 as ClosedRange<UInt8> {
                var changed = made
                changed.sealedPassword = [number]
                changed.memberships = [Membership(workspace: fixture.tenant.workspace, role: .operator)]
                let command = ChangeMember(
                    member: changed,
                    by: nil,
                    endsSessions: false,
                    now: start,
                    audit: [fixture.draft()]
                )
                group.addTask { try await fixture.store.changeMember(command) == .changed }
            }
            var done = 0
            for try await isDone in group where isDone { done += 1 }
            return done
        }
        #expect(done == 1)
        let stored = try #require(try await fixture.store.member(.id(made.id)))
        #expect(stored.revision == made.revision + 1 && stored.sealedPassword.count == 1)
        #expect(stored.memberships.map(\.role) == [.operator])
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 99).count == 1)
        var gone = stored
        gone.id = fixture.ids.next(at: start)
        let command = ChangeMember(member: gone, by: nil, endsSessions: true, now: start, audit: [fixture.draft()])
        #expect(try await fixture.store.changeMember(command) == .stale)
    }

    @Test("A key that has ended makes and changes no member, and ends no session", arguments: Fixture.Kind.allCases)
    func endedMakers(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let made = member(fixture, [Membership(workspace: fixture.tenant.workspace, role: .viewer)])
        try await create(fixture, made)
        try await open(fixture, made, 1)
        let before = try await fixture.store.auditChain(1, after: 0, limit: 99).count
        for key in try await fixture.endedKeys() {
            let new = member(fixture, address: 2)
            let create = CreateMember(member: new, by: key, now: start, audit: [fixture.draft()])
            #expect(try await fixture.store.createMember(create) == .done(.keyNotActive))
            var changed = made
            changed.sealedPassword = [9]
            changed.memberships = [Membership(workspace: fixture.tenant.workspace, role: .security)]
            let outcome = try await change(fixture, changed, by: key, endsSessions: true, audit: [fixture.draft()])
            #expect(outcome == .keyNotActive)
        }
        #expect(try await fixture.store.members(of: nil, page: PageRequest(limit: 9)).records == [made])
        #expect(try await openDigests(fixture, 1...9) == [1])
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 99).count == before)
        let new = CreateMember(member: member(fixture, address: 2), by: fixture.key.id, now: start, audit: [])
        #expect(try await fixture.store.createMember(new) == .done(.created))
        #expect(try await change(fixture, made, by: fixture.key.id, endsSessions: true) == .changed)
    }

    @Test("A session opens for the revision that was checked and for nobody disabled", arguments: Fixture.Kind.allCases)
    func opens(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        var made = member(fixture)
        try await create(fixture, made)
        #expect(try await open(fixture, made, 1))
        let found = try #require(try await fixture.store.memberSession(digest: digest(1)))
        #expect(found.member == made && found.session.expiresAt == start.adding(seconds: 1_000))
        #expect(try await fixture.store.memberSession(digest: digest(9)) == nil)
        #expect(try await change(fixture, made, endsSessions: false) == .changed)
        #expect(try await !open(fixture, made, 2), "the member was changed since")
        made.revision += 1
        #expect(try await open(fixture, made, 2))
        made.disabledAt = start
        #expect(try await change(fixture, made, endsSessions: true) == .changed)
        made.revision += 1
        #expect(try await openDigests(fixture, 1...9) == [], "all sessions end with the change that says so")
        #expect(try await !open(fixture, made, 3), "the member is disabled")
        #expect(try await openDigests(fixture, 1...9) == [])
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).count == 2)
    }

    @Test("The oldest of too many sessions ends, and the one that is replaced", arguments: Fixture.Kind.allCases)
    func bounded(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let made = member(fixture)
        let other = member(fixture, address: 2)
        try await create(fixture, made)
        try await create(fixture, other)
        try await open(fixture, other, 9)
        for number in 1...4 as ClosedRange<UInt8> {
            try await open(fixture, made, number, at: Int64(number), sessionsMax: 3)
        }
        #expect(try await openDigests(fixture, 1...9) == [2, 3, 4, 9])
        try await open(fixture, made, 5, at: 5, replaces: digest(4), sessionsMax: 3)
        #expect(try await openDigests(fixture, 1...9) == [2, 3, 5, 9])
        // A clock that went back does not make the new one the oldest.
        try await open(fixture, made, 6, at: 1, sessionsMax: 1)
        #expect(try await openDigests(fixture, 1...9) == [6, 9])
    }

    @Test("Use moves forward only, an end comes once, with its event", arguments: Fixture.Kind.allCases)
    func lives(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let made = member(fixture)
        try await create(fixture, made)
        try await open(fixture, made, 1)
        func change(_ number: UInt8, _ change: MemberSessionChange) async throws -> Bool {
            try await fixture.store.changeMemberSession(digest: digest(number), change, now: start)
        }
        #expect(try await change(1, .seen(at: start.adding(seconds: 90))))
        #expect(try await change(1, .seen(at: start.adding(seconds: 60))))
        let seen = try await fixture.store.memberSession(digest: digest(1))?.session.lastSeenAt
        #expect(seen == start.adding(seconds: 90))
        #expect(try await !change(2, .seen(at: start)))
        #expect(try await !change(2, .end(audit: [fixture.draft()])))
        #expect(try await change(1, .end(audit: [fixture.draft("member.signed_out")])))
        #expect(try await !change(1, .end(audit: [fixture.draft("member.signed_out")])))
        #expect(try await !change(1, .seen(at: start)))
        let types = try await fixture.store.auditChain(1, after: 0, limit: 9).map(\.draft.type)
        #expect(types == ["member.signed_in", "member.signed_out"])
    }

    @Test("A sweep removes sessions that have expired and no others", arguments: Fixture.Kind.allCases)
    func sweeps(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let made = member(fixture)
        try await create(fixture, made)
        for number in 1...4 as ClosedRange<UInt8> { try await open(fixture, made, number, at: Int64(number) * 10) }
        #expect(try await fixture.store.sweep(now: start.adding(seconds: 1_009), rowsMax: 99) == 0)
        #expect(try await fixture.store.sweep(now: start.adding(seconds: 1_020), rowsMax: 1) == 1)
        #expect(try await fixture.store.sweep(now: start.adding(seconds: 1_020), rowsMax: 99) == 1)
        #expect(try await openDigests(fixture, 1...9) == [3, 4])
    }
}
