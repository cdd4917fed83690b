import FuzzBodies
import Glibc
import TokenService

// The tool behind `scripts/prove`: mutated tokens by the million, years of simulated service, and refused keys for
// counting instructions.

let words = Array(CommandLine.arguments.dropFirst())
switch words.first {
case "tokens": exit(try TokenRun(words.dropFirst()).run())
case "simulator": exit(SimulatorRun(words.dropFirst()).run())
case "compare":
    let run = try CompareRun(words.dropFirst())
    // The first thread stays: callgrind breaks where it ends before the others, as it does where `main` is async.
    Task.detached {
        do {
            exit(try await run.run())
        } catch {
            Console.error("prove: \(error)")
            exit(1)
        }
    }
    while true { pause() }
default:
    Console.print(
        "usage: prove tokens COUNT [SEED [SECONDS]] | prove simulator SEEDS STEPS SECONDS FIRST | prove compare CASE COUNT"
    )
    exit(2)
}
