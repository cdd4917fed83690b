import InviteStore
import Platform
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import TokenService

/// Gives out shares of one limit when the test lets it.
private final class HeldShares: RateShares {
    private struct State {
        var asks: [RateAsk] = []
        var held: [(RateAsk, CheckedContinuation<Result<RateShare, StoreError>, Never>)] = []
        var taken: [UnixTime: Int] = [:]
    }

    private let state = Mutex(State())

    var asks: [RateAsk] { state.withLock { $0.asks } }

    func lease(_ ask: RateAsk) async throws(StoreError) -> RateShare {
        let result = await withCheckedContinuation { continuation in
            state.withLock { state in
                state.asks.append(ask)
                state.held.append((ask, continuation))
            }
        }
        return try result.get()
    }

    /// Waits for the next question and answers it; returns at once where its task is cancelled.
    func answer(failing error: StoreError? = nil) async {
        while !Task.isCancelled {
            let next = state.withLock { $0.held.isEmpty ? nil : $0.held.removeFirst() }
            guard let (ask, continuation) = next else {
                await Task.yield()
                continue
            }
            if let error { return continuation.resume(returning: .failure(error)) }
            let share = state.withLock { state in
                let before = state.taken[ask.window] ?? 0
                let granted = max(0, min(ask.wanted, ask.limit - before))
                state.taken[ask.window] = before + granted
                return RateShare(granted: granted, taken: before + granted)
            }
            return continuation.resume(returning: .success(share))
        }
    }
}

@Suite("Meters that lease")
struct RateLeaseMeterTests {
    private let start = UnixTime(seconds: 1_800_000_000)
    private let shares = HeldShares()
    private let meter: RateMeter

    init() {
        let leases = RateLeases(shares: shares, time: ManualTimeSource(), registry: MetricsRegistry())
        meter = RateMeter(of: RecordID(high: 1, low: 1), leases: leases)
    }

    @Test("Many that wait ask once, and one answer serves as many as it is for")
    func herd() async throws {
        let (meter, shares, start) = (meter, shares, start)
        let allowed = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<40 { group.addTask { (try? await meter.counted(limit: 30, now: start))?.isAllowed ?? false } }
            let answering = Task { while !Task.isCancelled { await shares.answer() } }
            defer { answering.cancel() }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(allowed == 30)
        #expect(shares.asks.count <= 30)
    }

    @Test("A failure is told to all who waited; the next request asks again")
    func failure() async throws {
        let failed = Task { [meter, start] in try await meter.counted(limit: 100, now: start) }
        await shares.answer(failing: .deadlineExceeded)
        await #expect(throws: StoreError.deadlineExceeded) { try await failed.value }
        async let counted = meter.counted(limit: 100, now: start)
        await shares.answer()
        #expect(try await counted.isAllowed)
    }

    @Test("Who waits over a window's end is counted in the window that it asked in")
    func edge() async throws {
        async let old = meter.counted(limit: 100, now: start.adding(seconds: 59))
        while shares.asks.isEmpty { await Task.yield() }
        async let new = meter.counted(limit: 100, now: start.adding(seconds: 60))
        while shares.asks.count < 2 { await Task.yield() }
        await shares.answer()
        await shares.answer()
        #expect(try await old.resetSeconds == start.seconds + 60)
        #expect(try await new.resetSeconds == start.seconds + 120)
        #expect(shares.asks.map(\.window) == [start, start.adding(seconds: 60)])
        // What the old window's share had over is not carried into the new one.
        #expect(try await new.remaining <= 99)
    }

    @Test("More is leased ahead while nobody waits, and a failure of that costs nobody anything")
    func ahead() async throws {
        async let first = meter.counted(limit: 100, now: start)
        await shares.answer()
        #expect(try await first.isAllowed)
        #expect(shares.asks[0].wanted == 2)
        // The last one at hand: with it goes the question for more.
        #expect(meter.countAtOnce(limit: 100, now: start)?.isAllowed == true)
        await shares.answer(failing: .deadlineExceeded)
        #expect(shares.asks.count == 2)
        #expect(meter.countAtOnce(limit: 100, now: start) == nil)
    }

    @Test("A limit below what was leased is kept all the same")
    func lowered() async throws {
        async let first = meter.counted(limit: 1_000, now: start)
        await shares.answer()
        #expect(try await first.isAllowed)
        #expect(meter.countAtOnce(limit: 1, now: start)?.isAllowed == false)
    }
}
