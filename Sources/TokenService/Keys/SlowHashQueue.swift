package import Platform
import Synchronization

/// Checks slow hashes on one thread of its own, which runs only while there is something to check.
///
/// At most ``ServiceLimits/slowHashesWaitingMax`` checks wait, none for longer than
/// ``ServiceLimits/slowHashWaitMilliseconds``: beyond either the answer is 503.
package final class SlowHashQueue: Sendable {
    private struct Check: Sendable {
        let secret: [UInt8]
        let hashes: [BcryptHash?]
        let submittedAt: MonotonicInstant
        let answer: @Sendable (Result<Int?, Problem>) -> Void
    }

    private struct State {
        var waiting: [Check] = []
        var isRunning = false
    }

    private let time: any TimeSource
    private let matches: @Sendable (_ secret: [UInt8], _ hash: BcryptHash) -> Bool
    private let state = Mutex(State())

    /// - Parameter matches: what checks one hash; the real one, but in tests.
    package init(
        time: any TimeSource,
        matches: @escaping @Sendable (_ secret: [UInt8], _ hash: BcryptHash) -> Bool = { $1.matches($0) }
    ) {
        self.time = time
        self.matches = matches
    }

    /// Checks that wait, beside the one that runs.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Whether the worker runs.
    package var isRunning: Bool { state.withLock { $0.isRunning } }

    /// The position of the first hash that the secret has; nil where it has none of them.
    package func firstMatch(_ secret: [UInt8], _ hashes: [BcryptHash?]) async throws(Problem) -> Int? {
        let submittedAt = time.monotonicNow()
        let result: Result<Int?, Problem> = await withCheckedContinuation { continuation in
            submit(
                Check(secret: secret, hashes: hashes, submittedAt: submittedAt) { continuation.resume(returning: $0) }
            )
        }
        return try result.get()
    }

    private func submit(_ check: Check) {
        let (isTaken, starts) = state.withLock { state in
            guard state.waiting.count < ServiceLimits.slowHashesWaitingMax else { return (false, false) }
            state.waiting.append(check)
            defer { state.isRunning = true }
            return (true, !state.isRunning)
        }
        guard isTaken else { return check.answer(.failure(Self.busy("too many checks of imported keys"))) }
        guard starts else { return }
        do {
            try Thread(name: "slow hashes") { [self] in work() }.detach()
        } catch {
            let refused = state.withLock { state in
                defer { state = State() }
                return state.waiting
            }
            for check in refused { check.answer(.failure(Self.busy("no thread: \(error)"))) }
        }
    }

    /// Works off what waits, then ends.
    private func work() {
        while let check = next() {
            let latest = check.submittedAt.adding(milliseconds: ServiceLimits.slowHashWaitMilliseconds)
            guard time.monotonicNow() < latest else {
                check.answer(.failure(Self.busy("a check of an imported key waited too long")))
                continue
            }
            let position = check.hashes.firstIndex { hash in hash.map { matches(check.secret, $0) } ?? false }
            check.answer(.success(position))
        }
    }

    private func next() -> Check? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                return nil
            }
            return state.waiting.removeFirst()
        }
    }

    private static func busy(_ reason: String) -> Problem { .unavailable(reason) }
}
