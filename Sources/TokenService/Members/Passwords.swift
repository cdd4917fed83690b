package import OpenSSLKit
package import Platform

/// Hashes and checks members' passwords, one at a time, on a thread of their own.
///
/// At most ``ServiceLimits/passwordsWaitingMax`` wait, none for longer than
/// ``ServiceLimits/slowHashWaitMilliseconds``: beyond either the answer is 503.
package final class Passwords: Sendable {
    private let jobs: SlowJobQueue
    private let cost: ScryptCost
    private let random: any RandomSource
    /// What is compared where there is no member.
    private let decoy: PasswordHash

    /// - Parameter worker: what the passwords are hashed on; a thread, but in tests.
    package init(
        cost: ScryptCost,
        time: any TimeSource,
        random: any RandomSource,
        worker: @escaping BackgroundWork.Worker = BackgroundWork.thread
    ) {
        self.cost = cost
        self.random = random
        decoy = .decoy(cost: cost)
        jobs = SlowJobQueue(
            "passwords",
            time: time,
            waitingMax: ServiceLimits.passwordsWaitingMax,
            waitMillisecondsMax: ServiceLimits.slowHashWaitMilliseconds,
            worker: worker
        )
    }

    package func hash(_ password: SecretBytes) async throws(Problem) -> PasswordHash {
        let (cost, random) = (cost, random)
        return try await run { try PasswordHash(of: password, cost: cost, random: random) }
    }

    /// Whether it is the hash of this password; false for no hash, after the same work.
    package func matches(_ password: SecretBytes, _ hash: PasswordHash?) async throws(Problem) -> Bool {
        let compared = hash ?? decoy
        return try await run { try compared.matches(password) } && hash != nil
    }

    private func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws(Problem) -> Value {
        let result = try await jobs.run { Result(catching: work) }
        do {
            return try result.get()
        } catch {
            throw .unavailable("password hash: \(error)")
        }
    }
}
