import InviteStore
import Platform
import Testing

@Suite("Workspaces and what belongs to the deployment, in every store")
struct WorkspaceContractTests {
    private let start = Fixture.start

    private func workspace(_ fixture: Fixture, slug: String) -> WorkspaceRecord {
        WorkspaceRecord(
            id: fixture.ids.next(at: start),
            slug: slug,
            name: "Workspace \(slug)",
            plan: .pro,
            settings: Array(#"{"a":1}"#.utf8),
            createdAt: start
        )
    }

    @Test("A workspace is made once under its claim and its slug, with its event", arguments: Fixture.Kind.allCases)
    func creates(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let made = workspace(fixture, slug: "beta")
        let command = CreateWorkspace(
            workspace: made,
            by: nil,
            claim: fixture.claim(1, expiresAt: start.adding(seconds: 60)),
            now: start,
            audit: [fixture.draft("workspace.created")]
        )
        #expect(try await fixture.store.createWorkspace(command) == .done(.created))
        #expect(try await fixture.store.createWorkspace(command) == .replay(result: [1, 1]))
        #expect(try await fixture.store.workspace(made.id) == made)
        #expect(try await fixture.store.workspace(slug: "beta") == made)
        #expect(try await fixture.store.workspace(slug: "gamma") == nil)
        #expect(try await fixture.store.workspace(slug: "") == nil)
        let second = CreateWorkspace(
            workspace: workspace(fixture, slug: "beta"),
            by: nil,
            now: start,
            audit: [fixture.draft()]
        )
        #expect(try await fixture.store.createWorkspace(second) == .done(.slugTaken))
        #expect(try await fixture.store.workspace(second.workspace.id) == nil)
        let page = try await fixture.store.workspaces(PageRequest(limit: 9))
        #expect(page.records.map(\.slug) == ["beta", "acme"] && page.next == nil)
        let first = try await fixture.store.workspaces(PageRequest(limit: 1))
        #expect(first == Page(records: [made], next: made.id))
        #expect(
            try await fixture.store.workspaces(PageRequest(before: made.id, limit: 1)).records.map(\.slug) == ["acme"]
        )
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).count == 1)
    }

    @Test("A change needs the workspace as it was read, and a slug that is free", arguments: Fixture.Kind.allCases)
    func changes(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let old = workspace(fixture, slug: "beta")
        _ = try await fixture.store.createWorkspace(CreateWorkspace(workspace: old, by: nil, now: start, audit: []))
        func change(_ expected: WorkspaceRecord, _ changed: WorkspaceRecord) async throws -> ChangeWorkspaceOutcome {
            try await fixture.store.changeWorkspace(
                ChangeWorkspace(expected: expected, changed: changed, by: nil, now: start, audit: [fixture.draft()])
            )
        }
        var new = old
        (new.slug, new.name, new.plan, new.settings) = ("gamma", "Renamed", .free, [0x7B, 0x7D])
        #expect(try await change(old, new) == .changed)
        #expect(try await fixture.store.workspace(old.id) == new)
        #expect(try await fixture.store.workspace(slug: "beta") == nil)
        #expect(try await change(old, new) == .stale)
        var taken = new
        taken.slug = "acme"
        #expect(try await change(new, taken) == .slugTaken)
        #expect(try await fixture.store.workspace(old.id) == new)
        let gone = workspace(fixture, slug: "delta")
        #expect(try await change(gone, gone) == .stale)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).count == 1)
    }

    @Test("A key that has ended makes and changes no workspace", arguments: Fixture.Kind.allCases)
    func endedMakers(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let store = fixture.store
        let own = try #require(try await store.workspace(fixture.tenant.workspace))
        var renamed = own
        renamed.name = "Renamed"
        let new = workspace(fixture, slug: "beta")
        for key in try await fixture.endedKeys() {
            let create = CreateWorkspace(workspace: new, by: key, now: start, audit: [fixture.draft()])
            #expect(try await store.createWorkspace(create) == .done(.keyNotActive))
            let audit = [fixture.draft()]
            let change = ChangeWorkspace(expected: own, changed: renamed, by: key, now: start, audit: audit)
            #expect(try await store.changeWorkspace(change) == .keyNotActive)
        }
        #expect(try await store.workspaces(PageRequest(limit: 9)).records == [own])
        #expect(try await store.auditChain(1, after: 0, limit: 9).isEmpty)
        let create = CreateWorkspace(workspace: new, by: fixture.key.id, now: start, audit: [])
        #expect(try await store.createWorkspace(create) == .done(.created))
        let change = ChangeWorkspace(expected: own, changed: renamed, by: fixture.key.id, now: start, audit: [])
        #expect(try await store.changeWorkspace(change) == .changed)
    }

    @Test("Of racing workspaces with one slug one is made", arguments: Fixture.Kind.allCases)
    func racesForSlug(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let made = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                let command = CreateWorkspace(
                    workspace: workspace(fixture, slug: "one"),
                    by: nil,
                    now: start,
                    audit: []
                )
                group.addTask { try await fixture.store.createWorkspace(command) == .done(.created) }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 1)
    }

    @Test("Of racing changes from one reading one is made", arguments: Fixture.Kind.allCases)
    func racesToChange(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let old = workspace(fixture, slug: "beta")
        _ = try await fixture.store.createWorkspace(CreateWorkspace(workspace: old, by: nil, now: start, audit: []))
        let changed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<100 {
                var new = old
                new.name = "Name \(index)"
                let command = ChangeWorkspace(expected: old, changed: new, by: nil, now: start, audit: [])
                group.addTask { try await fixture.store.changeWorkspace(command) == .changed }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(changed == 1)
    }

    @Test("S26: of racing keys exactly as many are made as the limit has room for", arguments: Fixture.Kind.allCases)
    func racesForKeys(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let test = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        let made = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                let key = Fixture.apiKey(fixture.ids.next(at: start), test)
                let command = CreateAPIKey(key: key, activeKeysMax: 10, now: start, audit: [])
                group.addTask { try await fixture.store.createAPIKey(command) == .done(.created) }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 10)
    }

    @Test("The deployment holds keys of its own, and is no workspace", arguments: Fixture.Kind.allCases)
    func deploymentKeys(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let store = fixture.store
        var key = Fixture.apiKey(fixture.ids.next(at: start), .deployment(.live))
        key.kind = .platform
        let command = CreateAPIKey(key: key, now: start, audit: [fixture.draft(tenant: .deployment(.live))])
        #expect(try await store.createAPIKey(command) == .done(.created))
        #expect(try await store.apiKey(digest: key.digest) == key)
        #expect(try await store.apiKey(key.id, of: .deployment(.live)) == key)
        #expect(try await store.apiKey(key.id, of: .deployment(.test)) == nil)
        #expect(try await store.apiKey(key.id, of: fixture.tenant) == nil)
        #expect(try await store.apiKeys(of: .deployment(.live), page: PageRequest(limit: 9)).records == [key])
        #expect(try await store.apiKeys(of: fixture.tenant, page: PageRequest(limit: 9)).records == [fixture.key])
        #expect(try await store.tenantsWithKeys(now: start, limit: 9) == [fixture.tenant])
        #expect(try await store.workspace(Tenant.deployment(.live).workspace) == nil)
        #expect(try await store.workspaces(PageRequest(limit: 9)).records.map(\.slug) == ["acme"])
        let events = try await store.auditEvents(
            of: .deployment(.live),
            filter: AuditFilter(),
            page: PageRequest(limit: 9)
        )
        #expect(events.records.count == 1)
        let ended = try await store.changeAPIKey(
            key.id,
            of: .deployment(.live),
            change: .revoke(at: start),
            now: start,
            audit: []
        )
        #expect(ended?.revokedAt == start)
        let own = WorkspaceRecord(
            id: Tenant.deployment(.live).workspace,
            slug: "",
            name: "deployment",
            plan: .enterprise,
            settings: Array("{}".utf8),
            createdAt: UnixTime(milliseconds: 0)
        )
        var renamed = own
        renamed.name = "mine"
        let change = ChangeWorkspace(expected: own, changed: renamed, by: nil, now: start, audit: [])
        #expect(try await store.changeWorkspace(change) == .stale)
    }

    @Test(
        "A cut-off of the deployment on a key covers what the key made in every workspace of its environment",
        arguments: Fixture.Kind.allCases
    )
    func coversEverywhere(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let store = fixture.store
        let beta = workspace(fixture, slug: "beta")
        _ = try await store.createWorkspace(CreateWorkspace(workspace: beta, by: nil, now: start, audit: []))
        var platform = Fixture.apiKey(fixture.ids.next(at: start), .deployment(.live))
        platform.kind = .platform
        _ = try await store.createAPIKey(CreateAPIKey(key: platform, now: start, audit: []))
        var open: [(InviteRecord, SessionRecord, Bool)] = []
        for tenant in [fixture.tenant, Tenant(workspace: beta.id, environment: .live)] {
            for key in [platform.id, fixture.key.id] {
                var invite = fixture.invite()
                (invite.tenant, invite.apiKey, invite.maxUses) = (tenant, key, 9)
                let stored = try await fixture.mint(invite)[0]
                open.append((stored, try await fixture.open(stored), key == platform.id))
            }
        }
        let command = CreateCutOff(
            id: fixture.ids.next(at: start),
            tenant: .deployment(.live),
            target: .apiKey(platform.id),
            forgetAt: start.adding(seconds: 60),
            endsKey: true,
            now: start,
            audit: []
        )
        guard case .done(let cutOff) = try await store.createCutOff(command) else { throw Unexpected("no cut-off") }
        #expect(try await store.cutOffs(after: 0, now: start, limit: 9) == [cutOff])
        #expect(cutOff.tenant == .deployment(.live))
        #expect(try await store.apiKey(platform.id, of: .deployment(.live))?.revokedAt == start)
        for (invite, session, dies) in open {
            #expect((try await store.invite(invite.id, of: invite.tenant)?.revokedAt != nil) == dies)
            #expect((try await store.session(session.id, of: session.tenant)?.endedAt != nil) == dies)
            #expect((try await fixture.renew(session) == .ended) == dies)
            #expect((try await fixture.redeem(invite) == .revoked) == dies)
        }
    }

    @Test(
        "An exchange needs the leave of every list, and the session gets what all allow",
        arguments: Fixture.Kind.allCases,
        [
            ([], [], "https://a.example", []), (["https://a.example"], [], "https://a.example", ["https://a.example"]),
            ([], ["https://a.example"], "https://a.example", ["https://a.example"]),
            (
                ["https://b.example", "https://a.example"], ["https://a.example", "https://c.example"],
                "https://a.example", ["https://a.example"]
            ), (["https://b.example"], ["https://a.example"], "https://a.example", nil),
            (["https://a.example"], ["https://b.example"], "https://a.example", nil),
            (["https://b.example"], ["https://a.example"], nil, nil),
            (["https://b.example"], [], nil, ["https://b.example"]),
        ] as [([String], [String], String?, [String]?)]
    )
    func joinsOrigins(kind: Fixture.Kind, lists: ([String], [String], String?, [String]?)) async throws {
        let fixture = try await Fixture.make(kind)
        let (above, own, origin, expected) = lists
        var invite = fixture.invite()
        invite.allowedOrigins = own
        let stored = try await fixture.mint(invite)[0]
        let terms = RedeemTerms(
            renewUntil: start.adding(seconds: 60),
            lifetimeSeconds: 60,
            allowedOrigins: above.isEmpty ? nil : above
        )
        let outcome = try await fixture.store.redeem(
            RedeemInvite(
                tenant: stored.tenant,
                invite: stored.id,
                session: fixture.ids.next(at: start),
                origin: origin,
                renewUntil: start.adding(seconds: 60),
                lifetimeSeconds: 60,
                terms: { _ in terms },
                now: start,
                audit: []
            )
        )
        guard let expected else {
            #expect(outcome == .originNotAllowed)
            return
        }
        guard case .opened(let session) = outcome else { throw Unexpected("\(outcome)") }
        #expect(session.allowedOrigins == expected)
        #expect(try await fixture.store.session(session.id, of: session.tenant)?.allowedOrigins == expected)
    }
}
