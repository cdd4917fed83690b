import InviteStore
import Platform
import Testing

@Suite("Usage, in every store")
struct UsageContractTests {
    private let start = UnixTime(seconds: 1_800_000_000 / 86_400 * 86_400)
    private let ever = (UnixTime(seconds: 0), UnixTime(seconds: 4_000_000_000))

    private func read(
        _ fixture: Fixture,
        _ period: UsagePeriod,
        _ key: RecordID?,
        from: UnixTime? = nil,
        until: UnixTime? = nil,
        limit: Int = 100
    ) async throws -> [UsageBucket] {
        try await fixture.store.usage(
            of: fixture.tenant,
            apiKey: key,
            period: period,
            from: from ?? ever.0,
            until: until ?? ever.1,
            limit: limit
        )
    }

    private func delta(
        _ fixture: Fixture,
        _ seconds: Int64,
        _ counts: UsageCounts = UsageCounts(requests: 1),
        key: RecordID? = nil,
        tenant: Tenant? = nil
    ) -> UsageDelta {
        UsageDelta(
            tenant: tenant ?? fixture.tenant,
            apiKey: key ?? fixture.key.id,
            minute: start.adding(seconds: seconds),
            counts: counts
        )
    }

    @Test(
        "S63: deltas add up in the minute, the hour and the day, of the key and of its tenant",
        arguments: Fixture.Kind.allCases
    )
    func addsUp(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let other = RecordID(high: 9, low: 9)
        let all = UsageCounts(requests: 5, clientErrors: 4, serverErrors: 3, mints: 2, redeems: 1)
        try await fixture.store.addUsage([
            delta(fixture, 0, all), delta(fixture, 60), delta(fixture, 3_600), delta(fixture, 0, key: other),
        ])
        try await fixture.store.addUsage([delta(fixture, 0, all), delta(fixture, 86_400)])
        var twice = all
        twice.add(all)
        func bucket(_ seconds: Int64, _ counts: UsageCounts) -> UsageBucket {
            UsageBucket(start: start.adding(seconds: seconds), counts: counts)
        }
        let one = UsageCounts(requests: 1)
        var hour = twice
        hour.add(one)
        var day = hour
        day.add(one)
        let key = fixture.key.id
        #expect(
            try await read(fixture, .minute, key)
                == [bucket(0, twice), bucket(60, one), bucket(3_600, one), bucket(86_400, one)]
        )
        #expect(try await read(fixture, .hour, key) == [bucket(0, hour), bucket(3_600, one), bucket(86_400, one)])
        #expect(try await read(fixture, .day, key) == [bucket(0, day), bucket(86_400, one)])
        #expect(try await read(fixture, .day, other) == [bucket(0, one)])
        day.add(one)
        #expect(try await read(fixture, .day, nil) == [bucket(0, day), bucket(86_400, one)])
        #expect(try await read(fixture, .minute, RecordID(high: 1, low: 1)).isEmpty)
    }

    @Test("A span includes its start and not its end, and a limit keeps the oldest", arguments: Fixture.Kind.allCases)
    func spans(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        try await fixture.store.addUsage((0..<5).map { delta(fixture, $0 * 60) })
        let (from, until) = (start.adding(seconds: 60), start.adding(seconds: 180))
        let found = try await read(fixture, .minute, fixture.key.id, from: from, until: until)
        #expect(found.map(\.start) == [from, start.adding(seconds: 120)])
        #expect(try await read(fixture, .minute, nil, from: from, limit: 1).map(\.start) == [from])
        #expect(try await read(fixture, .minute, nil, limit: 0).isEmpty)
    }

    @Test(
        "Tenants do not see each other's use, and one that is unknown is passed over",
        arguments: Fixture.Kind.allCases
    )
    func tenants(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let test = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        let unknown = Tenant(workspace: RecordID(high: 5, low: 5), environment: .live)
        try await fixture.store.addUsage([delta(fixture, 0, tenant: test), delta(fixture, 0, tenant: unknown)])
        #expect(try await read(fixture, .day, nil).isEmpty)
        #expect(try await fixture.store.lastUse(of: fixture.tenant) == nil)
        #expect(try await fixture.store.lastUse(of: test) == start)
        #expect(try await fixture.store.lastUse(of: unknown) == nil)
    }

    @Test("S62: the last use is the newest minute with a request", arguments: Fixture.Kind.allCases)
    func lastUse(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        try await fixture.store.addUsage([
            delta(fixture, 0), delta(fixture, 120), delta(fixture, 240, UsageCounts(redeems: 1)),
        ])
        #expect(try await fixture.store.lastUse(of: fixture.tenant) == start.adding(seconds: 120))
    }

    @Test("Each width of bucket is swept when its time is over, and not before", arguments: Fixture.Kind.allCases)
    func sweeps(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        try await fixture.store.addUsage([delta(fixture, 0)])
        for (index, period) in UsagePeriod.allCases.enumerated() {
            let end = start.adding(seconds: period.rawValue + period.keptSeconds)
            #expect(try await fixture.store.sweep(now: end.adding(seconds: -1), rowsMax: 100) == 0)
            #expect(try await fixture.store.sweep(now: end, rowsMax: 100) == 2)
            for (other, kept) in UsagePeriod.allCases.enumerated() {
                #expect(try await read(fixture, kept, fixture.key.id).count == (other > index ? 1 : 0))
                #expect(try await read(fixture, kept, nil).count == (other > index ? 1 : 0))
            }
        }
        #expect(UsagePeriod.allCases.map(\.keptSeconds) == [172_800, 3_024_000, 34_560_000])
    }

    @Test(
        "Buckets are aligned to UTC, before 1970 too",
        arguments: [
            (UsagePeriod.minute, 61, 60), (.minute, 60, 60), (.hour, 7_199, 3_600), (.day, 86_401, 86_400),
            (.day, -1, -86_400), (.minute, -60, -60), (.minute, -61, -120),
        ] as [(UsagePeriod, Int64, Int64)]
    )
    func aligns(period: UsagePeriod, seconds: Int64, start: Int64) {
        #expect(period.start(of: UnixTime(seconds: seconds)) == UnixTime(seconds: start))
    }

    @Test("No time is so far away that a bucket can not be named", arguments: UsagePeriod.allCases)
    func extremes(period: UsagePeriod) {
        for time in [UnixTime(milliseconds: .min), UnixTime(milliseconds: .max)] {
            #expect(period.start(of: time) <= time || time.milliseconds == .min)
        }
    }
}

