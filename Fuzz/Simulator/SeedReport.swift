/// What came of one seed.
package struct SeedReport: Sendable {
    package let seed: UInt64
    package internal(set) var steps = 0
    package internal(set) var operations: [String: Int] = [:]
    /// How often answers had each status.
    package internal(set) var statuses: [Int: Int] = [:]
    /// How often those had it that members got to requests with their cookies.
    package internal(set) var consoleStatuses: [Int: Int] = [:]
    package internal(set) var faults: [Fault: Int] = [:]
    /// Signing keys that signed something which was handed out.
    package internal(set) var signingKeys = 0
    /// Events that endpoints took.
    package internal(set) var deliveries = 0
    /// Virtual time that went by, without the steps of the clock.
    package internal(set) var virtualMilliseconds: Int64 = 0
    /// SHA-256 over everything that was asked and answered, in hexadecimal digits.
    package internal(set) var digest = ""
    /// The first promise that was not kept.
    package internal(set) var violation: String?
    /// The lines that led to it.
    package internal(set) var trace: [String] = []

    package var operationCount: Int { operations.values.reduce(0, +) }

    package var years: Double { Double(virtualMilliseconds) / 31_557_600_000 }

    /// Everything that is needed to see it again.
    package var failure: String {
        let lines = trace.map { "  " + $0 }.joined(separator: "\n")
        return "seed \(seed), step \(steps): \(violation ?? "nothing")\n\(lines)\n"
            + "seed \(seed), step \(steps): \(violation ?? "nothing")"
    }
}
