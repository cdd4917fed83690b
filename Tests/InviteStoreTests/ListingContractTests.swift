import InviteStore
import Platform
import Testing

@Suite("Lists, the audit trail and sweeping, in every store")
struct ListingContractTests {
    private let start = Fixture.start

    /// Reads a whole list page by page; every record must be new and older than the one before.
    static func all(
        _ fixture: Fixture,
        _ filter: InviteFilter,
        limit: Int = 3,
        now: UnixTime = Fixture.start,
        between: () async throws -> Void = {}
    ) async throws -> [RecordID] {
        var ids: [RecordID] = []
        var request = PageRequest(limit: limit)
        while true {
            let page = try await fixture.store.invites(of: fixture.tenant, filter: filter, page: request, now: now)
            #expect(page.records.count <= limit)
            for record in page.records {
                if let last = ids.last { #expect(record.id < last) }
                ids.append(record.id)
            }
            guard let next = page.next else { return ids }
            request.before = next
            try await between()
        }
    }

    @Test("Filters keep what they name, newest first, over any number of pages", arguments: Fixture.Kind.allCases)
    func filters(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        var invites: [InviteRecord] = []
        for index in 0..<20 {
            invites += try await fixture.mint(
                fixture.invite(
                    campaign: index % 2 == 0 ? "even" : "odd",
                    participant: UInt64(index % 5),
                    lifetimeSeconds: index < 10 ? 10 : 100
                )
            )
        }
        _ = try await fixture.open(invites[3])
        try await fixture.cutOff(.invite(invites[4].id))
        let now = start.adding(seconds: 10)
        func ids(_ keep: (Int) -> Bool) -> [RecordID] {
            invites.indices.filter(keep).map { invites[$0].id }.reversed()
        }
        func list(_ filter: InviteFilter) async throws -> [RecordID] { try await Self.all(fixture, filter, now: now) }
        #expect(try await list(InviteFilter()) == ids { _ in true })
        #expect(try await list(InviteFilter(campaign: "even")) == ids { $0 % 2 == 0 })
        #expect(try await list(InviteFilter(campaign: "none")) == [])
        #expect(try await list(InviteFilter(addressIndex: invites[1].addressIndex)) == ids { $0 % 5 == 1 })
        #expect(
            try await list(InviteFilter(campaign: "odd", addressIndex: invites[1].addressIndex))
                == ids { $0 % 10 == 1 }
        )
        #expect(try await list(InviteFilter(status: .redeemed)) == ids { $0 == 3 })
        #expect(try await list(InviteFilter(status: .revoked)) == ids { $0 == 4 })
        #expect(try await list(InviteFilter(status: .expired)) == ids { $0 < 10 && $0 != 3 && $0 != 4 })
        #expect(try await list(InviteFilter(campaign: "odd", status: .pending)) == ids { $0 >= 10 && $0 % 2 == 1 })
    }

    @Test(
        "A page has at most its limit, within 1 to 100, and an exact one has no next",
        arguments: Fixture.Kind.allCases
    )
    func limitsPages(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        for _ in 0..<101 { try await fixture.mint(fixture.invite()) }
        func page(_ limit: Int, _ filter: InviteFilter) async throws -> Page<InviteRecord> {
            try await fixture.store.invites(
                of: fixture.tenant,
                filter: filter,
                page: PageRequest(limit: limit),
                now: start
            )
        }
        for filter in [InviteFilter(), InviteFilter(campaign: "spring"), InviteFilter(status: .pending)] {
            for (limit, count) in [(-1, 1), (0, 1), (1, 1), (99, 99), (100, 100), (101, 100), (.max, 100)] {
                let page = try await page(limit, filter)
                #expect(page.records.count == count)
                #expect(page.next == page.records.last?.id)
            }
        }
        let rare = try await fixture.mint(fixture.invite(campaign: "rare"), fixture.invite(campaign: "rare"))
        let exact = try await page(2, InviteFilter(campaign: "rare"))
        #expect(exact.records.map(\.id) == [rare[1].id, rare[0].id])
        #expect(exact.next == nil)
    }

