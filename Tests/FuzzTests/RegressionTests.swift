import Foundation
import FuzzBodies
import Testing

@Suite("What fuzzers found, and what they began with")
struct RegressionTests {
    /// The input files of a target in one folder of `Fuzz`.
    private static func inputs(_ folder: String, _ target: FuzzTarget) -> [URL] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fuzz/\(folder)/\(target.rawValue)")
        let files = try? FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)
        return (files ?? []).sorted { $0.path < $1.path }
    }

    @Test(
        "Every target keeps its promises for its corpus and for every input that once broke one",
        arguments: FuzzTarget.allCases
    )
    func replays(target: FuzzTarget) throws {
        let corpus = Self.inputs("Corpus", target)
        #expect(corpus.count >= 3)
        for file in corpus + Self.inputs("Regressions", target) {
            let bytes = try Array(Data(contentsOf: file))
            do throws(Finding) {
                try target.check(bytes)
            } catch {
                Issue.record("\(file.lastPathComponent): \(error)")
            }
        }
    }

    @Test("Every folder of inputs belongs to a target", arguments: ["Corpus", "Regressions"])
    func folders(folder: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fuzz/\(folder)")
        let names = try FileManager.default.contentsOfDirectory(atPath: root.path)
        for name in names where !name.hasPrefix(".") { #expect(FuzzTarget(rawValue: name) != nil, "\(name)") }
    }

    @Test("Ten thousand mutated tokens: none is taken for good")
    func mutations() throws {
        let mutations = try TokenMutations(seed: 7)
        try #require(mutations.areOriginalsAccepted)
        let report = try mutations.run(0..<10_000)
        #expect(report.accepted.isEmpty, "\(report.accepted)")
        #expect(report.tried > 9_500)
        // Every kind of mutation had its turn: 28 of them.
        #expect(report.tries.count == 28, "\(report.tries)")
        #expect(report.tries.values.allSatisfy { $0 > 100 }, "\(report.tries)")
    }

    @Test("A run of mutations ends where it is told to, and says how far it came")
    func ended() throws {
        var asked = 0
        let report = try TokenMutations(seed: 7).run(0..<100_000) { report in
            asked += 1
            return false
        }
        #expect(asked == 1)
        #expect(report.tried + report.unchanged == TokenMutations.askedAfter)
    }

    @Test("The same seed gives the same mutations", arguments: [UInt64(0), 7, .max])
    func repeatable(seed: UInt64) throws {
        let first = try TokenMutations(seed: seed).run(0..<200)
        let second = try TokenMutations(seed: seed).run(0..<200)
        #expect(first.tries == second.tries)
    }
}
