import InviteStore
import Platform
import Testing

@Suite("Edits, rotations and imports of keys, in every store")
struct KeyContractTests {
    private let start = Fixture.start

    /// A second key of the tenant, stored.
    private func stored(_ fixture: Fixture, _ change: (inout APIKeyRecord) -> Void = { _ in }) async throws
        -> APIKeyRecord
    {
        var key = Fixture.apiKey(fixture.ids.next(at: start), fixture.tenant)
        change(&key)
        let outcome = try await fixture.store.createAPIKey(CreateAPIKey(key: key, now: start, audit: []))
        #expect(outcome == .done(.created))
        return key
    }

    private func rotation(
        _ fixture: Fixture,
        of key: APIKeyRecord,
        endsAt end: UnixTime,
        by: RecordID? = nil,
        most: Int? = nil,
        claim: IdempotencyClaim? = nil
    ) -> RotateAPIKey {
        var successor = key
        successor.id = fixture.ids.next(at: start)
        successor.digest = successor.id.bytes + successor.id.bytes
        successor.createdBy = by
        successor.replacedBy = nil
        return RotateAPIKey(
            before: key,
            successor: successor,
            endsAt: end,
            replacedKeysMax: most,
            claim: claim,
            now: start,
            audit: [fixture.draft("key.rotated")]
        )
    }

    private func audited(_ fixture: Fixture) async throws -> Int {
        try await fixture.store.auditChain(1, after: 0, limit: 999).count
    }

    @Test(
        "An edit takes name, scopes, lists, expiry and suspension, and nothing else",
        arguments: Fixture.Kind.allCases
    )
    func edits(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let before = try await stored(fixture)
        var after = before
        after.name = "renamed"
        after.scopes = ["audit:read"]
        after.ipAllowlist = ["10.0.0.0/8"]
        after.allowedOrigins = ["https://a.example"]
        after.expiresAt = start.adding(seconds: 60)
        after.suspendedAt = start
        var asked = after
        asked.kind = .platform
        asked.prefix = "x_"
        asked.revokedAt = start
        asked.createdAt = start.adding(seconds: 1)
        asked.replacedBy = fixture.key.id
        let drafts = [fixture.draft("key.changed")]
        let edit = EditAPIKey(before: before, after: asked, by: fixture.key.id, now: start, audit: drafts)
        #expect(try await fixture.store.editAPIKey(edit) == .changed(after))
        #expect(try await fixture.store.apiKey(digest: before.digest) == after)
        #expect(try await audited(fixture) == 1)
        // Now `before` is not what is stored.
        #expect(try await fixture.store.editAPIKey(edit) == .stale)
        let same = EditAPIKey(before: after, after: after, by: nil, now: start, audit: drafts)
        #expect(try await fixture.store.editAPIKey(same) == .changed(after))
        #expect(try await audited(fixture) == 1)
    }

    @Test(
        "A last use does not make an edit stale; another edit, an end or another tenant does",
        arguments: Fixture.Kind.allCases
    )
    func staleEdits(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let before = try await stored(fixture)
        func edit(_ before: APIKeyRecord, _ name: String) async throws -> EditAPIKeyOutcome {
            var after = before
            after.name = name
            return try await fixture.store.editAPIKey(
                EditAPIKey(before: before, after: after, by: nil, now: start, audit: [])
            )
        }
        try await fixture.store.recordUse([before.id: start.adding(seconds: 5)])
        guard case .changed(let renamed) = try await edit(before, "one") else { throw Unexpected("not changed") }
        #expect(renamed.lastUsedAt == start.adding(seconds: 5))
        #expect(try await edit(before, "two") == .stale)
        var foreign = renamed
        foreign.tenant = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        #expect(try await edit(foreign, "three") == .stale)
        _ = try await fixture.store.changeAPIKey(
            before.id,
            of: fixture.tenant,
            change: .revoke(at: start),
            now: start,
            audit: []
        )
        #expect(try await edit(renamed, "four") == .stale)
        #expect(try await fixture.store.apiKey(before.id, of: fixture.tenant)?.name == "one")
    }

    @Test("A key that has ended makes, edits and rotates nothing", arguments: Fixture.Kind.allCases)
    func endedMakers(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let target = try await stored(fixture)
        for maker in try await fixture.endedKeys() {
            var key = Fixture.apiKey(fixture.ids.next(at: start), fixture.tenant)
            key.createdBy = maker
            let create = CreateAPIKey(key: key, now: start, audit: [fixture.draft()])
            #expect(try await fixture.store.createAPIKey(create) == .done(.keyNotActive))
            var after = target
            after.name = "n"
            let edit = EditAPIKey(before: target, after: after, by: maker, now: start, audit: [fixture.draft()])
            #expect(try await fixture.store.editAPIKey(edit) == .keyNotActive)
            let rotate = rotation(fixture, of: target, endsAt: start.adding(seconds: 9), by: maker)
            #expect(try await fixture.store.rotateAPIKey(rotate) == .done(.keyNotActive))
        }
        #expect(try await audited(fixture) == 0)
        #expect(try await fixture.store.apiKey(target.id, of: fixture.tenant) == target)
    }