    @Test("A cursor shows everything older exactly once while others mint", arguments: Fixture.Kind.allCases)
    func keepsItsPlace(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        var ids: [RecordID] = []
        for _ in 0..<30 { ids.append(try await fixture.mint(fixture.invite())[0].id) }
        for filter in [InviteFilter(), InviteFilter(campaign: "spring")] {
            let newest = try await Self.all(fixture, filter, limit: 100)
            let seen = try await Self.all(fixture, filter, limit: 4) { try await fixture.mint(fixture.invite()) }
            #expect(seen == newest)
        }
    }

    @Test("A status that few have is found behind many that have another", arguments: Fixture.Kind.allCases)
    func examinesInBounds(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let rare = try await fixture.mint(fixture.invite())[0]
        _ = try await fixture.open(rare)
        for _ in 0..<3 {
            let batch = (0..<800).map { _ in fixture.invite() }
            _ = try await fixture.store.createInvites(CreateInvites(invites: batch, audit: [], now: start))
        }
        for filter in [InviteFilter(status: .redeemed), InviteFilter(campaign: "spring", status: .redeemed)] {
            let first = try await fixture.store.invites(
                of: fixture.tenant,
                filter: filter,
                page: PageRequest(limit: 5),
                now: start
            )
            #expect(first.records.isEmpty)
            #expect(first.next != nil)
            #expect(try await Self.all(fixture, filter) == [rare.id])
        }
    }

    @Test("Audit events are listed by tenant, newest first, and filtered", arguments: Fixture.Kind.allCases)
    func listsAudit(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let test = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        var drafts: [AuditDraft] = []
        for index in 0..<40 {
            drafts.append(
                fixture.draft(
                    index % 2 == 0 ? "auth.failed" : "invite.created",
                    at: start.adding(seconds: Int64(index)),
                    actor: "actor-\(index % 4)",
                    target: "target-\(index % 5)",
                    tenant: index % 10 == 9 ? test : index % 10 == 8 ? nil : fixture.tenant
                )
            )
        }
        // Out of order, as concurrent requests are.
        for index in stride(from: 0, to: 40, by: 2) {
            try await fixture.store.appendAudit([drafts[index + 1], drafts[index]], now: start)
        }
        func list(_ filter: AuditFilter, of tenant: Tenant) async throws -> [AuditDraft] {
            var found: [AuditDraft] = []
            var request = PageRequest(limit: 7)
            while true {
                let page = try await fixture.store.auditEvents(of: tenant, filter: filter, page: request)
                found += page.records.map(\.draft)
                guard let next = page.next else { return found }
                request.before = next
            }
        }
        func expected(_ tenant: Tenant, _ keep: (AuditDraft) -> Bool = { _ in true }) -> [AuditDraft] {
            drafts.filter { $0.tenant == tenant && keep($0) }.sorted { $1.id < $0.id }
        }
        #expect(try await list(AuditFilter(), of: fixture.tenant) == expected(fixture.tenant))
        #expect(try await list(AuditFilter(), of: test) == expected(test))
        let filters: [(AuditFilter, (AuditDraft) -> Bool)] = [
            (AuditFilter(type: "auth.failed"), { $0.type == "auth.failed" }),
            (AuditFilter(actor: "actor-1"), { $0.actor == "actor-1" }),
            (AuditFilter(target: "target-2"), { $0.target == "target-2" }),
            (AuditFilter(since: start.adding(seconds: 20)), { $0.at >= Fixture.start.adding(seconds: 20) }),
            (AuditFilter(until: start.adding(seconds: 20)), { $0.at < Fixture.start.adding(seconds: 20) }),
        ]
        for (filter, keep) in filters {
            #expect(try await list(filter, of: fixture.tenant) == expected(fixture.tenant, keep))
        }
    }

    @Test("The audit chain verifies, and every edit, gap or swap breaks it", arguments: Fixture.Kind.allCases)
    func chains(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        for _ in 0..<3 {
            try await fixture.store.appendAudit([fixture.draft(), fixture.draft(tenant: .some(nil))], now: start)
        }
        let chain = try await fixture.store.auditChain(1, after: 0, limit: 99)
        #expect(chain.map(\.sequence) == [1, 2, 3, 4, 5, 6])
        #expect(Self.isIntact(chain))
        #expect(try await fixture.store.auditChain(1, after: 4, limit: 1) == [chain[4]])
        #expect(try await fixture.store.auditChain(2, after: 0, limit: 9).isEmpty)
        var edited = chain
        edited[2].draft.actor = "nobody"
        #expect(!Self.isIntact(edited))
        var gap = chain
        gap.remove(at: 2)
        #expect(!Self.isIntact(gap))
        var swapped = chain
        swapped.swapAt(1, 2)
        #expect(!Self.isIntact(swapped))
    }

