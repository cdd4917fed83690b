import OpenSSLKit
import TestSupport
import Testing

@Suite("Secret bytes and sealing")
struct SecretTests {
    @Test("A secret never shows its bytes")
    func hidesBytes() {
        let secret = SecretBytes(Array("hunter2".utf8))
        var dumped = ""
        dump(["key": secret], to: &dumped)
        #expect("\(secret)" == "<redacted>")
        #expect(!dumped.contains("hunter2") && !dumped.contains("104"))
        #expect(String(reflecting: secret) == "<redacted>")
    }

    @Test("A secret compares by content and length")
    func comparesSecrets() {
        let secret = SecretBytes([1, 2, 3])
        #expect(secret.constantTimeEquals(SecretBytes([1, 2, 3])))
        #expect(!secret.constantTimeEquals(SecretBytes([1, 2, 4])))
        #expect(!secret.constantTimeEquals(SecretBytes([1, 2])))
        #expect(SecretBytes([]).constantTimeEquals(SecretBytes([])))
        #expect(secret.copy == [1, 2, 3] && secret.count == 3)
        #expect(constantTimeEquals([1, 2], [1, 2]) && !constantTimeEquals([1, 2], [1, 3]))
        #expect(!constantTimeEquals([1], [1, 2]) && constantTimeEquals([], []))
    }

    @Test("Random secrets come from the source that is given")
    func drawsRandom() {
        let first = SecretBytes(random: 32, from: SeededRandomSource(seed: 1))
        #expect(first.constantTimeEquals(SecretBytes(random: 32, from: SeededRandomSource(seed: 1))))
        #expect(!first.constantTimeEquals(SecretBytes(random: 32, from: SeededRandomSource(seed: 2))))
    }

    @Test("The published AES-256-GCM cases hold both ways", arguments: Vector.all("aes-256-gcm.txt"))
    func sealsExamples(_ vector: Vector) throws {
        let key = try AEADKey(SecretBytes(vector.bytes("key")))
        let nonce = try vector.bytes("nonce")
        let authenticated = try vector.bytes("authenticated")
        let expected = try nonce + vector.bytes("ciphertext") + vector.bytes("tag")
        for _ in 0..<2 {
            let sealed = try key.seal(
                vector.bytes("plaintext"),
                authenticating: authenticated,
                random: FixedRandomSource(bytes: nonce)
            )
            #expect(sealed == expected)
            #expect(try key.open(expected, authenticating: authenticated) == vector.bytes("plaintext"))
        }
    }

    @Test("Every flipped bit, every truncation and other data are refused, and the key still works after them")
    func refusesTampering() throws {
        let random = SeededRandomSource(seed: 3)
        let key = try AEADKey(SecretBytes(random: 32, from: random))
        let sealed = key.seal([1, 2, 3, 4, 5], authenticating: [9], random: random)
        #expect(sealed.count == 12 + 5 + 16)
        for bit in 0..<(sealed.count * 8) {
            var changed = sealed
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(key.open(changed, authenticating: [9]) == nil)
        }
        for count in 0..<sealed.count { #expect(key.open(Array(sealed.prefix(count)), authenticating: [9]) == nil) }
        #expect(key.open(sealed + [0], authenticating: [9]) == nil)
        #expect(key.open(sealed, authenticating: []) == nil)
        #expect(key.open(sealed, authenticating: [9, 9]) == nil)
        let other = try AEADKey(SecretBytes(random: 32, from: random))
        #expect(other.open(sealed, authenticating: [9]) == nil)
        #expect(key.open(sealed, authenticating: [9]) == [1, 2, 3, 4, 5])
    }

    @Test("Each message has a fresh nonce")
    func drawsNonces() throws {
        let random = SeededRandomSource(seed: 4)
        let key = try AEADKey(SecretBytes(random: 32, from: random))
        let sealed = (0..<100).map { _ in key.seal([0], authenticating: [], random: random) }
        #expect(Set(sealed.map { Array($0.prefix(12)) }).count == 100)
    }

    @Test("A key of another length is refused", arguments: [0, 16, 31, 33])
    func refusesKeyLengths(_ count: Int) {
        #expect(throws: OpenSSLError.self) { try AEADKey(SecretBytes([UInt8](repeating: 1, count: count))) }
    }
}
