import FuzzBodies
import Glibc
import TokenService

/// `prove tokens COUNT SEED SECONDS`: mutated tokens, none of which may be taken for good, for so long at most.
struct TokenRun {
    private let count: Int
    private let seed: UInt64
    private let secondsMax: Int

    init(_ words: ArraySlice<String>) {
        count = words.first.flatMap { Int($0) } ?? 10_000_000
        seed = words.dropFirst().first.flatMap { UInt64($0) } ?? 1
        secondsMax = words.dropFirst(2).first.flatMap { Int($0) } ?? 86_400
    }

    func run() throws -> CInt {
        let mutations = try TokenMutations(seed: seed)
        guard mutations.areOriginalsAccepted else {
            Console.print("the good tokens are refused: a run would show nothing")
            return 1
        }
        let start = ContinuousClock.now
        var said = start
        let report = try mutations.run(0..<count) { report in
            let now = ContinuousClock.now
            if said.duration(to: now) > .seconds(30) {
                said = now
                Console.print("\(report.tried) tried, \(report.accepted.count) accepted, \(start.duration(to: now))")
            }
            return start.duration(to: now) < .seconds(secondsMax)
        }
        let done = report.tried + report.unchanged
        if done < count { Console.print("ended at its time limit after \(done) of \(count) mutated tokens") }
        for (index, mutation, token) in report.accepted { Console.print("ACCEPTED \(index) (\(mutation)): \(token)") }
        let tries = report.tries.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        Console.print("mutations: \(tries)")
        Console.print(
            "seed \(seed): \(report.tried) mutated tokens in \(start.duration(to: .now)), \(report.unchanged) unchanged, "
                + "\(report.accepted.count) accepted; slowest check \(report.slowestNanoseconds / 1000) µs of processor "
                + "time (number \(report.slowestIndex)), \(report.slow) beyond 5 ms once, \(report.alwaysSlow) always"
        )
        return report.accepted.isEmpty && report.alwaysSlow == 0 ? 0 : 1
    }
}
