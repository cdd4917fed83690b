import JWTLite
import Testing

@Suite("Base64url")
struct Base64URLTests {
    @Test(
        "The RFC 4648 section 10 examples hold both ways, without padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ]
    )
    func convertsExamples(_ plain: String, _ text: String) {
        #expect(Base64URL.encodeToString(Array(plain.utf8)) == text)
        #expect(Base64URL.decode(text) == Array(plain.utf8))
    }

    @Test("The RFC 7515 appendix C example holds")
    func convertsAppendixC() {
        #expect(Base64URL.encodeToString([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(Base64URL.decode("A-z_4ME") == [3, 236, 255, 224, 193])
    }

    @Test("Every byte string of up to two bytes comes back, at its stated length")
    func roundTrips() {
        for value in 0..<65536 {
            let bytes = [UInt8(value >> 8), UInt8(value & 0xFF)]
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        for count in 0..<200 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            let text = Base64URL.encode(bytes)
            #expect(text.count == Base64URL.encodedCount(count))
            #expect(Base64URL.decode(text) == bytes)
        }
    }

    @Test("Of all texts of two characters only those that encoding gives are decoded")
    func acceptsCanonicalOnly() {
        var accepted = 0
        for first in 0..<256 {
            for second in 0..<256 {
                let text = [UInt8(first), UInt8(second)]
                if let bytes = Base64URL.decode(text) {
                    accepted += 1
                    #expect(Base64URL.encode(bytes) == text)
                }
            }
        }
        #expect(accepted == 256)
    }

    @Test(
        "Padding, space, other alphabets, impossible lengths and idle bits are refused",
        arguments: [
            "A", "AAAAA", "Zg==", "Zm8=", "Zm9v=", "Zm9vYg==", "Zh", "Zm9", "Z g", " Zg", "Zg ", "Zg\n", "Zg\r\n",
            "Zm+v", "Zm/v", "Zm.v", "Zm9v\u{0}", "Zm9é", "\u{FF21}AAA", "=", "====", "Zm9vZ===", "Zm~v",
        ]
    )
    func refuses(_ text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}
