import OpenSSLKit
import Testing

@Suite("Keys")
struct KeyTests {
    @Test("A key survives the way through PKCS #8", arguments: SignatureAlgorithm.allCases)
    func roundTrips(_ algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let again = try SigningKey(pkcs8DER: key.pkcs8DER())
        #expect(again.algorithm == algorithm)
        #expect(again.verifyingKey.x == key.verifyingKey.x)
        #expect(again.verifyingKey.y == key.verifyingKey.y)
        #expect(key.verifyingKey.isValid(try again.sign([1, 2]), for: [1, 2]))
    }

    @Test("A seed of 32 bytes gives its Ed25519 key (RFC 8032 section 7.1), and one of another length none")
    func seeds() throws {
        func bytes(_ text: String) -> [UInt8] {
            stride(from: 0, to: text.count, by: 2).compactMap { UInt8(text.dropFirst($0).prefix(2), radix: 16) }
        }
        let seed = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        let key = try SigningKey(ed25519Seed: SecretBytes(seed))
        #expect(key.algorithm == .edDSA)
        #expect(key.verifyingKey.x == bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
        for other in [[], Array(seed.dropLast()), seed + [0]] {
            #expect(throws: OpenSSLError.self) { try SigningKey(ed25519Seed: SecretBytes(other)) }
        }
    }

    @Test("Every truncation of a key and bytes after it are refused", arguments: SignatureAlgorithm.allCases)
    func refusesTruncation(_ algorithm: SignatureAlgorithm) throws {
        let der = try SigningKey.generate(algorithm).pkcs8DER().copy
        for count in 0..<der.count {
            #expect(throws: OpenSSLError.self) { try SigningKey(pkcs8DER: SecretBytes(Array(der.prefix(count)))) }
        }
        #expect(throws: OpenSSLError.self) { try SigningKey(pkcs8DER: SecretBytes(der + [0])) }
    }

    @Test("A private key beside a foreign public key is refused")
    func refusesMismatch() throws {
        let first = try SigningKey.generate(.es256)
        let second = try SigningKey.generate(.es256)
        let publicBytes = first.verifyingKey.x + (first.verifyingKey.y ?? [])
        var der = try first.pkcs8DER().copy
        let tail = Array(der.suffix(64))
        try #require(tail == publicBytes)
        der.replaceSubrange((der.count - 64)..., with: second.verifyingKey.x + (second.verifyingKey.y ?? []))
        #expect(throws: OpenSSLError.self) { try SigningKey(pkcs8DER: SecretBytes(der)) }
    }

    @Test("Kinds of key that are not served are refused", arguments: Vector.all("foreign-keys.txt"))
    func refusesForeignKeys(_ vector: Vector) throws {
        let der = try SecretBytes(vector.bytes("pkcs8"))
        #expect(throws: OpenSSLError.self) { try SigningKey(pkcs8DER: der) }
    }

    @Test("A P-256 point must have two coordinates of 32 bytes and lie on the curve")
    func refusesPoints() throws {
        let key = try SigningKey.generate(.es256).verifyingKey
        let (x, y) = (key.x, try #require(key.y))
        _ = try VerifyingKey(p256X: x, y: y)
        var wrong = y
        wrong[31] ^= 1
        let zero = [UInt8](repeating: 0, count: 32)
        let prime = try hexadecimal("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")
        let refused: [([UInt8], [UInt8])] = [
            (x, wrong), (y, x), (zero, zero), (x, zero), (prime, y), (x, prime), (Array(x.dropFirst()), y),
            (x, Array(y.dropLast())), ([0] + x, y), ([], []), (x + y, []),
        ]
        for (x, y) in refused { #expect(throws: OpenSSLError.self) { try VerifyingKey(p256X: x, y: y) } }
    }

    @Test(
        "An Ed25519 key is 32 canonical bytes and no point of small order",
        arguments: [
            "", "00", String(repeating: "00", count: 33),
            String(repeating: "00", count: 32),
            "01" + String(repeating: "00", count: 31),
            "01" + String(repeating: "00", count: 30) + "80",
            "ec" + String(repeating: "ff", count: 30) + "7f",
            "ed" + String(repeating: "ff", count: 30) + "7f",
            "ee" + String(repeating: "ff", count: 30) + "7f",
            String(repeating: "ff", count: 32),
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        ]
    )
    func refusesEd25519Keys(_ text: String) throws {
        let bytes = try hexadecimal(text)
        #expect(throws: OpenSSLError.self) { try VerifyingKey(ed25519X: bytes) }
    }

    @Test("An error says what failed and leaves the queue empty")
    func describesErrors() throws {
        let error = try #require(throws: OpenSSLError.self) { try SigningKey(pkcs8DER: SecretBytes([0x30])) }
        #expect(error.code != 0 && !error.reason.isEmpty)
        #expect("\(error)" == "\(error.operation): \(error.reason)")
        #expect(OpenSSLError.capture("nothing").code == 0)
        let key = try SigningKey.generate(.es256).verifyingKey
        #expect(!key.isValid([UInt8](repeating: 1, count: 64), for: []))
        #expect(OpenSSLError.capture("nothing").code == 0)
        #expect(OpenSSLEnvironment.version.hasPrefix("OpenSSL 3"))
    }
}
