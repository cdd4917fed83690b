import Glibc
import OpenSSLKit
import TestSupport
import TokenService

/// Spoils good tokens in every way that is known to have worked somewhere, and counts how many are taken for good.
///
/// Which mutation comes at which place follows from the seed alone.
package struct TokenMutations: Sendable {
    /// What a run came to.
    package struct Report: Sendable {
        package var tried = 0
        /// Mutations that gave back the good token, which are not counted.
        package var unchanged = 0
        package var accepted: [(index: Int, mutation: String, token: String)] = []
        /// The longest check in nanoseconds of the thread's processor time, and the number of it.
        package var slowestNanoseconds: UInt64 = 0
        package var slowestIndex = 0
        /// Checks beyond 5 ms of processor time, all of them again within it when tried at once again.
        package var slow = 0
        /// Checks beyond 5 ms each time that they were tried.
        package var alwaysSlow = 0
        /// How often each kind of mutation was drawn, unchanged ones included.
        package var tries: [String: Int] = [:]
    }

    package static let nanosecondsMax: UInt64 = 5_000_000
    /// After so many mutations it is asked whether to go on: some twenty times a second.
    package static let askedAfter = 1_000

    private let bench: TokenBench
    private let seed: UInt64

    package init(seed: UInt64) throws {
        bench = try TokenBench()
        self.seed = seed
    }

    /// Whether the tokens that everything begins with are taken for good: otherwise a run would show nothing.
    package var areOriginalsAccepted: Bool {
        bench.good.allSatisfy { bench.isAccepted(String(decoding: $0.text, as: UTF8.self)) }
    }

    /// Runs the mutations of these numbers; `goesOn` is asked now and then, with how many are done, whether to go on.
    package func run(_ indices: Range<Int>, goesOn: (Report) -> Bool = { _ in true }) throws -> Report {
        var report = Report()
        for index in indices {
            let done = report.tried + report.unchanged
            if done > 0, done % Self.askedAfter == 0, !goesOn(report) { break }
            let (name, mutated, original) = try mutation(index)
            report.tries[name, default: 0] += 1
            guard mutated != original else {
                report.unchanged += 1
                continue
            }
            let token = String(decoding: mutated, as: UTF8.self)
            report.tried += 1
            var (isAccepted, nanoseconds) = timed(token)
            if nanoseconds > report.slowestNanoseconds {
                (report.slowestNanoseconds, report.slowestIndex) = (nanoseconds, index)
            }
            if nanoseconds > Self.nanosecondsMax {
                report.slow += 1
                for _ in 0..<2 where nanoseconds > Self.nanosecondsMax { (isAccepted, nanoseconds) = timed(token) }
                if nanoseconds > Self.nanosecondsMax { report.alwaysSlow += 1 }
            }
            if isAccepted, report.accepted.count < 20 { report.accepted.append((index, name, token)) }
        }
        return report
    }

    private func timed(_ token: String) -> (isAccepted: Bool, nanoseconds: UInt64) {
        let start = Self.threadNanoseconds()
        let isAccepted = bench.isAccepted(token)
        return (isAccepted, Self.threadNanoseconds() &- start)
    }

    private static func threadNanoseconds() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }

    /// The mutation of one number: its name, the token, and the good token that it was.
    func mutation(_ index: Int) throws -> (name: String, mutated: [UInt8], original: [UInt8]) {
        var random = SplitMix(seed: seed &+ UInt64(bitPattern: Int64(index)) &* 0xD134_2543_DE82_EF95)
        let good = random.pick(bench.good)
        let mutation = random.pick(TokenMutation.weighted)
        return (mutation.rawValue, try mutation.apply(good, bench, &random), good.text)
    }
}
