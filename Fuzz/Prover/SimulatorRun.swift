import Glibc
import Simulator
import TokenService

/// `prove simulator SEEDS STEPS SECONDS FIRST`: the service on virtual time with seeded faults, one seed after the other.
///
/// `prove simulator seed SEED STEPS` runs one seed and says its digest: the same in every run, or where it fails,
/// everything that led to it. With the name of a breakage behind that the store is broken on purpose.
struct SimulatorRun {
    private let isSingle: Bool
    private let seeds: Int
    private let steps: Int
    private let seconds: Int
    private let first: UInt64
    private let breakage: Breakage?

    init(_ words: ArraySlice<String>) {
        isSingle = words.first == "seed"
        breakage = words.last.flatMap { Breakage(rawValue: $0) }
        let numbers = words.drop { $0 == "seed" }.compactMap { Int($0) }
        func number(_ index: Int, _ usual: Int) -> Int { index < numbers.count ? numbers[index] : usual }
        seeds = isSingle ? 1 : number(0, 100)
        steps = number(1, 2_000)
        seconds = isSingle ? .max : number(2, 1_800)
        first = UInt64(clamping: isSingle ? number(0, 1) : number(3, 1))
    }

    func run() -> CInt {
        let start = ContinuousClock.now
        var reports: [SeedReport] = []
        var said = start
        for seed in first..<first + UInt64(clamping: max(1, seeds)) {
            let report = simulate(seed) {
                start.duration(to: .now) < .seconds(seconds == .max ? 86_400 : seconds)
            }
            reports.append(report)
            if report.violation != nil {
                Console.print(report.failure)
                Console.print("seed \(seed) failed; again: prove simulator seed \(seed) \(steps)")
                return 1
            }
            if isSingle { Console.print("seed \(seed): \(report.steps) steps, digest \(report.digest)") }
            if said.duration(to: .now) > .seconds(10) {
                said = .now
                Console.print("\(start.duration(to: said)): " + Self.summary(reports))
            }
            if start.duration(to: .now) >= .seconds(seconds == .max ? 86_400 : seconds) { break }
        }
        if reports.count < seeds { Console.print("ended at its time limit after \(reports.count) of \(seeds) seeds") }
        Console.print(Self.summary(reports))
        return 0
    }

    /// Seeds take turns: one replica, two replicas.
    private func simulate(_ seed: UInt64, while shouldGoOn: () -> Bool) -> SeedReport {
        let simulation = Simulation(seed: seed, replicas: 1 + Int(seed % 2), breakage: breakage)
        return simulation.run(steps: steps) { _ in shouldGoOn() }
    }

    private static func summary(_ reports: [SeedReport]) -> String {
        var faults: [Fault: Int] = [:]
        var operations: [String: Int] = [:]
        for report in reports {
            faults.merge(report.faults) { $0 + $1 }
            operations.merge(report.operations) { $0 + $1 }
        }
        let years = reports.reduce(0) { $0 + $1.years }
        let count = operations.values.reduce(0, +)
        let byKind = Fault.allCases.map { "\($0.rawValue) \(faults[$0] ?? 0)" }.joined(separator: ", ")
        let deliveries = reports.reduce(0) { $0 + $1.deliveries }
        let keys = reports.reduce(0) { $0 + $1.signingKeys }
        let console = reports.reduce(0) { $0 + $1.consoleStatuses.values.reduce(0, +) }
        return "\(reports.count) seeds, \((years * 10).rounded() / 10) years, \(count) operations, "
            + "\(keys) signing keys, \(deliveries) deliveries, \(console) requests of members; faults: \(byKind)"
    }
}
