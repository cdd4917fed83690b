import FuzzBodies
import Glibc

// The tool behind `scripts/prove`: `prove tokens COUNT SEED`.

setvbuf(stdout, nil, _IOLBF, 0)
let words = CommandLine.arguments.dropFirst()
switch words.first {
case "tokens": exit(try TokenRun(words.dropFirst()).run())
case "compare": exit(try await CompareRun(words.dropFirst()).run())
default:
    print("usage: prove tokens COUNT [SEED] | prove compare CASE")
    exit(2)
}