@Suite("Keys that end, in every store")
struct NoticeContractTests {
    private let start = Fixture.start

    private func make(_ fixture: Fixture, _ number: UInt64, endsIn seconds: Int64?) async throws -> APIKeyRecord {
        var key = Fixture.apiKey(RecordID(high: 100, low: number), fixture.tenant)
        key.expiresAt = seconds.map { start.adding(seconds: $0) }
        #expect(
            try await fixture.store.createAPIKey(CreateAPIKey(key: key, now: start, audit: [])) == .done(.created)
        )
        return key
    }

    @Test("They come in the order of their ends, page by page, without those revoked", arguments: Fixture.Kind.allCases)
    func lists(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let (late, early, same) = (
            try await make(fixture, 1, endsIn: 300), try await make(fixture, 3, endsIn: 100),
            try await make(fixture, 2, endsIn: 100)
        )
        _ = try await make(fixture, 4, endsIn: nil)
        _ = try await make(fixture, 5, endsIn: 301)
        _ = try await make(fixture, 6, endsIn: 50)
        let revoked = try await make(fixture, 7, endsIn: 200)
        _ = try await fixture.store.changeAPIKey(
            revoked.id,
            of: fixture.tenant,
            change: .revoke(at: start),
            now: start,
            audit: []
        )
        func list(_ cursor: ExpiryCursor, limit: Int = 9) async throws -> [APIKeyRecord] {
            let until = start.adding(seconds: 300)
            return try await fixture.store.expiringKeys(after: cursor, until: until, limit: limit).map(\.key)
        }
        #expect(try await list(ExpiryCursor(after: start.adding(seconds: 50))) == [same, early, late])
        #expect(try await list(ExpiryCursor(after: start.adding(seconds: 50)), limit: 1) == [same])
        #expect(
            try await list(ExpiryCursor(expiresAt: start.adding(seconds: 100), key: same.id)) == [early, late]
        )
        #expect(try await list(ExpiryCursor(after: start.adding(seconds: 300))).isEmpty)
    }

    @Test(
        "S45: a notice is recorded once for each end and number of days, with its event",
        arguments: Fixture.Kind.allCases
    )
    func records(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let key = try await make(fixture, 1, endsIn: 300)
        let end = start.adding(seconds: 300)
        func record(_ days: Int, _ expiresAt: UnixTime) async throws -> Bool {
            try await fixture.store.recordNotice(
                RecordNotice(
                    key: key.id,
                    expiresAt: expiresAt,
                    days: days,
                    now: start,
                    audit: [fixture.draft("key.expiring")]
                )
            )
        }
        func noticed() async throws -> Int? {
            try await fixture.store.expiringKeys(after: ExpiryCursor(after: start), until: end, limit: 1)[0].noticedDays
        }
        #expect(try await noticed() == nil)
        #expect(try await record(30, end))
        #expect(try await noticed() == 30)
        #expect(try await record(7, end))
        #expect(try await record(7, end) == false)
        #expect(try await noticed() == 7)
        #expect(try await record(1, end.adding(seconds: 1)))
        #expect(try await noticed() == 7)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 9).count == 3)
        #expect(try await fixture.store.sweep(now: end.adding(seconds: -1), rowsMax: 9) == 0)
        #expect(try await fixture.store.sweep(now: end, rowsMax: 9) == 2)
        #expect(try await fixture.store.sweep(now: end.adding(seconds: 1), rowsMax: 9) == 1)
    }

    @Test("Of racing notices one is recorded", arguments: Fixture.Kind.allCases)
    func races(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let key = try await make(fixture, 1, endsIn: 300)
        let count = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 {
                let notice = RecordNotice(
                    key: key.id,
                    expiresAt: start.adding(seconds: 300),
                    days: 7,
                    now: start,
                    audit: [fixture.draft()]
                )
                group.addTask { try await fixture.store.recordNotice(notice) }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(count == 1)
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 99).count == 1)
    }
}

