import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Usage")
struct UsageTests {
    private static func numbers(_ value: JSONValue?) -> [String: Int64] {
        var numbers: [String: Int64] = [:]
        for member in value?.members ?? [] { numbers[member.name] = member.value.integer }
        return numbers
    }

    @Test("S63: requests, errors, mints and redeems are counted for the key and its workspace")
    func counts() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:write", "tokens:write", "invites:read"])
        let (id, key) = (try #require(made["id"]), try #require(made["secret"]))
        let item = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
        let invite = await service.send(.post, "/v1/invites", body: item, key: key)
        let batch = #"{"invites":[\#(item),\#(item),{"campaign_id":"c"}]}"#
        #expect(await service.send(.post, "/v1/invites/batch", body: batch, key: key).status == 200)
        #expect(await service.send(.post, "/v1/participant-tokens", body: item, key: key).status == 201)
        #expect(await service.redeem(try #require(invite["invite_token"])).status == 201)
        #expect(await service.redeem(try #require(invite["invite_token"])).status == 409)
        #expect(await service.send(.get, "/v1/api-keys", key: key).status == 403)
        #expect(await service.send(.post, "/v1/invites", body: "{}", key: key).status == 400)
        service.faults.arm(name: "invites")
        #expect(await service.send(.get, "/v1/invites", key: key).status == 503)
        service.faults.arm(nil)
        await service.services.storeUsage()
        let answer = await service.admin(.get, "/v1/api-keys/\(id)/usage?granularity=minute")
        #expect(answer.status == 200, "\(answer.text)")
        let expected: [String: Int64] = [
            "requests": 6, "errors": 3, "client_errors": 2, "server_errors": 1, "mints": 4, "redeems": 1,
        ]
        #expect(Self.numbers(answer.json?["totals"]).filter { $0.key != "error_rate" } == expected)
        #expect(answer.text.contains(#""error_rate":0.5000"#))
        #expect(answer["granularity"] == "minute")
        #expect(answer["api_key_id"] == id)
        let buckets = try #require(answer.json?["data"]?.elements)
        #expect(buckets.count == 1)
        #expect(buckets.first?["requests"]?.integer == 6)
        #expect(buckets.first?["start_at"]?.string == RFC3339.text(UsagePeriod.minute.start(of: service.time.now())))
        let all = await service.admin(.get, "/v1/usage")
        #expect(all.status == 200, "\(all.text)")
        // The key's and the one request that made it.
        #expect(Self.numbers(all.json?["totals"])["requests"] == 7)
        #expect(Self.numbers(all.json?["totals"])["mints"] == 4)
        #expect(all["granularity"] == "hour")
    }

    @Test("S63: buckets by minute, hour and day", arguments: [("minute", 3), ("hour", 2), ("day", 2)])
    func granularity(name: String, count: Int) async throws {
        let service = try await ServiceHarness()
        let start = UsagePeriod.day.start(of: service.time.now()).adding(seconds: 2 * 86_400 - 120)
        service.time.setWall(start)
        for _ in 0..<3 {
            _ = await service.admin(.get, "/v1/invites")
            service.time.advance(seconds: 60)
        }
        await service.services.storeUsage()
        let query = "?granularity=\(name)&since=\(RFC3339.text(start))&until=\(RFC3339.text(service.time.now()))"
        let answer = await service.admin(.get, "/v1/usage" + query)
        #expect(answer.json?["data"]?.elements.count == count, "\(answer.text)")
        #expect(answer.json?["totals"]?["requests"]?.integer == 3)
    }

