import Platform
import Simulator
import Testing

/// Months of service on virtual time, with faults; `scripts/prove simulator` runs years.
@Suite("The service on virtual time, with faults drawn from a seed")
struct SimulatorTests {
    /// On a thread of its own: a simulation blocks the one that it runs on.
    private static func run(
        seed: UInt64,
        steps: Int,
        replicas: Int,
        breakage: Breakage? = nil
    ) async throws -> SeedReport {
        try await withCheckedThrowingContinuation { continuation in
            do {
                let thread = try Thread(name: "simulation") {
                    let simulation = Simulation(seed: seed, replicas: replicas, breakage: breakage)
                    continuation.resume(returning: simulation.run(steps: steps))
                }
                thread.detach()
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    @Test(
        "Whatever fails, what was acknowledged holds, and nothing that was revoked or is over is accepted",
        arguments: [(1, 1), (2, 2), (3, 1), (4, 2), (6, 2)]
    )
    func promises(seed: UInt64, replicas: Int) async throws {
        let report = try await Self.run(seed: seed, steps: 150, replicas: replicas)
        #expect(report.violation == nil, "\(report.failure)")
        #expect(report.steps == 150 && report.years > 0.05)
        // A run in which nothing succeeds, or nothing fails, shows nothing.
        #expect(report.operationCount > 250 && report.statuses[201, default: 0] > 40)
        #expect(report.signingKeys > 1 && report.deliveries > 5)
        let console = report.consoleStatuses
        #expect(console[200, default: 0] > 40 && console[201, default: 0] > 2, "\(console)")
        #expect(console[401, default: 0] > 5 && console[403, default: 0] > 3, "\(console)")
        #expect(report.faults[.crash, default: 0] > 0 && report.faults.count > 6, "\(report.faults)")
    }

    @Test("One seed gives the same run, byte for byte", arguments: [1, 2])
    func replays(replicas: Int) async throws {
        let first = try await Self.run(seed: 7, steps: 60, replicas: replicas)
        let second = try await Self.run(seed: 7, steps: 60, replicas: replicas)
        let other = try await Self.run(seed: 8, steps: 60, replicas: replicas)
        #expect(first.digest == second.digest && first.faults == second.faults)
        #expect(first.digest != other.digest)
    }

    @Test(
        "A store that breaks a promise is caught within a few seeds, and again by the same seed",
        arguments: Breakage.allCases
    )
    func catches(breakage: Breakage) async throws {
        for seed in UInt64(1)...24 {
            let report = try await Self.run(seed: seed, steps: 120, replicas: 1, breakage: breakage)
            guard let violation = report.violation else { continue }
            let again = try await Self.run(seed: seed, steps: 120, replicas: 1, breakage: breakage)
            #expect(again.violation == violation && again.digest == report.digest)
            // What is printed is enough to see it again.
            #expect(report.failure.contains("seed \(seed), step \(report.steps): \(violation)"))
            #expect(report.trace.last?.contains(violation) == true || report.trace.count > 5)
            return
        }
        Issue.record("\(breakage) was not noticed")
    }
}
