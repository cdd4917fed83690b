import InviteStore
import Platform
import Testing

@Suite("Policies and their versions, in every store")
struct PolicyContractTests {
    private let start = Fixture.start

    private func version(
        _ fixture: Fixture,
        _ place: PolicyPlace,
        _ number: Int64,
        _ document: String?,
        standing: String? = nil
    ) -> PolicyVersion {
        PolicyVersion(
            id: fixture.ids.next(at: start),
            place: place,
            version: number,
            document: document.map { Array($0.utf8) },
            standing: standing.map { Array($0.utf8) },
            standingVersion: standing == nil ? 0 : number - 1,
            createdAt: start,
            createdBy: "key_1"
        )
    }

    private func change(
        _ fixture: Fixture,
        _ version: PolicyVersion,
        by key: RecordID? = nil,
        max: Int = 10,
        audit: [AuditDraft] = []
    ) async throws -> ChangePolicyOutcome {
        try await fixture.store.changePolicy(
            ChangePolicy(version: version, by: key, policiesMax: max, now: start, audit: audit)
        )
    }

    @Test("Each place has its own versions, and reads back what was written", arguments: Fixture.Kind.allCases)
    func places(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let tenant = fixture.tenant
        let places: [PolicyPlace] = [
            .deployment, .workspace(tenant), .campaign(tenant, "spring"), .campaign(tenant, "autumn"),
            .apiKey(tenant, fixture.key.id),
        ]
        var made: [PolicyVersion] = []
        for place in places {
            #expect(try await fixture.store.policy(at: place) == nil)
            let first = version(fixture, place, 1, "{}")
            #expect(try await change(fixture, first) == .changed)
            let second = version(fixture, place, 2, "{\"a\":1}", standing: "{}")
            #expect(try await change(fixture, second) == .changed)
            #expect(try await fixture.store.policy(at: place) == second)
            let page = try await fixture.store.policyVersions(at: place, page: PageRequest(limit: 9))
            #expect(page == Page(records: [second, first], next: nil))
            made.append(second)
        }
        let all = try await fixture.store.policies(of: tenant, limit: 99)
        #expect(all.sorted { $0.id < $1.id } == made)
        #expect(try await fixture.store.policies(of: tenant, limit: 2).count == 2)
    }

