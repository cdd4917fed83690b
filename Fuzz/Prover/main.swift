import FuzzBodies
import Glibc
import TokenService

// The tool behind `scripts/prove`: mutated tokens by the million, and refused keys for counting instructions.

let words = CommandLine.arguments.dropFirst()
switch words.first {
case "tokens": exit(try TokenRun(words.dropFirst()).run())
case "compare": exit(try await CompareRun(words.dropFirst()).run())
default:
    Console.print("usage: prove tokens COUNT [SEED] | prove compare CASE")
    exit(2)
}
