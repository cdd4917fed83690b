import HTTPServer
import Platform
import Synchronization
import Testing

/// A wall clock that is ten years off at every other look; the monotonic one is the system's.
private final class JumpingClock: TimeSource {
    private let system = SystemTimeSource()
    private let looks = Mutex(0)

    func now() -> UnixTime {
        let look = looks.withLock { looks in
            looks += 1
            return looks
        }
        return system.now().adding(seconds: [0, 315_360_000, 0, -315_360_000][look % 4])
    }

    func monotonicNow() -> MonotonicInstant { system.monotonicNow() }
}

@Suite("Deadlines and the wall clock")
struct ClockStepTests {
    @Test("A wall clock that jumps by ten years neither stops a deadline nor brings one forward")
    func deadlines() throws {
        let fixture = try ServerFixture {
            $0.time = JumpingClock()
            $0.limits.headMilliseconds = 150
            $0.limits.idleMilliseconds = 150
        }
        let begun = ContinuousClock.now
        let slow = try fixture.client()
        try slow.send("GET / HTTP/1.1\r\nHost")
        let idle = try fixture.client()
        #expect(try idle.ask("GET /a HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
        let answer = try slow.response()
        #expect(answer.status == 408 && answer.text == "head_timeout")
        #expect(begun.duration(to: .now) >= .milliseconds(140), "it came before its time")
        #expect(idle.isClosed())
        #expect(fixture.metric("http_deadlines_total{deadline=\"idle\"") == 1)
    }

    @Test("Every answer carries a Date, whatever the wall clock shows")
    func dates() throws {
        let fixture = try ServerFixture { $0.time = JumpingClock() }
        let client = try fixture.client()
        for _ in 0..<8 {
            let answer = try client.ask("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.status == 200)
            #expect(answer.head.lowercased().contains(" gmt\r\n"))
        }
    }
}