    @Test(
        "A rotation makes the successor and ends the old key, never after its own end",
        arguments: Fixture.Kind.allCases
    )
    func rotates(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        for (own, wanted, expected) in [(Int64?.none, Int64(50), Int64(50)), (90, 50, 50), (40, 50, 40)] {
            let key = try await stored(fixture) { $0.expiresAt = own.map { start.adding(seconds: $0) } }
            let command = rotation(fixture, of: key, endsAt: start.adding(seconds: wanted))
            #expect(try await fixture.store.rotateAPIKey(command) == .done(.rotated))
            let old = try await fixture.store.apiKey(key.id, of: fixture.tenant)
            #expect(old?.expiresAt == start.adding(seconds: expected))
            #expect(old?.replacedBy == command.successor.id)
            #expect(try await fixture.store.apiKey(digest: command.successor.digest) == command.successor)
            // The same again, and one made after the key as it is now: it was replaced.
            #expect(try await fixture.store.rotateAPIKey(command) == .done(.stale))
            var current = key
            current.expiresAt = old?.expiresAt
            current.replacedBy = old?.replacedBy
            let again = rotation(fixture, of: current, endsAt: start.adding(seconds: 9))
            #expect(try await fixture.store.rotateAPIKey(again) == .done(.stale))
        }
        #expect(try await audited(fixture) == 3)
    }

    @Test("A key that is revoked, suspended or over is not rotated", arguments: Fixture.Kind.allCases)
    func rotatesNone(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let keys = [
            try await stored(fixture) { $0.revokedAt = start }, try await stored(fixture) { $0.suspendedAt = start },
            try await stored(fixture) { $0.expiresAt = start },
        ]
        for key in keys {
            let command = rotation(fixture, of: key, endsAt: start.adding(seconds: 9))
            #expect(try await fixture.store.rotateAPIKey(command) == .done(.stale))
            #expect(try await fixture.store.apiKey(digest: command.successor.digest) == nil)
        }
    }

    @Test("Of many rotations at once one is done", arguments: Fixture.Kind.allCases)
    func racesRotations(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let key = try await stored(fixture)
        let done = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                let command = rotation(fixture, of: key, endsAt: start.adding(seconds: 9))
                group.addTask { try await fixture.store.rotateAPIKey(command) == .done(.rotated) }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(done == 1)
        let page = try await fixture.store.apiKeys(of: fixture.tenant, page: PageRequest(limit: 100))
        #expect(page.records.count == 3)
    }

    @Test("A rotation under an idempotency key is done once and replayed", arguments: Fixture.Kind.allCases)
    func replaysRotations(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let key = try await stored(fixture)
        let claim = fixture.claim(7, expiresAt: start.adding(seconds: 60))
        let first = rotation(fixture, of: key, endsAt: start.adding(seconds: 9), claim: claim)
        #expect(try await fixture.store.rotateAPIKey(first) == .done(.rotated))
        let second = rotation(fixture, of: key, endsAt: start.adding(seconds: 9), claim: claim)
        #expect(try await fixture.store.rotateAPIKey(second) == .replay(result: [7, 1]))
        let other = fixture.claim(7, request: 2, expiresAt: start.adding(seconds: 60))
        let third = rotation(fixture, of: key, endsAt: start.adding(seconds: 9), claim: other)
        #expect(try await fixture.store.rotateAPIKey(third) == .mismatch)
        #expect(try await fixture.store.apiKey(digest: second.successor.digest) == nil)
    }

    @Test("A replaced key does not count as one, and there may be as many of them", arguments: Fixture.Kind.allCases)
    func countsReplaced(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        func create() async throws -> Idempotent<CreateAPIKeyOutcome> {
            let key = Fixture.apiKey(fixture.ids.next(at: start), fixture.tenant)
            return try await fixture.store.createAPIKey(
                CreateAPIKey(key: key, activeKeysMax: 2, now: start, audit: [])
            )
        }
        #expect(try await create() == .done(.created))
        #expect(try await create() == .done(.tooManyKeys))
        let end = start.adding(seconds: 60)
        var newest = fixture.key
        for _ in 0..<2 {
            let command = rotation(fixture, of: newest, endsAt: end, most: 2)
            #expect(try await fixture.store.rotateAPIKey(command) == .done(.rotated))
            newest = command.successor
        }
        #expect(try await create() == .done(.tooManyKeys))
        let third = rotation(fixture, of: newest, endsAt: end, most: 2)
        #expect(try await fixture.store.rotateAPIKey(third) == .done(.tooManyKeys))
        #expect(try await fixture.store.apiKey(newest.id, of: fixture.tenant) == newest)
        #expect(try await fixture.store.tenantsWithKeys(now: start, limit: 9) == [fixture.tenant])
    }
}