@Suite("The ends of the audit chains, in every store")
struct AuditChainContractTests {
    private let start = Fixture.start

    private func append(_ fixture: Fixture, count: Int) async throws -> [AuditDraft] {
        var drafts: [AuditDraft] = []
        for index in 0..<count {
            let at = start.adding(seconds: Int64(index))
            drafts.append(fixture.draft("a.b\(index % 2)", at: at))
            try await fixture.store.appendAudit([drafts[index]], now: at)
        }
        return drafts
    }

    @Test("A chain tells its newest link", arguments: Fixture.Kind.allCases)
    func heads(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        #expect(try await fixture.store.auditChains().isEmpty)
        let drafts = try await append(fixture, count: 3)
        let last = try await fixture.store.auditChain(1, after: 2, limit: 9)[0]
        let head = AuditHead(chain: 1, sequence: 3, mac: last.mac, event: drafts[2].id)
        #expect(try await fixture.store.auditChains() == [AuditChainState(chain: 1, head: head)])
    }

    @Test(
        "What is too old goes from the start, within the bound, and a sealed checkpoint stands for it",
        arguments: Fixture.Kind.allCases
    )
    func sweeps(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let drafts = try await append(fixture, count: 10)
        let chain = try await fixture.store.auditChain(1, after: 0, limit: 99)
        #expect(try await fixture.store.sweepAudit(before: start, rowsMax: 9) == 0)
        #expect(try await fixture.store.auditChains()[0].checkpoint == nil)
        let limit = start.adding(seconds: 5)
        #expect(try await fixture.store.sweepAudit(before: limit, rowsMax: 3) == 3)
        #expect(try await fixture.store.sweepAudit(before: limit, rowsMax: 9) == 2)
        #expect(try await fixture.store.sweepAudit(before: limit, rowsMax: 9) == 0)
        // A walk begins before everything there may be.
        #expect(try await fixture.store.auditChain(1, after: .min, limit: 1).first?.sequence == 6)
        let checkpoint = try #require(try await fixture.store.auditChains()[0].checkpoint)
        #expect(checkpoint.sequence == 5)
        #expect(checkpoint.mac == chain[4].mac)
        #expect(checkpoint.at == drafts[4].at)
        #expect(checkpoint.seal == TestSealer().seal(checkpoint.canonicalBytes))
        #expect(try await fixture.store.auditChain(1, after: 0, limit: 99) == Array(chain[5...]))
        #expect(try await fixture.store.auditChain(1, after: 6, limit: 2) == Array(chain[6...7]))
        let page = PageRequest(limit: 100)
        let listed = try await fixture.store.auditEvents(of: fixture.tenant, filter: AuditFilter(), page: page)
        #expect(listed.records.map(\.draft) == drafts[5...].reversed())
        let odd = AuditFilter(type: "a.b1")
        #expect(
            try await fixture.store.auditEvents(of: fixture.tenant, filter: odd, page: page).records.count == 3
        )
    }

    @Test("The newest event stays however old it is, and the chain goes on behind it", arguments: Fixture.Kind.allCases)
    func keepsNewest(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        _ = try await append(fixture, count: 3)
        let late = start.adding(seconds: 1_000_000)
        #expect(try await fixture.store.sweepAudit(before: late, rowsMax: 99) == 2)
        #expect(try await fixture.store.sweepAudit(before: late, rowsMax: 99) == 0)
        let left = try await fixture.store.auditChain(1, after: 0, limit: 99)[0]
        try await fixture.store.appendAudit([fixture.draft(at: late)], now: late)
        let next = try await fixture.store.auditChain(1, after: 3, limit: 99)[0]
        #expect(next.sequence == 4)
        let canonical = AuditRecord.canonicalBytes(previous: left.mac, chain: 1, sequence: 4, draft: next.draft)
        #expect(next.mac == TestSealer().seal(canonical))
    }

    @Test("A checkpoint's bytes stand in the documented order and are fewer than any event's")
    func checkpointBytes() {
        let mac = [UInt8](repeating: 7, count: 32)
        let checkpoint = AuditCheckpoint(chain: 1, sequence: 0x0203, mac: mac, at: UnixTime(milliseconds: 5))
        let numbers: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 5]
        let label = Array("tokenservice audit checkpoint v1".utf8)
        #expect(checkpoint.canonicalBytes == label + numbers + mac)
        #expect(label.count == 32)
        let empty = AuditDraft(
            id: RecordID(high: 0, low: 0),
            type: "",
            at: UnixTime(milliseconds: 0),
            tenant: nil,
            actor: "",
            target: "",
            requestID: ""
        )
        let event = AuditRecord.canonicalBytes(previous: mac, chain: 1, sequence: 1, draft: empty)
        #expect(checkpoint.canonicalBytes.count < event.count)
    }
}
