import Platform
import Synchronization
import TestSupport
import Testing

@testable import TokenService

@Suite("The worker for slow hashes")
struct SlowHashQueueTests {
    private static let hashes = ["$2a$", "$2b$", "$2y$"].map {
        BcryptHash(parsing: $0 + "04$abcdefghijklmnopqrstuu67mSs1gBxW2hcIZ97sttFR/YbgxnPYi")
    }

    @Test("It gives the position of the first hash that fits, or none")
    func positions() async throws {
        let queue = SlowHashQueue(time: ManualTimeSource())
        let secret = Array("sk_abcdefgh0123456789".utf8)
        #expect(try await queue.firstMatch(secret, Self.hashes) == 0)
        #expect(try await queue.firstMatch(secret, [nil] + Self.hashes) == 1)
        #expect(try await queue.firstMatch([1, 2, 3], Self.hashes) == nil)
        #expect(try await queue.firstMatch(secret, []) == nil)
    }

    @Test(
        "One check runs at a time, sixteen wait, and the next is 503; all that wait are answered",
        .timeLimit(.minutes(1))
    )
    func bounded() async throws {
        let gate = Latch()
        let running = Atomic(0)
        let most = Atomic(0)
        let queue = SlowHashQueue(time: ManualTimeSource()) { _, _ in
            most.max(running.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
            gate.wait()
            running.subtract(1, ordering: .relaxed)
            return true
        }
        let count = ServiceLimits.slowHashesWaitingMax + 8
        let (answered, refused) = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<count {
                group.addTask {
                    do throws(Problem) {
                        return try await queue.firstMatch([1], Self.hashes) == 0
                    } catch {
                        return error.code != .unavailable
                    }
                }
            }
            // One runs and sixteen wait at most, so that at least seven are refused before the gate opens.
            var refused = 0
            for _ in 0..<7 where await group.next() == false { refused += 1 }
            gate.open()
            var answered = 0
            while let isAnswered = await group.next() { if isAnswered { answered += 1 } else { refused += 1 } }
            return (answered, refused)
        }
        #expect(answered + refused == count)
        #expect((7...8).contains(refused))
        #expect(most.load(ordering: .relaxed) == 1)
        #expect(try await queue.firstMatch([1], Self.hashes) == 0)
    }

    @Test("A check that waited too long is given up with 503", .timeLimit(.minutes(1)))
    func deadline() async throws {
        let time = ManualTimeSource()
        let gate = Latch()
        let queue = SlowHashQueue(time: time) { secret, _ in
            if secret == [1] { gate.wait() }
            return true
        }
        let first = Task { try await queue.firstMatch([1], Self.hashes) }
        while !queue.isRunning || queue.waitingCount > 0 { await Task.yield() }
        let second = Task { try await queue.firstMatch([2], Self.hashes) }
        while queue.waitingCount < 1 { await Task.yield() }
        time.advance(milliseconds: ServiceLimits.slowHashWaitMilliseconds)
        gate.open()
        // The first was begun in time, however long it took.
        #expect(try await first.value == 0)
        let problem = await #expect(throws: Problem.self) { try await second.value }
        #expect(problem?.code == .unavailable)
        #expect(problem?.retryAfterSeconds != nil)
    }
}