    static func isIntact(_ chain: [AuditRecord]) -> Bool {
        var previous = [UInt8](repeating: 0, count: 32)
        for link in chain {
            let canonical = AuditRecord.canonicalBytes(
                previous: previous,
                chain: link.chain,
                sequence: link.sequence,
                draft: link.draft
            )
            guard TestSealer().seal(canonical) == link.mac else { return false }
            previous = link.mac
        }
        return true
    }

    @Test(
        "However much of one kind is past its use, the others have their turn in the same sweep or the next ones",
        arguments: Fixture.Kind.allCases
    )
    func sweepsInTurns(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let session = try await fixture.open(try await fixture.mint(fixture.invite(lifetimeSeconds: 60))[0])
        for _ in 0..<40 {
            let batch = (0..<100).map { _ in fixture.invite(lifetimeSeconds: 60) }
            _ = try await fixture.store.createInvites(CreateInvites(invites: batch, audit: [], now: start))
        }
        let claim = fixture.claim(1, expiresAt: start.adding(seconds: 60))
        _ = try await fixture.store.createInvites(CreateInvites(invites: [], claim: claim, audit: [], now: start))
        _ = try await fixture.end(session.id)
        let later = start.adding(seconds: 60 * 24 * 3600)
        var removed = 0
        for _ in 0..<16 { removed += try await fixture.store.sweep(now: later, rowsMax: 100) }
        #expect(removed == 1_600)
        #expect(try await fixture.store.session(session.id, of: fixture.tenant) == nil)
        // Nothing is left but invites: a session, a claim and a mark are gone.
        while case let step = try await fixture.store.sweep(now: later, rowsMax: 1_000), step > 0 { removed += step }
        #expect(removed == 4_004)
    }

    @Test("Sweeping removes what is past its use, within its bound, and nothing else", arguments: Fixture.Kind.allCases)
    func sweeps(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let month: Int64 = 30 * 24 * 3600
        let test = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        let short = try await fixture.mint(fixture.invite(maxUses: 2), fixture.invite(), fixture.invite(tenant: test))
        let long = try await fixture.mint(fixture.invite(lifetimeSeconds: 7 * 24 * 3600))[0]
        let session = try await fixture.open(short[0], holder: [1])
        _ = try await fixture.store.createInvites(
            CreateInvites(
                invites: [],
                claim: fixture.claim(1, expiresAt: start.adding(seconds: 60)),
                audit: [],
                now: start
            )
        )
        let ended = try #require(try await fixture.end(session.id))
        #expect(try await fixture.store.sweep(now: start.adding(seconds: 59), rowsMax: 9) == 0)
        #expect(try await fixture.store.sweep(now: start.adding(seconds: 60), rowsMax: 9) == 1)
        #expect(try await fixture.store.sweep(now: ended.forgetAt, rowsMax: 9) == 1)
        #expect(try await fixture.store.sweep(now: start.adding(seconds: 3599 + month), rowsMax: 9) == 0)
        #expect(try await fixture.store.sweep(now: start.adding(seconds: 3600 + month), rowsMax: 2) == 2)
        #expect(try await fixture.store.sweep(now: start.adding(seconds: 3600 + month), rowsMax: 9) == 1)
        for invite in short { #expect(try await fixture.store.invite(invite.id, of: invite.tenant) == nil) }
        #expect(try await Self.all(fixture, InviteFilter(campaign: "spring")) == [long.id])
        #expect(try await fixture.store.session(session.id, of: fixture.tenant) != nil)
        #expect(try await fixture.store.sweep(now: start.adding(seconds: 4 * 3600 + month), rowsMax: 9) == 1)
        #expect(try await fixture.store.session(session.id, of: fixture.tenant) == nil)
        #expect(try await fixture.store.sweep(now: start.adding(seconds: 2 * month), rowsMax: 9) == 1)
        #expect(try await Self.all(fixture, InviteFilter()) == [])
    }
}
