import HTTPServer
import InviteStore
import Platform
import Synchronization
import TestSupport
import Testing

@testable import TokenService

/// Counts what tasks did.
private final class Tally: Sendable {
    private let number = Atomic(0)

    var count: Int { number.load(ordering: .relaxed) }

    func add() { number.add(1, ordering: .relaxed) }
}

/// What was done, in its order.
private final class Order: Sendable {
    private let done = Mutex<[String]>([])

    var names: [String] { done.withLock(\.self) }

    func append(_ name: String) { done.withLock { $0.append(name) } }
}

@Suite("S04: guessing passwords")
struct SignInLimitTests {
    private static let member = KeyedDigest16(high: 1, low: 2)
    private static let now = UnixTime(seconds: 1_800_000_000)

    private static func address(_ number: Int) -> IPAddress { IPAddress(v4: 0xC633_6400 + UInt32(number)) }

    @Test("S04: ten failures from one address are the most in a quarter of an hour, exactly, for members and nobodies")
    func pair() async throws {
        for email in ["grace@acme.example", "nobody@acme.example"] {
            let service = try await ServiceHarness()
            _ = try await service.makeMember()
            let start = service.time.now().seconds
            for _ in 0..<ServiceLimits.signInsOfMemberAndAddress {
                #expect(await service.signIn(email, "wrong").status == 401)
            }
            let refused = await service.signIn(email)
            #expect(refused.status == 429 && refused.code == "rate_limited", "\(refused.text)")
            let wait = try #require(Int(refused.response.field("Retry-After") ?? ""))
            #expect(Int64(wait) == 900 - start % 900)
            // Refused tries do not prolong it.
            service.time.advance(milliseconds: wait * 1_000 - 1_000)
            #expect(await service.signIn(email).status == 429)
            service.time.advance(milliseconds: 1_000)
            #expect(await service.signIn(email).status == (email.hasPrefix("grace") ? 201 : 401))
        }
    }

