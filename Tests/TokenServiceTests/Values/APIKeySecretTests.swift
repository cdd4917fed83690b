import InviteStore
import Platform
import TestSupport
import Testing

@testable import TokenService

@Suite("The text of API keys")
struct APIKeySecretTests {
    @Test("CRC-32/ISO-HDLC gives its check value")
    func crc() {
        #expect(CRC32.checksum(Array("123456789".utf8)[...]) == 0xCBF4_3926)
        #expect(CRC32.checksum([]) == 0)
        #expect(CRC32.checksum([0]) == 0xD202_EF8D)
    }

    @Test(
        "Base62 is big-endian and zero-padded",
        arguments: [
            (UInt32(0), "000000"), (61, "00000z"), (62, "000010"), (.max, "4gfFC3"), (0xCBF4_3926, "3jZRME"),
        ]
    )
    func base62(value: UInt32, text: String) {
        #expect(String(decoding: Base62.encode(value, digits: 6), as: UTF8.self) == text)
    }

    @Test("Random Base62 uses all characters about evenly")
    func evenness() {
        let text = Base62.random(62_000, from: SeededRandomSource(seed: 1))
        let counts = Dictionary(grouping: text, by: { $0 }).mapValues(\.count)
        #expect(counts.count == 62)
        #expect(counts.values.allSatisfy { (850...1150).contains($0) })
    }

    @Test(
        "The checksum of fixed keys is the one worked out by hand",
        arguments: [
            ("ts_live_", "1ZDveE"), ("iv_live_", "3GWOjG"), ("ir_test_", "13Cfwg"), ("sk_", "0qPnIK"),
        ]
    )
    func fixed(prefix: String, checksum: String) throws {
        let text = prefix + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZa" + checksum
        let secret = try #require(APIKeySecret(presented: text))
        #expect(secret.text == text)
        #expect(secret.prefix == prefix)
        #expect(secret.last4 == String(text.suffix(4)))
    }

    @Test(
        "A new key of every prefix reads back, and sk_ gives 46 characters",
        arguments: [
            ("ts_live_", 51), ("ts_test_", 51), ("iv_live_", 51), ("ir_live_", 51), ("ir_test_", 51), ("sk_", 46),
        ]
    )
    func fresh(prefix: String, count: Int) {
        let secret = APIKeySecret(prefix: prefix, random: SeededRandomSource(seed: 5))
        #expect(secret.text.utf8.count == count)
        #expect(secret.text.hasPrefix(prefix))
        #expect(APIKeySecret(presented: secret.text)?.text == secret.text)
        #expect(APIKeySecret(presented: secret.text)?.prefix == prefix)
    }

    @Test("Every flipped character is refused")
    func flipped() {
        let good = Array(APIKeySecret(prefix: "ts_live_", random: SeededRandomSource(seed: 5)).text.utf8)
        for index in good.indices {
            var bytes = good
            bytes[index] = bytes[index] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
            #expect(APIKeySecret(presented: String(decoding: bytes, as: UTF8.self)) == nil, "character \(index)")
        }
    }

    @Test("Two neighbours in each other's place are refused")
    func swapped() {
        let good = Array(APIKeySecret(prefix: "ts_live_", random: SeededRandomSource(seed: 6)).text.utf8)
        for index in 8..<(good.count - 1) where good[index] != good[index + 1] {
            var bytes = good
            bytes.swapAt(index, index + 1)
            #expect(APIKeySecret(presented: String(decoding: bytes, as: UTF8.self)) == nil, "character \(index)")
        }
    }

    @Test(
        "What can not be a key is refused",
        arguments: [
            "", "ts_live_", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZa0qPnIK",
            "ts_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZa1ZDve",
            "ts_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZa1ZDveE ",
            " ts_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZa1ZDveE",
            "ts_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZa1zdvee",
            "ts_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXY\u{e9}1ZDveE",
            String(repeating: "a", count: 10_000),
        ]
    )
    func refusals(text: String) {
        #expect(APIKeySecret(presented: text) == nil)
    }

    @Test("Each environment has its default prefix")
    func prefixes() {
        #expect(APIKeySecret.defaultPrefix(.live) == "ts_live_")
        #expect(APIKeySecret.defaultPrefix(.test) == "ts_test_")
    }
}
