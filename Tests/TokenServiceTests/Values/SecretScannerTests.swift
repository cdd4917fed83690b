import TestSupport
import Testing

@testable import TokenService

@Suite("The scanner for leaked keys")
struct SecretScannerTests {
    private static func key(_ prefix: String, _ seed: UInt64 = 1) -> String {
        APIKeySecret(prefix: prefix, random: SeededRandomSource(seed: seed)).text
    }

    /// Feeds a text in chunks of one size.
    private static func scan(_ text: String, chunk: Int = 65_536, more: [String] = []) -> [String] {
        var scanner = SecretScanner(morePrefixes: more)
        let bytes = Array(text.utf8)
        var found: [SecretScanner.Finding] = []
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            found += scanner.feed(bytes[start..<min(start + chunk, bytes.count)])
        }
        found += scanner.finish()
        return found.map { "\($0.line) \($0.secret.text)" }
    }

    @Test(
        "S06, S07: a key of each known prefix is found, and one that begins with it",
        arguments: SecretScanner.knownPrefixes + ["ir_live_sk_", "ir_test_sk_", "ts_live_a_b_c_d_"]
    )
    func prefixes(prefix: String) {
        let key = Self.key(prefix)
        #expect(Self.scan(key) == ["1 " + key])
        for (left, right) in [("\"", "\""), ("KEY=", "\n"), ("x", "x"), ("key: ", ", "), ("_", "_"), ("ts_live_", "")] {
            #expect(Self.scan("a\nb\n" + left + key + right) == ["3 " + key], "\(left)…\(right)")
        }
    }

    @Test("Other prefixes are found when they are named", arguments: ["acme_", "q_"])
    func named(prefix: String) {
        let key = Self.key(prefix)
        #expect(Self.scan(key) == [])
        #expect(Self.scan("see " + key, more: [prefix]) == ["1 " + key])
    }

    @Test("A key with a wrong letter, too short, or broken by a line is none")
    func lookalikes() {
        let key = Self.key("ts_live_")
        for index in [8, 20, key.count - 1] {
            var bytes = Array(key.utf8)
            bytes[index] = bytes[index] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
            #expect(Self.scan(String(decoding: bytes, as: UTF8.self)) == [])
        }
        #expect(Self.scan(String(key.dropLast())) == [])
        #expect(Self.scan(String(key.prefix(20)) + "\n" + key.dropFirst(20)) == [])
        #expect(Self.scan(key.uppercased()) == [])
        #expect(Self.scan(String(repeating: "ts_live_", count: 5_000)) == [])
        #expect(Self.scan(String(repeating: "sk_", count: 5_000)) == [])
    }

    @Test(
        "Wherever two chunks meet, every key is found once and on its line",
        arguments: [1, 2, 7, 50, 51, 64, 67, 1000]
    )
    func chunks(size: Int) {
        var text = ""
        var expected: [String] = []
        for line in 1...40 {
            let key = Self.key(line % 2 == 0 ? "sk_" : "ir_live_", UInt64(line))
            text += String(repeating: "x", count: line * 7 % 90) + key + (line % 3 == 0 ? " tail sk_" : "") + "\n"
            expected.append("\(line) " + key)
        }
        #expect(Self.scan(text, chunk: size) == expected)
    }

    @Test("Two keys side by side are two")
    func adjacent() {
        let keys = [Self.key("sk_", 1), Self.key("sk_", 2)]
        #expect(Self.scan(keys.joined()) == keys.map { "1 " + $0 })
    }

    @Test("A key is shown by its prefix and its last four characters")
    func redacted() throws {
        let key = Self.key("ir_live_")
        let secret = try #require(APIKeySecret(presented: key))
        #expect(secret.redacted == "ir_live_..." + key.suffix(4))
    }
}
