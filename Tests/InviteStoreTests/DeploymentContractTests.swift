import InviteStore
import Platform
import TestSupport
import Testing

@Suite("Deployment, workspaces, keys and idempotency, in every store")
struct DeploymentContractTests {
    private let start = Fixture.start

    @Test("A deployment is written once, whole, and read back", arguments: Fixture.Kind.allCases)
    func initialises(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind, initialised: false)
        let store = fixture.store
        #expect(try await store.deployment() == nil)
        await #expect(throws: StoreError.notInitialised) {
            try await store.replaceSigningKeys([], now: start, audit: [])
        }
        let seed = fixture.seed(audit: [fixture.draft("deployment.created")])
        try await store.initialise(seed)
        #expect(try await store.deployment() == seed.deployment)
        #expect(try await store.workspace(fixture.tenant.workspace) == seed.workspace)
        #expect(try await store.workspace(RecordID(high: 0, low: 0)) == nil)
        #expect(try await store.workspaces(PageRequest(limit: 9)) == Page(records: [seed.workspace], next: nil))
        #expect(try await store.apiKey(digest: fixture.key.digest) == fixture.key)
        await #expect(throws: StoreError.alreadyInitialised) { try await store.initialise(seed) }
        #expect(try await store.auditChain(1, after: 0, limit: 9).count == 1)
    }

    @Test("Signing keys are replaced as a set, in order", arguments: Fixture.Kind.allCases)
    func replacesSigningKeys(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let states = SigningKeyState.allCases
        let keys = states.enumerated().map { index, state in
            SigningKeyRecord(
                id: RecordID(high: UInt64(9 - index), low: 1),
                keyID: "kid-\(index)",
                algorithm: index == 0 ? "EdDSA" : "ES256",
                wrappedPrivateKey: [UInt8(index)],
                state: state,
                createdAt: start,
                stateSince: start.adding(seconds: Int64(index))
            )
        }
        try await fixture.store.replaceSigningKeys(keys, now: start, audit: [fixture.draft()])
        #expect(try await fixture.store.deployment()?.signingKeys == keys)
        #expect(try await fixture.store.deployment()?.dataKeys == fixture.seed().deployment.dataKeys)
    }

    @Test("Signing keys that changed since they were read are left alone", arguments: Fixture.Kind.allCases)
    func guardsSigningKeys(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let keys = try #require(try await fixture.store.deployment()).signingKeys
        func add(_ number: UInt64, expecting expected: [SigningKeyRecord]) async throws -> Bool {
            var key = try #require(keys.first)
            key.id = RecordID(high: 1, low: number)
            key.keyID = "kid-\(number)"
            let all = expected + [key]
            let command = ReplaceSigningKeys(expected: expected, keys: all, now: start, audit: [fixture.draft()])
            return try await fixture.store.replaceSigningKeys(command)
        }
        var stale = try #require(keys.first)
        stale.stateSince = stale.stateSince.adding(seconds: 1)
        for expected in [[], [stale], keys + keys] { #expect(try await !add(1, expecting: expected)) }
        #expect(try await fixture.store.deployment()?.signingKeys == keys)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 99).isEmpty)
        // Of many who read the same, one wins.
        let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 2..<12 { group.addTask { try await add(UInt64(number), expecting: keys) } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
        #expect(try await fixture.store.deployment()?.signingKeys.count == keys.count + 1)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 99).count == 1)
    }

    @Test("A key is found by digest, and by id in its tenant alone", arguments: Fixture.Kind.allCases)
    func findsKeys(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        var key = Fixture.apiKey(fixture.ids.next(at: start), fixture.tenant)
        key.kind = .platform
        key.ipAllowlist = ["10.0.0.0/8", "::1/128"]
        key.allowedOrigins = ["https://a.example"]
        key.createdBy = fixture.key.id
        key.expiresAt = start.adding(seconds: 5)
        let command = CreateAPIKey(key: key, now: start, audit: [fixture.draft("key.created")])
        #expect(try await fixture.store.createAPIKey(command) == .done(.created))
        #expect(try await fixture.store.apiKey(digest: key.digest) == key)
        #expect(try await fixture.store.apiKey(digest: [1]) == nil)
        #expect(try await fixture.store.apiKey(key.id, of: fixture.tenant) == key)
        let test = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        #expect(try await fixture.store.apiKey(key.id, of: test) == nil)
        let page = try await fixture.store.apiKeys(of: fixture.tenant, page: PageRequest(limit: 1))
        #expect(page == Page(records: [key], next: key.id))
        let next = try await fixture.store.apiKeys(of: fixture.tenant, page: PageRequest(before: page.next, limit: 1))
        #expect(next == Page(records: [fixture.key], next: nil))
        #expect(try await fixture.store.apiKeys(of: test, page: PageRequest(limit: 1)) == Page(records: [], next: nil))
    }

    @Test("The limit of keys counts those neither revoked nor expired", arguments: Fixture.Kind.allCases)
    func limitsKeys(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        func create(_ number: UInt8, expiresAt: UnixTime? = nil) async throws -> Idempotent<CreateAPIKeyOutcome> {
            var key = Fixture.apiKey(RecordID(high: 100, low: UInt64(number)), fixture.tenant)
            key.expiresAt = expiresAt
            return try await fixture.store.createAPIKey(
                CreateAPIKey(
                    key: key,
                    activeKeysMax: 2,
                    claim: fixture.claim(number, expiresAt: start.adding(seconds: 60)),
                    now: start,
                    audit: [fixture.draft()]
                )
            )
        }
        #expect(try await create(1, expiresAt: start) == .done(.created))
        #expect(try await create(2) == .done(.created))
        #expect(try await create(3) == .done(.tooManyKeys))
        #expect(try await create(2) == .replay(result: [2, 1]))
        _ = try await fixture.store.changeAPIKey(
            fixture.key.id,
            of: fixture.tenant,
            change: .revoke(at: start),
            now: start,
            audit: []
        )
        #expect(try await create(3) == .done(.created))
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).count == 3)
    }

    @Test("Each change has its effect once, and the trail shows only real changes", arguments: Fixture.Kind.allCases)
    func changesKeys(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let later = start.adding(seconds: 10)
        func change(_ change: APIKeyChange) async throws -> APIKeyRecord? {
            try await fixture.store.changeAPIKey(
                fixture.key.id,
                of: fixture.tenant,
                change: change,
                now: start,
                audit: [fixture.draft()]
            )
        }
        #expect(try await change(.suspend(at: start))?.suspendedAt == start)
        #expect(try await change(.suspend(at: later))?.suspendedAt == start)
        #expect(try await change(.revoke(at: start))?.revokedAt == start)
        #expect(try await change(.revoke(at: later))?.revokedAt == start)
        let last = try await change(.suspend(at: later))
        #expect(last?.suspendedAt == start)
        #expect(try await fixture.store.apiKey(fixture.key.id, of: fixture.tenant) == last)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 99).count == 2)
        let unknown = try await fixture.store.changeAPIKey(
            fixture.ids.next(at: start),
            of: fixture.tenant,
            change: .revoke(at: start),
            now: start,
            audit: []
        )
        #expect(unknown == nil)
    }

    @Test("The last use only rises, and unknown keys are passed over", arguments: Fixture.Kind.allCases)
    func recordsUse(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let later = start.adding(seconds: 10)
        try await fixture.store.recordUse([fixture.key.id: later, fixture.ids.next(at: start): later])
        try await fixture.store.recordUse([fixture.key.id: start])
        #expect(try await fixture.store.apiKey(digest: fixture.key.digest)?.lastUsedAt == later)
        try await fixture.mint(fixture.invite())
    }

    @Test("Tenants with keys are those with one neither revoked nor expired", arguments: Fixture.Kind.allCases)
    func listsTenants(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let test = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        var key = Fixture.apiKey(fixture.ids.next(at: start), test)
        key.expiresAt = start.adding(seconds: 5)
        _ = try await fixture.store.createAPIKey(CreateAPIKey(key: key, now: start, audit: []))
        let tenants = try await fixture.store.tenantsWithKeys(now: start, limit: 9)
        #expect(Set(tenants) == [fixture.tenant, test])
        #expect(try await fixture.store.tenantsWithKeys(now: start, limit: 1).count == 1)
        #expect(try await fixture.store.tenantsWithKeys(now: start.adding(seconds: 5), limit: 9) == [fixture.tenant])
    }

    @Test("Under an idempotency key a mint happens once, until the key expires", arguments: Fixture.Kind.allCases)
    func mintsOnce(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let expiry = start.adding(seconds: 60)
        func mint(request: UInt8, at now: UnixTime) async throws -> (RecordID, Idempotent<CreateOutcome>) {
            let invite = fixture.invite(at: now)
            let command = CreateInvites(
                invites: [invite],
                claim: fixture.claim(4, request: request, expiresAt: now < expiry ? expiry : now.adding(seconds: 60)),
                audit: [fixture.draft(at: now)],
                now: now
            )
            return (invite.id, try await fixture.store.createInvites(command))
        }
        #expect(try await mint(request: 1, at: start).1 == .done(.created(rev: 0)))
        let replayed = try await mint(request: 1, at: start)
        #expect(replayed.1 == .replay(result: [4, 1]))
        let other = try await mint(request: 2, at: start)
        #expect(other.1 == .mismatch)
        for id in [replayed.0, other.0] { #expect(try await fixture.store.invite(id, of: fixture.tenant) == nil) }
        let recorded = try await fixture.store.recorded(scope: Array(repeating: 4, count: 32), now: start)
        #expect(recorded?.request == Array(repeating: 1, count: 32))
        #expect(recorded?.result == [4, 1])
        #expect(try await fixture.store.recorded(scope: Array(repeating: 4, count: 32), now: expiry) == nil)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).count == 1)
        #expect(try await mint(request: 2, at: expiry).1 == .done(.created(rev: 0)))
        #expect(try await mint(request: 1, at: expiry).1 == .mismatch)
    }

    @Test(
        "Of racing mints under one idempotency key one is done, the others replay it",
        arguments: Fixture.Kind.allCases
    )
    func racesClaims(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let claim = fixture.claim(8, expiresAt: start.adding(seconds: 60))
        let done = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<500 {
                let invite = fixture.invite()
                group.addTask {
                    let command = CreateInvites(invites: [invite], claim: claim, audit: [], now: Fixture.start)
                    switch try await fixture.store.createInvites(command) {
                    case .done: return true
                    case .replay(let result): return try result == [8, 1] ? false : { throw Unexpected("\(result)") }()
                    case .mismatch: throw Unexpected("mismatch")
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(done == 1)
        let page = try await fixture.store.invites(
            of: fixture.tenant,
            filter: InviteFilter(),
            page: PageRequest(limit: 9),
            now: start
        )
        #expect(page.records.count == 1)
    }
}
