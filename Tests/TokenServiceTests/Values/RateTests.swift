import Platform
import Testing

@testable import TokenService

@Suite("Rates")
struct RateTests {
    static let start = UnixTime(seconds: 1_800_000_000)

    @Test("A window gives exactly its limit, tells what remains, and starts anew each minute")
    func meter() {
        let meter = RateMeter()
        for used in 1...3 {
            let state = meter.count(limit: 3, now: Self.start.adding(seconds: Int64(used)))
            #expect(state == RateState(limit: 3, remaining: 3 - used, resetSeconds: 1_800_000_060, isAllowed: true))
        }
        let refused = meter.count(limit: 3, now: Self.start.adding(seconds: 59))
        #expect(refused == RateState(limit: 3, remaining: 0, resetSeconds: 1_800_000_060, isAllowed: false))
        let next = meter.count(limit: 3, now: Self.start.adding(seconds: 60))
        #expect(next == RateState(limit: 3, remaining: 2, resetSeconds: 1_800_000_120, isAllowed: true))
    }

    @Test("A clock that goes back gives no window twice")
    func backwards() {
        let meter = RateMeter()
        #expect(meter.count(limit: 1, now: Self.start.adding(seconds: 60)).isAllowed)
        #expect(!meter.count(limit: 1, now: Self.start.adding(seconds: 58)).isAllowed)
        #expect(!meter.count(limit: 1, now: Self.start.adding(seconds: 61)).isAllowed)
    }

    @Test("A clock that was far ahead and is set right leaves no window in the time to come")
    func setRight() throws {
        let meter = RateMeter()
        let addresses = AddressLimiter(limit: 1)
        let address = try #require(IPAddress(parsing: "192.0.2.1"))
        for ahead: Int64 in [3600, 30 * 86_400] {
            #expect(meter.count(limit: 1, now: Self.start.adding(seconds: ahead)).isAllowed)
            #expect(addresses.admits(address, now: Self.start.adding(seconds: ahead)))
            for minute: Int64 in 0..<3 {
                let now = Self.start.adding(seconds: 60 * minute)
                #expect(meter.count(limit: 1, now: now).isAllowed)
                #expect(!meter.count(limit: 1, now: now).isAllowed)
                #expect(addresses.admits(address, now: now))
                #expect(!addresses.admits(address, now: now))
            }
        }
    }

    @Test("Counting is exact under concurrency")
    func concurrent() async {
        let meter = RateMeter()
        let allowed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<500).count { _ in meter.count(limit: 1000, now: Self.start).isAllowed } }
            }
            return await group.reduce(0, +)
        }
        #expect(allowed == 1000)
    }

    @Test("The last use is handed out once for each minute")
    func uses() {
        let meter = RateMeter()
        #expect(meter.takeUse() == nil)
        _ = meter.count(limit: 9, now: Self.start)
        #expect(meter.takeUse() == Self.start)
        #expect(meter.takeUse() == nil)
        _ = meter.count(limit: 9, now: Self.start.adding(seconds: 30))
        #expect(meter.takeUse() == nil)
        _ = meter.count(limit: 9, now: Self.start.adding(seconds: 60))
        #expect(meter.takeUse() == Self.start.adding(seconds: 60))
    }

    @Test("An address has its limit a minute, and no more")
    func addresses() throws {
        let limiter = AddressLimiter(limit: 2)
        let one = IPAddress(v4: 0xC000_0201)
        let two = IPAddress(v4: 0xC000_0202)
        #expect(limiter.admits(one, now: Self.start))
        #expect(limiter.admits(one, now: Self.start))
        #expect(!limiter.admits(one, now: Self.start.adding(seconds: 59)))
        #expect(limiter.admits(two, now: Self.start))
        #expect(limiter.admits(one, now: Self.start.adding(seconds: 60)))
    }

    @Test("An IPv6 customer is counted by the /64")
    func customers() throws {
        let limiter = AddressLimiter(limit: 1)
        #expect(limiter.admits(IPAddress(v6: 0x2001_0db8_0000_0001, 1), now: Self.start))
        #expect(!limiter.admits(IPAddress(v6: 0x2001_0db8_0000_0001, 2), now: Self.start))
        #expect(!limiter.admits(IPAddress(v6: 0x2001_0db8_0000_0001, .max), now: Self.start))
        #expect(limiter.admits(IPAddress(v6: 0x2001_0db8_0000_0002, 1), now: Self.start))
    }

    @Test("Beyond the bound, new addresses share one window and known ones keep theirs")
    func overflow() {
        let limiter = AddressLimiter(limit: 2)
        for index in 0..<UInt32(AddressLimiter.addressesMax) {
            #expect(limiter.admits(IPAddress(v4: index), now: Self.start))
        }
        let beyond = UInt32(AddressLimiter.addressesMax)
        #expect(limiter.admits(IPAddress(v4: beyond), now: Self.start))
        #expect(limiter.admits(IPAddress(v4: beyond + 1), now: Self.start))
        #expect(!limiter.admits(IPAddress(v4: beyond + 2), now: Self.start))
        #expect(limiter.admits(IPAddress(v4: 0), now: Self.start))
        #expect(!limiter.admits(IPAddress(v4: 0), now: Self.start))
        #expect(limiter.admits(IPAddress(v4: beyond), now: Self.start.adding(seconds: 60)))
    }

    @Test("Without a limit everything is admitted")
    func off() {
        let limiter = AddressLimiter(limit: nil)
        #expect((0..<10_000).allSatisfy { _ in limiter.admits(.loopback, now: Self.start) })
    }

    @Test("The rest of a window is from 1 to 60 seconds", arguments: [(Int64(0), 60), (1, 59), (59, 1), (60, 60)])
    func reset(offset: Int64, seconds: Int) {
        let limiter = AddressLimiter(limit: 1)
        #expect(limiter.secondsToReset(now: Self.start.adding(seconds: offset)) == seconds)
    }
}