    @Test("Another tenant sees the deployment's policy and nothing else", arguments: Fixture.Kind.allCases)
    func isolation(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let other = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        let ours = version(fixture, .campaign(fixture.tenant, "spring"), 1, "{}")
        let deployment = version(fixture, .deployment, 1, "{}")
        #expect(try await change(fixture, ours) == .changed)
        #expect(try await change(fixture, deployment) == .changed)
        #expect(try await fixture.store.policies(of: other, limit: 9) == [deployment])
        #expect(try await fixture.store.policy(at: .campaign(other, "spring")) == nil)
        let page = PageRequest(limit: 9)
        #expect(try await fixture.store.policyVersions(at: .campaign(other, "spring"), page: page).records.isEmpty)
        let stranger = Tenant(workspace: RecordID(high: 9, low: 9), environment: .live)
        await #expect(throws: StoreError.notInitialised) {
            _ = try await change(fixture, version(fixture, .workspace(stranger), 1, "{}"))
        }
    }

    @Test("Only one of two changes on the same version is made, audit and all", arguments: Fixture.Kind.allCases)
    func conflict(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let place = PolicyPlace.workspace(fixture.tenant)
        let first = version(fixture, place, 1, "{}")
        #expect(try await change(fixture, first, audit: [fixture.draft("policy.changed")]) == .changed)
        for number: Int64 in [1, 3, 0, .max] {
            let late = version(fixture, place, number, "{\"b\":2}")
            #expect(try await change(fixture, late, audit: [fixture.draft("policy.changed")]) == .conflict)
        }
        #expect(try await fixture.store.policy(at: place) == first)
        let events = try await fixture.store.auditEvents(
            of: fixture.tenant,
            filter: AuditFilter(type: "policy.changed"),
            page: PageRequest(limit: 9)
        )
        #expect(events.records.count == 1)
    }

    @Test("A key that has ended makes no version of a policy", arguments: Fixture.Kind.allCases)
    func endedMakers(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let ended = try await fixture.endedKeys()
        let places: [PolicyPlace] = [.deployment, .workspace(fixture.tenant), .campaign(fixture.tenant, "spring")]
        for place in places {
            let first = version(fixture, place, 1, "{}")
            #expect(try await change(fixture, first, by: fixture.key.id) == .changed)
            for key in ended {
                for document in ["{\"a\":1}", nil] {
                    let late = version(fixture, place, 2, document)
                    let audit = [fixture.draft("policy.changed")]
                    #expect(try await change(fixture, late, by: key, audit: audit) == .keyNotActive)
                }
            }
            #expect(try await fixture.store.policy(at: place) == first)
        }
        let events = try await fixture.store.auditEvents(
            of: fixture.tenant,
            filter: AuditFilter(type: "policy.changed"),
            page: PageRequest(limit: 9)
        )
        #expect(events.records.isEmpty)
    }

    @Test(
        "A policy that is taken away stands no longer, and its next version goes on",
        arguments: Fixture.Kind.allCases
    )
    func removal(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let place = PolicyPlace.campaign(fixture.tenant, "spring")
        #expect(try await change(fixture, version(fixture, place, 1, "{}")) == .changed)
        #expect(try await change(fixture, version(fixture, place, 2, nil)) == .changed)
        #expect(try await fixture.store.policies(of: fixture.tenant, limit: 9).isEmpty)
        #expect(try await fixture.store.policy(at: place)?.document == nil)
        #expect(try await change(fixture, version(fixture, place, 1, "{}")) == .conflict)
        #expect(try await change(fixture, version(fixture, place, 3, "{}")) == .changed)
        #expect(try await fixture.store.policies(of: fixture.tenant, limit: 9).map(\.version) == [3])
    }

    @Test(
        "The bound counts policies that stand, and lets those that stand be changed",
        arguments: Fixture.Kind.allCases
    )
    func bound(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        func place(_ number: Int) -> PolicyPlace { .campaign(fixture.tenant, "c\(number)") }
        for number in 1...3 {
            #expect(try await change(fixture, version(fixture, place(number), 1, "{}"), max: 3) == .changed)
        }
        #expect(try await change(fixture, version(fixture, place(4), 1, "{}"), max: 3) == .tooManyPolicies)
        #expect(try await change(fixture, version(fixture, place(1), 2, "{\"a\":1}"), max: 3) == .changed)
        #expect(try await change(fixture, version(fixture, place(2), 2, nil), max: 3) == .changed)
        #expect(try await change(fixture, version(fixture, place(4), 1, "{}"), max: 3) == .changed)
    }

    @Test("The last 100 versions are kept, in pages, newest first", arguments: Fixture.Kind.allCases)
    func history(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let place = PolicyPlace.workspace(fixture.tenant)
        for number: Int64 in 1...103 {
            #expect(try await change(fixture, version(fixture, place, number, "{\"n\":\(number)}")) == .changed)
        }
        var page = PageRequest(limit: 40)
        var numbers: [Int64] = []
        while true {
            let versions = try await fixture.store.policyVersions(at: place, page: page)
            numbers += versions.records.map(\.version)
            guard let next = versions.next else { break }
            page.before = next
        }
        #expect(numbers == Array((4...103).reversed()))
    }

    @Test("Sessions are listed newest first, with what was cut off ended", arguments: Fixture.Kind.allCases)
    func sessions(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        var opened: [SessionRecord] = []
        for number: UInt64 in 1...5 {
            opened.append(try await fixture.open(try await fixture.mint(fixture.invite(participant: number))[0]))
        }
        let first = try await fixture.store.sessions(of: fixture.tenant, page: PageRequest(limit: 3))
        #expect(first.records.map(\.id) == opened.reversed().prefix(3).map(\.id))
        let rest = try await fixture.store.sessions(of: fixture.tenant, page: PageRequest(before: first.next, limit: 3))
        #expect(rest.records.map(\.id) == opened.prefix(2).reversed().map(\.id))
        #expect(rest.next == nil)
        _ = try await fixture.cutOff(.session(opened[4].id))
        let cut = try await fixture.store.sessions(of: fixture.tenant, page: PageRequest(limit: 2)).records
        #expect(cut.map { $0.endedAt != nil } == [true, false])
        let other = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        #expect(try await fixture.store.sessions(of: other, page: PageRequest(limit: 9)).records.isEmpty)
    }

    /// How lists and origins meet: the invite's list, the policy's, whether one is needed, the origin, what comes of it.
    struct OriginRow: CustomTestStringConvertible, Sendable {
        let own: [String]
        let policy: [String]?
        var needsList = false
        let origin: String?
        let isAllowed: Bool
        var testDescription: String { "\(own) \(String(describing: policy)) \(needsList) \(origin ?? "none")" }
    }

    private static let rows: [OriginRow] = [
        OriginRow(own: [], policy: nil, origin: "https://a.example", isAllowed: true),
        OriginRow(own: [], policy: nil, needsList: true, origin: "https://a.example", isAllowed: false),
        OriginRow(own: [], policy: ["https://a.example"], origin: "https://a.example", isAllowed: true),
        OriginRow(own: [], policy: ["https://a.example"], origin: "https://b.example", isAllowed: false),
        OriginRow(own: [], policy: ["https://a.example"], origin: nil, isAllowed: true),
        OriginRow(
            own: ["https://a.example"],
            policy: nil,
            needsList: true,
            origin: "https://a.example",
            isAllowed: true
        ),
        OriginRow(
            own: ["https://a.example"],
            policy: ["https://b.example"],
            origin: "https://a.example",
            isAllowed: false
        ),
        OriginRow(own: ["https://a.example"], policy: ["https://b.example"], origin: nil, isAllowed: false),
        OriginRow(own: [], policy: [], origin: nil, isAllowed: false),
    ]

    @Test("An exchange and a renewal obey the lists of both", arguments: Fixture.Kind.allCases, rows)
    func terms(kind: Fixture.Kind, row: OriginRow) async throws {
        let fixture = try await Fixture.make(kind)
        let invite = try await fixture.mint(fixture.invite(origins: row.own))[0]
        var command = RedeemInvite(
            tenant: fixture.tenant,
            invite: invite.id,
            session: fixture.ids.next(at: start),
            origin: row.origin,
            renewUntil: start.adding(seconds: 60),
            lifetimeSeconds: 60,
            now: start,
            audit: []
        )
        let terms = RedeemTerms(
            renewUntil: start.adding(seconds: 30),
            lifetimeSeconds: 60,
            allowedOrigins: row.policy,
            needsOriginList: row.needsList
        )
        command.terms = { _ in terms }
        let outcome = try await fixture.store.redeem(command)
        if row.isAllowed {
            guard case .opened(let session) = outcome else { throw Unexpected("\(outcome)") }
            #expect(session.renewUntil == start.adding(seconds: 30))
            #expect(session.allowedOrigins == (OriginLists.combined(row.own, row.policy) ?? []))
        } else {
            #expect(outcome == .originNotAllowed)
        }
        let later = try await fixture.open(try await fixture.mint(fixture.invite(origins: row.own))[0])
        let renewal = RenewSession(
            tenant: fixture.tenant,
            session: later.id,
            needsProof: false,
            origin: row.origin,
            terms: RenewTerms(renewSeconds: 600, allowedOrigins: row.policy, needsOriginList: row.needsList),
            lifetimeSeconds: 60,
            now: start,
            audit: []
        )
        let renewed = try await fixture.store.renewSession(renewal)
        #expect((renewed != .originNotAllowed) == row.isAllowed)
    }

    @Test("Terms are asked by the key of the invite, and may refuse it", arguments: Fixture.Kind.allCases)
    func refusal(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let invite = try await fixture.mint(fixture.invite())[0]
        let key = fixture.key.id
        var command = RedeemInvite(
            tenant: fixture.tenant,
            invite: invite.id,
            session: fixture.ids.next(at: start),
            renewUntil: start.adding(seconds: 60),
            lifetimeSeconds: 60,
            now: start,
            audit: [fixture.draft("invite.redeemed")]
        )
        command.terms = {
            RedeemTerms(renewUntil: Fixture.start.adding(seconds: 60), lifetimeSeconds: 60, isRefused: $0 == key)
        }
        #expect(try await fixture.store.redeem(command) == .refusedByPolicy(apiKey: key))
        #expect(try await fixture.store.invite(invite.id, of: fixture.tenant)?.uses == 0)
        command.terms = {
            RedeemTerms(renewUntil: Fixture.start.adding(seconds: 60), lifetimeSeconds: 60, isRefused: $0 != key)
        }
        guard case .opened = try await fixture.store.redeem(command) else { throw Unexpected("not opened") }
    }

    @Test("A renewal cap ends a session exactly at its second", arguments: Fixture.Kind.allCases, [599, 600, 601])
    func cap(kind: Fixture.Kind, seconds: Int64) async throws {
        let fixture = try await Fixture.make(kind)
        let session = try await fixture.open(try await fixture.mint(fixture.invite())[0])
        let outcome = try await fixture.store.renewSession(
            RenewSession(
                tenant: fixture.tenant,
                session: session.id,
                needsProof: false,
                terms: RenewTerms(renewSeconds: 600),
                lifetimeSeconds: 60,
                now: start.adding(seconds: seconds),
                audit: []
            )
        )
        guard seconds < 600 else {
            #expect(outcome == .over)
            return
        }
        guard case .renewed(let renewed) = outcome else { throw Unexpected("\(outcome)") }
        #expect(renewed.renewUntil == start.adding(seconds: 600))
    }
}
