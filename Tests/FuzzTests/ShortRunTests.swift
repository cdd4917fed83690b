import Foundation
import FuzzBodies
import TestSupport
import Testing

/// A few thousand inputs for each target, made from its corpus by a seed: what a fuzzer does for hours, for a moment.
@Suite("Short runs of the fuzzers' targets")
struct ShortRunTests {
    private static let fuzz = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzz")

    private static func corpus(_ target: FuzzTarget) throws -> [[UInt8]] {
        let folder = fuzz.appending(path: "Corpus/\(target.rawValue)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.sorted { $0.path < $1.path }.map { try Array(Data(contentsOf: $0)) }
    }

    /// The words of a dictionary, unescaped.
    private static func words(_ name: String) throws -> [[UInt8]] {
        let text = try String(contentsOf: fuzz.appending(path: "Dictionaries/\(name).dict"), encoding: .utf8)
        return text.split(separator: "\n").map { line in
            var bytes: [UInt8] = []
            var rest = Array(line.utf8.dropFirst().dropLast())[...]
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
                    bytes.append(byte)
                    continue
                }
                guard next == UInt8(ascii: "x") else {
                    bytes.append(next)
                    continue
                }
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                rest = rest.dropFirst(2)
                bytes.append(UInt8(digits, radix: 16) ?? 0)
            }
            return bytes
        }
    }

    /// An input with one to four changes: a bit, a byte, a word, a piece of it or of another one.
    private static func changed(_ corpus: [[UInt8]], _ words: [[UInt8]], _ random: inout SplitMix) -> [UInt8] {
        var input = random.pick(corpus)
        for _ in 0...random.below(4) {
            let place = random.below(input.count + 1)
            switch random.below(6) {
            case 0 where place < input.count: input[place] ^= 1 << UInt8(random.below(8))
            case 1: input.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
            case 2: input.removeSubrange(place..<min(input.count, place + 1 + random.below(8)))
            case 3: input.insert(contentsOf: random.pick(corpus).dropFirst(random.below(40)), at: place)
            default: input.insert(contentsOf: random.pick(words), at: place)
            }
        }
        return input
    }

    @Test("Two thousand changed inputs break no promise of a target", arguments: FuzzTarget.allCases)
    func run(target: FuzzTarget) throws {
        let corpus = try Self.corpus(target)
        let words = try ["fields", "http", "imports", "json", "text", "token"].flatMap(Self.words)
        var random = SplitMix(seed: 7)
        for number in 0..<2_000 {
            let input = Self.changed(corpus, words, &random)
            do throws(Finding) {
                try target.check(input)
            } catch {
                Issue.record("input \(number), base64 \(Data(input).base64EncodedString()): \(error)")
                return
            }
        }
    }
}
