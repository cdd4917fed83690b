package import Platform

/// Checks the slow hashes of imported keys, one at a time, on a thread of their own.
///
/// At most ``ServiceLimits/slowHashesWaitingMax`` checks wait, none for longer than
/// ``ServiceLimits/slowHashWaitMilliseconds``: beyond either the answer is 503.
package final class SlowHashQueue: Sendable {
    private let jobs: SlowJobQueue
    private let matches: @Sendable (_ secret: [UInt8], _ hash: BcryptHash) -> Bool

    /// - Parameter matches: what checks one hash; the real one, but in tests.
    package init(
        time: any TimeSource,
        matches: @escaping @Sendable (_ secret: [UInt8], _ hash: BcryptHash) -> Bool = { $1.matches($0) }
    ) {
        jobs = SlowJobQueue(
            "slow hashes",
            time: time,
            waitingMax: ServiceLimits.slowHashesWaitingMax,
            waitMillisecondsMax: ServiceLimits.slowHashWaitMilliseconds
        )
        self.matches = matches
    }

    /// Checks that wait, beside the one that runs.
    package var waitingCount: Int { jobs.waitingCount }

    /// Whether the worker runs.
    package var isRunning: Bool { jobs.isRunning }

    /// The position of the first hash that the secret has; nil where it has none of them.
    package func firstMatch(_ secret: [UInt8], _ hashes: [BcryptHash?]) async throws(Problem) -> Int? {
        let matches = matches
        return try await jobs.run {
            hashes.firstIndex { hash in hash.map { matches(secret, $0) } ?? false }
        }
    }
}
