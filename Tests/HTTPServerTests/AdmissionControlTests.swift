import HTTPServer
import Platform
import Testing

@Suite("Room for another request")
struct AdmissionControlTests {
    /// Admission under a clock that the test moves: windows of a tenth of a second, so many answers in each.
    private final class Loop {
        var control: AdmissionControl
        var milliseconds = 1_000

        init(_ change: (inout HTTPLimits) -> Void = { _ in }) {
            var limits = HTTPLimits()
            change(&limits)
            control = AdmissionControl(limits: limits, now: MonotonicInstant(nanoseconds: 1_000_000_000))
        }

        /// Lets a tenth of a second pass with these answers; what is said of the end of an overload.
        @discardableResult
        func window(answers: Int, waited: UInt64, late: Int = 0, idle: UInt64 = 0) -> Int? {
            control.idled(nanoseconds: idle * 1_000_000)
            for _ in 0..<answers - late { control.answered(afterNanoseconds: waited * 1_000_000) }
            for _ in 0..<late { control.answered(afterNanoseconds: 51_000_000) }
            milliseconds += 100
            return control.takeStock(now: MonotonicInstant(nanoseconds: UInt64(milliseconds) * 1_000_000))
        }

        func admits(_ inHand: Int, _ urgency: HTTPUrgency = .normal) -> Bool {
            control.admits(urgency, inHand: inHand)
        }
    }

    @Test(
        "A burst is taken up to its bound, half as many again of high urgency, and health always",
        arguments: [
            (HTTPUrgency.normal, 0, true), (.normal, 2047, true), (.normal, 2048, false), (.high, 2048, true),
            (.high, 3071, true), (.high, 3072, false), (.always, 3072, true), (.always, 1 << 40, true),
        ]
    )
    func burst(urgency: HTTPUrgency, inHand: Int, expected: Bool) {
        let loop = Loop()
        #expect(loop.admits(inHand, urgency) == expected)
        #expect(loop.control.isShedding == !expected)
    }

    @Test("Answers in time, however many, bring no bound down, and neither do a few late ones among them")
    func inTime() {
        let loop = Loop()
        for _ in 0..<50 {
            loop.window(answers: 1_000, waited: 50)
            loop.window(answers: 1_000, waited: 1, late: 500)
            #expect(!loop.control.isShedding && loop.control.boundInHand == 2048)
        }
        #expect(loop.admits(2047))
    }

    @Test(
        "Where most answers are late, as many are taken as are answered in the time that they may wait",
        arguments: [(700, 350), (1_400, 700), (100, 256), (1, 256), (10_000, 2048)]
    )
    func pace(answersInWindow: Int, bound: Int) {
        let loop = Loop()
        loop.window(answers: 10, waited: 51)
        #expect(loop.control.isShedding)
        for _ in 0..<60 { loop.window(answers: answersInWindow, waited: 60) }
        // The mean over windows comes near from below, and whole numbers stop it a little short.
        #expect((bound - 4...bound).contains(loop.control.boundInHand))
        #expect(loop.admits(loop.control.boundInHand - 1))
        #expect(!loop.admits(loop.control.boundInHand))
        #expect(loop.admits(loop.control.boundInHand, .high))
        #expect(!loop.admits(loop.control.boundInHand * 3 / 2, .high))
    }

    @Test("Answers that are late although the loop has time to spare are no overload, and end one")
    func slowStore() {
        let loop = Loop()
        for _ in 0..<50 {
            loop.window(answers: 100, waited: 200, idle: 50)
            #expect(!loop.control.isShedding && loop.admits(2047))
        }
        loop.window(answers: 100, waited: 200, idle: 49)
        #expect(loop.control.isShedding && !loop.admits(2047))
        for _ in 0..<10 { #expect(loop.window(answers: 100, waited: 200, idle: 50) == nil) }
        #expect(loop.window(answers: 100, waited: 200, idle: 50) == 1)
        #expect(loop.admits(2047))
    }

    @Test("256 connections that ask one after the other are never refused, however late their answers are")
    func closedLoop() {
        let loop = Loop()
        for _ in 0..<100 {
            loop.window(answers: 20, waited: 5_000)
            for inHand in 0..<256 { #expect(loop.admits(inHand)) }
        }
    }

    @Test("An overload is over when nothing was refused for a second, and the refusals are told once")
    func over() {
        let loop = Loop()
        loop.window(answers: 100, waited: 60)
        #expect(!loop.admits(2048) && !loop.admits(300) && loop.control.refusedCount == 2)
        #expect(loop.window(answers: 100, waited: 10) == nil)
        for _ in 0..<9 { #expect(loop.window(answers: 100, waited: 10) == nil) }
        #expect(loop.control.isShedding)
        #expect(loop.window(answers: 100, waited: 10) == 2)
        #expect(!loop.control.isShedding && loop.admits(2047) && loop.control.refusedCount == 0)
        for _ in 0..<20 { #expect(loop.window(answers: 100, waited: 10) == nil) }
    }

    @Test("A refusal, or answers that are late again, let it go on")
    func goesOn() {
        let loop = Loop()
        loop.window(answers: 100, waited: 60)
        #expect(!loop.admits(300))
        for _ in 0..<9 { loop.window(answers: 100, waited: 10) }
        #expect(!loop.admits(300))
        for _ in 0..<9 { #expect(loop.window(answers: 100, waited: 10) == nil) }
        for _ in 0..<20 { #expect(loop.window(answers: 100, waited: 60) == nil) }
        #expect(loop.control.isShedding)
        #expect(loop.window(answers: 100, waited: 10) == 2)
    }

    @Test("No limit, and no pause, is too great to count with")
    func extremes() {
        let loop = Loop {
            $0.requestsInHandMax = 1
            $0.requestsInHandMin = .max
            $0.queueMilliseconds = .max
        }
        loop.control.idled(nanoseconds: .max)
        loop.control.idled(nanoseconds: .max)
        #expect(loop.control.takeStock(now: MonotonicInstant(nanoseconds: .max)) == nil)
        #expect(loop.admits(0) && !loop.admits(1))
        #expect(loop.control.takeStock(now: MonotonicInstant(nanoseconds: 0)) == nil)
    }
}