// MARK: - Imports

extension KeyContractTests {
    private func imported(
        _ fixture: Fixture,
        prefix: String = "sk_",
        index: String = "abcdefgh",
        hash: String
    ) -> ImportedAPIKey {
        var key = Fixture.apiKey(fixture.ids.next(at: start), fixture.tenant)
        key.prefix = prefix
        key.last4 = ""
        return ImportedAPIKey(key: key, index: index, hash: hash)
    }

    private func take(_ fixture: Fixture, _ keys: [ImportedAPIKey], most: Int? = nil) async throws
        -> ImportAPIKeysOutcome
    {
        try await fixture.store.importAPIKeys(
            ImportAPIKeys(keys: keys, activeKeysMax: most, now: start, audit: [fixture.draft("key.imported")])
        )
    }

    @Test("Imported keys are found by prefix and lead, and settled once", arguments: Fixture.Kind.allCases)
    func imports(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let one = imported(fixture, hash: "one")
        let two = imported(fixture, index: "abcdefghijk", hash: "two")
        let other = imported(fixture, prefix: "ir_live_", hash: "three")
        #expect(try await take(fixture, [one, two, other]) == .imported)
        #expect(try await fixture.store.importedPrefixes() == ["ir_live_", "sk_"])
        let found = try await fixture.store.importedAPIKeys(prefix: "sk_", lead: "abcdefgh")
        #expect(Set(found.map(\.hash)) == ["one", "two"])
        #expect(found.first { $0.hash == "two" } == two)
        #expect(try await fixture.store.importedAPIKeys(prefix: "sk_", lead: "abcdefgi") == [])
        #expect(try await fixture.store.apiKey(one.key.id, of: fixture.tenant) == one.key)
        let digest = [UInt8](repeating: 9, count: 32)
        let settle = SettleImport(
            id: one.key.id,
            digest: digest,
            last4: "wxyz",
            now: start,
            audit: [fixture.draft("key.rehashed")]
        )
        #expect(try await fixture.store.settleImport(settle))
        #expect(try await fixture.store.settleImport(settle) == false)
        var settled = one.key
        settled.digest = digest
        settled.last4 = "wxyz"
        #expect(try await fixture.store.apiKey(digest: digest) == settled)
        #expect(try await fixture.store.apiKey(digest: one.key.digest) == nil)
        #expect(try await fixture.store.importedAPIKeys(prefix: "sk_", lead: "abcdefgh") == [two])
        #expect(try await audited(fixture) == 2)
    }

    @Test("A revoked import is no candidate", arguments: Fixture.Kind.allCases)
    func revokedImport(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let key = imported(fixture, hash: "one")
        #expect(try await take(fixture, [key]) == .imported)
        _ = try await fixture.store.changeAPIKey(
            key.key.id,
            of: fixture.tenant,
            change: .revoke(at: start),
            now: start,
            audit: []
        )
        #expect(try await fixture.store.importedAPIKeys(prefix: "sk_", lead: "abcdefgh") == [])
    }

    @Test("An import is done whole or not at all", arguments: Fixture.Kind.allCases)
    func importsAllOrNone(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        func fresh(_ count: Int) -> [ImportedAPIKey] {
            (0..<count).map { imported(fixture, hash: "hash \($0)") }
        }
        #expect(try await take(fixture, fresh(5)) == .tooManyAlike(position: 4))
        #expect(try await fixture.store.importedAPIKeys(prefix: "sk_", lead: "abcdefgh") == [])
        #expect(try await fixture.store.importedPrefixes() == [])
        #expect(try await take(fixture, fresh(4), most: 4) == .tooManyKeys)
        #expect(try await take(fixture, fresh(4), most: 5) == .imported)
        let repeated = [imported(fixture, index: "zzzzzzzz", hash: "new"), imported(fixture, hash: "hash 2")]
        #expect(try await take(fixture, repeated) == .alreadyImported(position: 1))
        #expect(try await fixture.store.importedAPIKeys(prefix: "sk_", lead: "zzzzzzzz") == [])
        let twice = (0..<2).map { _ in imported(fixture, index: "zzzzzzzz", hash: "same") }
        #expect(try await take(fixture, twice) == .alreadyImported(position: 1))
        #expect(try await take(fixture, [imported(fixture, hash: "fifth")]) == .tooManyAlike(position: 0))
        let prefixes = (0..<64).map { imported(fixture, prefix: "p\($0)_", hash: "h\($0)") }
        #expect(try await take(fixture, prefixes) == .tooManyPrefixes(position: 63))
        #expect(try await fixture.store.importedPrefixes() == ["sk_"])
        let page = try await fixture.store.apiKeys(of: fixture.tenant, page: PageRequest(limit: 100))
        #expect(page.records.count == 5)
        #expect(try await audited(fixture) == 1)
    }
}