    @Test("S62: the last use is shown to the minute, for a key and for all")
    func lastUsed() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let path = "/v1/api-keys/\(try #require(made["id"]))"
        #expect(await service.admin(.get, path + "/usage").json?["last_used_at"]?.isNull == true)
        service.time.advance(seconds: 600)
        let used = service.time.now()
        _ = await service.send(.get, "/v1/invites", key: made["secret"])
        await Upkeep(services: service.services).storeCounts()
        service.time.advance(seconds: 600)
        #expect(await service.admin(.get, path + "/usage")["last_used_at"] == RFC3339.text(used))
        #expect(await service.admin(.get, path)["last_used_at"] == RFC3339.text(used))
        let all = await service.admin(.get, "/v1/usage")
        #expect(all["last_used_at"] == RFC3339.text(UsagePeriod.minute.start(of: used)))
    }

    @Test(
        "A bad query names its parameter",
        arguments: [
            ("granularity=week", "granularity"), ("granularity=", "granularity"), ("since=yesterday", "since"),
            ("until=2027-13-01T00:00:00Z", "until"), ("since=2027-01-20T00:00:00Z&until=2027-01-19T00:00:00Z", "since"),
            ("granularity=minute&since=2026-01-01T00:00:00Z", "since"), ("limit=5", "limit"),
            ("since=0000-01-01T00:00:00Z", "since"), ("until=9999-12-31T23:59:59Z&since=0001-01-01T00:00:00Z", "since"),
        ]
    )
    func badQuery(query: String, param: String) async throws {
        let service = try await ServiceHarness()
        let answer = await service.admin(.get, "/v1/usage?" + query)
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.param == param, "\(answer.text)")
    }

    @Test("It needs the scope, and another tenant's key is not there")
    func access() async throws {
        let service = try await ServiceHarness()
        let other = try await ServiceHarness(seed: 9)
        let made = await service.makeKey(scopes: ["invites:read"])
        #expect(await service.send(.get, "/v1/usage", key: made["secret"]).code == "insufficient_scope")
        let reader = await service.makeKey(scopes: ["usage:read"])
        #expect(await service.send(.get, "/v1/usage", key: reader["secret"]).status == 200)
        let path = "/v1/api-keys/\(TypeID.text(.apiKey, other.setup.apiKey))/usage"
        #expect(await service.send(.get, path, key: reader["secret"]).status == 404)
        #expect(await service.admin(.get, "/v1/api-keys/nonsense/usage").status == 404)
    }

    @Test("Counting asks the store for nothing")
    func hotPath() async throws {
        let service = try await ServiceHarness()
        _ = await service.mint()
        service.faults.arm(nil)
        for _ in 0..<50 { #expect(await service.mint().status == 201) }
        #expect(service.faults.calls == Array(repeating: "createInvites", count: 50))
    }

    @Test("What can not be stored is kept for the next time, and what may be stored is not stored twice")
    func failures() async throws {
        let service = try await ServiceHarness()
        func stored() async -> Int64? {
            await service.admin(.get, "/v1/usage").json?["totals"]?["mints"]?.integer
        }
        _ = await service.mint()
        service.faults.arm(name: "addUsage")
        await service.services.storeUsage()
        service.faults.arm(nil)
        #expect(await stored() == 0)
        await service.services.storeUsage()
        #expect(await stored() == 1)
        _ = await service.mint()
        service.faults.arm(name: "addUsage", error: .unknownOutcome("lost"), moment: .after)
        await service.services.storeUsage()
        service.faults.arm(nil)
        await service.services.storeUsage()
        #expect(await stored() == 2)
    }

    @Test("Nothing is lost between many threads that count and one that stores")
    func exact() async throws {
        let ledger = UsageLedger()
        let tenant = Tenant(workspace: RecordID(high: 1, low: 1), environment: .live)
        let taken = await withTaskGroup(of: Int64.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for index in 0..<5_000 {
                        let key = RecordID(high: 1, low: UInt64(index % 7))
                        ledger.requested(tenant, apiKey: key, status: 200, now: UnixTime(seconds: Int64(task)))
                    }
                    return 0
                }
            }
            group.addTask {
                var sum: Int64 = 0
                for _ in 0..<100 {
                    sum += ledger.take().reduce(0) { $0 + $1.counts.requests }
                    await Task.yield()
                }
                return sum
            }
            return await group.reduce(0, +)
        }
        #expect(taken + ledger.take().reduce(0) { $0 + $1.counts.requests } == 20_000)
        #expect(ledger.take().isEmpty)
    }

    @Test("Memory is bounded: half full it rings, full it says what it leaves out, and those known still count")
    func bounded() async {
        let ledger = UsageLedger()
        let tenant = Tenant(workspace: RecordID(high: 1, low: 1), environment: .live)
        let now = UnixTime(seconds: 60)
        for index in 0..<(2 * ServiceLimits.usageEntriesMax) {
            ledger.minted(1, tenant, apiKey: RecordID(high: 1, low: UInt64(index)), now: now)
        }
        #expect(ledger.dropped == ServiceLimits.usageEntriesMax)
        ledger.minted(5, tenant, apiKey: RecordID(high: 1, low: 0), now: now)
        var rings = ledger.doorbell.rings.makeAsyncIterator()
        #expect(await rings.next() != nil)
        let taken = ledger.take()
        #expect(taken.count == ServiceLimits.usageEntriesMax)
        #expect(taken.first { $0.apiKey.low == 0 }?.counts.mints == 6)
        ledger.restore(taken)
        #expect(ledger.take().count == taken.count)
    }

    @Test(
        "Error rates have four digits and lie between 0 and 1",
        arguments: [
            (0, 0, "0"), (5, 0, "0"), (3, 1, "0.3333"), (3, 2, "0.6667"), (2, 2, "1"), (100_000, 1, "0.0000"),
            (1_000_000, 999_999, "1"), (10_000, 1, "0.0001"), (1, 2, "1"),
        ] as [(Int64, Int64, String)]
    )
    func rates(requests: Int64, errors: Int64, text: String) {
        #expect(UsageCounts(requests: requests, clientErrors: errors).errorRate == text)
    }
}