    @Test("S04: whoever knows the password is never counted out by signing in")
    func successes() async throws {
        let service = try await ServiceHarness()
        _ = try await service.makeMember()
        for _ in 0..<50 { #expect(await service.signIn().status == 201) }
    }

    @Test("S04: strangers who use up a member's tries do not keep it out where it is known, in any window")
    func neverLockedOut() async throws {
        let service = try await ServiceHarness()
        _ = try await service.makeMember()
        let home = try #require(IPAddress(parsing: "198.51.100.7"))
        #expect(await service.signIn(from: home).status == 201)
        for _ in 0..<3 {
            var refused = 0
            for number in 0..<(2 * ServiceLimits.signInsOfMember) {
                let stranger = IPAddress(v4: 0xCB00_7100 + UInt32(number))
                if await service.signIn("grace@acme.example", "wrong", from: stranger).status == 429 { refused += 1 }
            }
            #expect(refused == ServiceLimits.signInsOfMember)
            #expect(await service.signIn(from: home).status == 201)
            service.time.advance(milliseconds: 900_000)
        }
    }

    @Test("S04: strangers who fill the line of passwords keep out no member where it is known, and no new password")
    func crowdedOut() async throws {
        let service = try await ServiceHarness()
        _ = try await service.makeMember()
        let home = try #require(IPAddress(parsing: "198.51.100.7"))
        #expect(await service.signIn(from: home).status == 201)
        let jobs = service.services.console.passwords.jobs
        let gate = Latch()
        let running = Task { try await jobs.run { gate.wait() } }
        while !jobs.isRunning || jobs.waitingCount > 0 { await Task.yield() }
        // Fourteen addresses, ten tries each, of which as many wait as may.
        let (refused, answered) = (Tally(), Tally())
        let strangers = (0..<140).map { number in
            Task {
                let from = IPAddress(v4: 0xCB00_7100 + UInt32(number % 14))
                let answer = await service.signIn("nobody\(number)@acme.example", "wrong", from: from)
                if answer.status == 503 { refused.add() }
                return answer.status
            }
        }
        while refused.count + jobs.waitingCount < 140 { await Task.yield() }
        let waiting = jobs.waitingCount
        #expect(waiting == ServiceLimits.passwordsWaitingMax)
        let member = Task {
            let status = await service.signIn(from: home).status
            answered.add()
            return status
        }
        let made = Task { try await service.makeMember("ada@acme.example") }
        while jobs.waitingCount < waiting + 2, answered.count == 0 { await Task.yield() }
        gate.open()
        try await running.value
        #expect(await member.value == 201)
        _ = try await made.value
        for stranger in strangers { #expect([401, 503].contains(await stranger.value)) }
    }

    @Test("S04: a full line keeps no other waiting, bounds what waits of one owner, and the lines have their turns")
    func lines() async throws {
        let lines = [SlowJobLine(waitingMax: 4, waitingOfOwnerMax: 2), SlowJobLine(waitingMax: 2)]
        let jobs = SlowJobQueue("test", time: ManualTimeSource(), lines: lines, waitMillisecondsMax: 5_000)
        let gate = Latch()
        let running = Task { try await jobs.run { gate.wait() } }
        while !jobs.isRunning || jobs.waitingCount > 0 { await Task.yield() }
        let order = Order()
        // One after the other: the owner's number, and its line; true where there is room.
        let asked: [(owner: Int, line: Int, isTaken: Bool)] = [
            (1, 0, true), (1, 0, true), (1, 0, false), (2, 0, true), (3, 0, true), (4, 0, false),
            (1, 1, true), (4, 1, true), (5, 1, false),
        ]
        let refused = Tally()
        await withTaskGroup(of: Void.self) { group in
            for (number, ask) in asked.enumerated() {
                let before = (waiting: jobs.waitingCount, refused: refused.count)
                group.addTask {
                    do throws(Problem) {
                        try await jobs.run(in: ask.line, of: .address(Self.address(ask.owner))) {
                            order.append("\(ask.line)-\(ask.owner)")
                        }
                    } catch {
                        refused.add()
                    }
                }
                while jobs.waitingCount == before.waiting, refused.count == before.refused { await Task.yield() }
                #expect((jobs.waitingCount > before.waiting) == ask.isTaken, "\(number)")
            }
            gate.open()
            await group.waitForAll()
        }
        try await running.value
        #expect(order.names == ["1-1", "0-1", "1-4", "0-1", "0-2", "0-3"])
    }

    @Test("S04: tries that find no room are counted by address, where the member is not known, and by nothing else")
    func withoutRoom() throws {
        let limiter = SignInLimiter()
        let (home, office) = (Self.address(1), Self.address(2))
        limiter.takeBack(try limiter.begin(office, member: Self.member, now: Self.now), succeeded: true)
        for number in 0..<(2 * ServiceLimits.signInsWithoutRoomPerMinute) {
            limiter.takeBackWithoutRoom(try limiter.begin(office, member: Self.member, now: Self.now))
            guard number < ServiceLimits.signInsWithoutRoomPerMinute else { continue }
            let member = KeyedDigest16(high: 9, low: UInt64(number % 3))
            limiter.takeBackWithoutRoom(try limiter.begin(home, member: member, now: Self.now))
        }
        let problem = #expect(throws: Problem.self) { try limiter.begin(home, member: Self.member, now: Self.now) }
        #expect(problem?.code == .rateLimited)
        // The limits of guesses are where they were.
        _ = try limiter.begin(home, member: Self.member, now: Self.now.adding(seconds: 60))
        for number in 0..<ServiceLimits.signInsOfMemberAndAddress {
            _ = try limiter.begin(office, member: Self.member, now: Self.now.adding(seconds: 60 * Int64(number / 5)))
        }
    }

    @Test("S04: one address has twenty failures a minute over all members, and its whole /64 counts as one")
    func oneAddress() throws {
        let limiter = SignInLimiter()
        func attempt(_ low: UInt64, at now: UnixTime) -> Bool {
            let member = KeyedDigest16(high: low, low: 0)
            return (try? limiter.begin(IPAddress(v6: 0x2001_0DB8 << 32, low), member: member, now: now)) != nil
        }
        for number in 0..<20 as Range<UInt64> { #expect(attempt(number, at: Self.now)) }
        #expect(!attempt(99, at: Self.now))
        #expect(attempt(99, at: Self.now.adding(seconds: 60)))
    }

    @Test("S04: however many tries come at once, no limit is passed by one")
    func exact() async throws {
        let limiter = SignInLimiter()
        let admitted = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<500 {
                group.addTask {
                    (try? limiter.begin(Self.address(1), member: Self.member, now: Self.now)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(admitted == ServiceLimits.signInsOfMemberAndAddress)
    }

    @Test("A try that is taken back after its window is over takes nothing from the next")
    func late() throws {
        let limiter = SignInLimiter()
        let old = try limiter.begin(Self.address(1), member: Self.member, now: Self.now)
        let next = Self.now.adding(seconds: 900)
        for _ in 0..<10 { _ = try limiter.begin(Self.address(1), member: Self.member, now: next) }
        limiter.takeBack(old, succeeded: false)
        #expect(throws: Problem.self) { try limiter.begin(Self.address(1), member: Self.member, now: next) }
    }

    @Test("Beyond the bound further keys share one count, and nobody who is counted loses its own")
    func boundedTable() {
        var window = CountingWindow<Int>(seconds: 60, keysMax: 2)
        func admits(_ key: Int) -> Bool {
            guard window.wait(key, limit: 2, now: Self.now) == nil else { return false }
            window.add(1, to: key)
            return true
        }
        #expect([1, 2, 3, 4].map(admits) == [true, true, true, true])
        #expect([3, 4, 5].map(admits) == [false, false, false])
        #expect([1, 2].map(admits) == [true, true])
        #expect([1, 2].map(admits) == [false, false])
    }

    @Test("S04: more passwords at once than the worker takes are 503 with Retry-After, and no try is lost")
    func overload() async throws {
        let service = try await ServiceHarness()
        _ = try await service.makeMember()
        let jobs = SlowJobQueue("test", time: service.time, waitingMax: 1, waitMillisecondsMax: 5_000)
        let gate = Latch()
        let first = Task { try await jobs.run { gate.wait() } }
        while !jobs.isRunning || jobs.waitingCount > 0 { await Task.yield() }
        let second = Task { try await jobs.run { 2 } }
        while jobs.waitingCount < 1 { await Task.yield() }
        let problem = await #expect(throws: Problem.self) { try await jobs.run { 3 } }
        #expect(problem?.code == .unavailable && problem?.retryAfterSeconds != nil)
        gate.open()
        try await first.value
        #expect(try await second.value == 2)
    }
}
