import OpenSSLKit
import Testing

@Suite("SHA-256 and HMAC-SHA-256")
struct DigestTests {
    @Test("The FIPS 180-4 examples hold", arguments: Vector.all("sha256.txt"))
    func digestsExamples(_ vector: Vector) throws {
        let digest = try SHA256Digest.digest(vector.bytes("message"))
        #expect(digest.hexadecimal == vector.fields["digest"])
        #expect(try digest.bytes == vector.bytes("digest"))
    }

    @Test("A million times the letter a")
    func digestsMillion() {
        let digest = SHA256Digest.digest([UInt8](repeating: 0x61, count: 1_000_000))
        #expect(digest.hexadecimal == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("The RFC 4231 cases hold, each of them twice over one key", arguments: Vector.all("hmac-sha256.txt"))
    func authenticatesExamples(_ vector: Vector) throws {
        let key = try HMACSHA256Key(SecretBytes(vector.bytes("key")))
        let expected = try vector.bytes("mac")
        for _ in 0..<2 {
            #expect(try Array(key.authenticate(vector.bytes("message")).bytes.prefix(expected.count)) == expected)
        }
    }

    @Test("An empty key and an empty message have a code")
    func authenticatesNothing() throws {
        let key = try HMACSHA256Key(SecretBytes([]))
        let expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        #expect(key.authenticate([]).hexadecimal == expected)
    }

    @Test("Two keys on many tasks at once never mix")
    func authenticatesConcurrently() async throws {
        let keys = try [HMACSHA256Key(SecretBytes([1])), HMACSHA256Key(SecretBytes([2]))]
        let expected = keys.map { $0.authenticate([7]) }
        let isRight = await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    (0..<500).allSatisfy { round in
                        keys[(task + round) % 2].authenticate([7]) == expected[(task + round) % 2]
                            && SHA256Digest.digest(Array("abc".utf8)).hexadecimal.hasPrefix("ba7816bf")
                    }
                }
            }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(isRight)
    }

    @Test("A digest has exactly 32 bytes", arguments: [0, 31, 33, 64])
    func refusesOtherCounts(_ count: Int) {
        #expect(Digest256(bytes: [UInt8](repeating: 0, count: count)) == nil)
    }

    @Test("Digests differ wherever a single bit differs")
    func comparesDigests() throws {
        let bytes = (0..<32).map { UInt8($0) }
        let digest = try #require(Digest256(bytes: bytes))
        #expect(digest.bytes == bytes)
        for bit in 0..<256 {
            var other = bytes
            other[bit / 8] ^= 1 << (bit % 8)
            let changed = try #require(Digest256(bytes: other))
            #expect(!digest.constantTimeEquals(changed) && digest != changed)
        }
        #expect(try digest == #require(Digest256(bytes: bytes)))
    }
}
