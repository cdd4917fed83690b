import FuzzBodies
import Glibc
import TokenService

/// `prove tokens COUNT SEED`: mutated tokens, none of which may be taken for good.
struct TokenRun {
    private let count: Int
    private let seed: UInt64

    init(_ words: ArraySlice<String>) {
        count = words.first.flatMap { Int($0) } ?? 10_000_000
        seed = words.dropFirst().first.flatMap { UInt64($0) } ?? 1
    }

    func run() throws -> CInt {
        let mutations = try TokenMutations(seed: seed)
        guard mutations.areOriginalsAccepted else {
            Console.print("the good tokens are refused: a run would show nothing")
            return 1
        }
        let start = ContinuousClock.now
        let report = try mutations.run(0..<count) { report in
            guard report.tried % 1_000_000 == 0 else { return }
            Console.print("\(report.tried) tried, \(report.accepted.count) accepted, \(start.duration(to: .now))")
        }
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
