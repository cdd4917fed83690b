import OpenSSLKit
import Testing

@Suite("Keys that come with what they signed")
struct PresentedKeyTests {
    private static let message = Array("the signed text".utf8)

    private static func presented(_ key: SigningKey) throws -> PresentedKey {
        let key = key.verifyingKey
        guard let y = key.y else { return try #require(PresentedKey(ed25519X: key.x)) }
        return try #require(PresentedKey(p256X: key.x, y: y))
    }

    private static func verdict(_ key: PresentedKey, _ signature: [UInt8], high: Bool = true) -> PresentedKey.Verdict {
        unsafe message.withUnsafeBytes { unsafe key.verify(signature, of: $0, acceptsHighS: high) }
    }

    @Test("Each key takes its own signatures and no other's, in turn", arguments: [SignatureAlgorithm.es256, .edDSA])
    func ownSignatures(algorithm: SignatureAlgorithm) throws {
        let signers = try (0..<8).map { _ in try SigningKey.generate(algorithm) }
        let keys = try signers.map(Self.presented)
        let signatures = try signers.map { try $0.sign(Self.message) }
        for (keyIndex, key) in keys.enumerated() {
            for (index, signature) in signatures.enumerated() {
                #expect(Self.verdict(key, signature) == (index == keyIndex ? .valid : .badSignature))
            }
            var flipped = signatures[keyIndex]
            flipped[20] ^= 1
            #expect(Self.verdict(key, flipped) == .badSignature)
            #expect(Self.verdict(key, Array(signatures[keyIndex].dropLast())) == .badSignature)
            #expect(Self.verdict(key, []) == .badSignature)
        }
    }

    @Test("Numbers that are no point are an invalid key, and the next key is judged as if nothing had been")
    func invalidKeys() throws {
        let signer = try SigningKey.generate(.es256)
        let good = try Self.presented(signer)
        let signature = try signer.sign(Self.message)
        let y = try #require(good.y)
        let ff = [UInt8](repeating: 0xFF, count: 32)
        let zero = [UInt8](repeating: 0, count: 32)
        for (x, y) in [(good.x, good.x), (y, good.x), (ff, y), (good.x, ff), (zero, zero), (ff, ff)] {
            let bad = try #require(PresentedKey(p256X: x, y: y))
            #expect(Self.verdict(bad, signature) == .invalidKey)
            #expect(Self.verdict(good, signature) == .valid)
        }
        #expect(PresentedKey(p256X: Array(good.x.dropLast()), y: y) == nil)
        #expect(PresentedKey(p256X: good.x, y: y + [0]) == nil)
        #expect(PresentedKey(ed25519X: [1] + [UInt8](repeating: 0, count: 31)) == nil, "the neutral point")
        #expect(PresentedKey(ed25519X: [1]) == nil)
    }

    @Test("The check says the same as OpenSSL's own of good signatures, of changed ones and of other texts")
    func agrees() throws {
        let signer = try SigningKey.generate(.es256)
        let presented = try Self.presented(signer)
        let key = try VerifyingKey(p256X: presented.x, y: #require(presented.y))
        var accepted = 0
        for round in 0..<600 {
            let message = Array("message \(round)".utf8)
            let signature = try signer.sign(message)
            var candidates = [(signature, message), (signature, message + [0])]
            for index in [0, 15, 31, 32, 47, 63] {
                var changed = signature
                changed[index] ^= UInt8(1 + round % 255)
                candidates.append((changed, message))
            }
            for (signature, message) in candidates {
                let expected = unsafe message.withUnsafeBytes {
                    unsafe key.isValid(signature, for: $0, acceptsHighS: true)
                }
                let verdict = unsafe message.withUnsafeBytes {
                    unsafe presented.verify(signature, of: $0, acceptsHighS: true)
                }
                try #require((verdict == .valid) == expected)
                if expected { accepted += 1 }
            }
        }
        #expect(accepted == 600)
    }

    @Test(
        "The RFC 6979 signatures verify, and those with the higher s only where it is accepted",
        arguments: Vector.all("ecdsa-p256.txt")
    )
    func verifiesExamples(_ vector: Vector) throws {
        let signer = try SigningKey(pkcs8DER: SecretBytes(hexadecimal(OwnSignatureTests.exampleKey)))
        let key = try Self.presented(signer)
        let (message, signature) = try (vector.bytes("message"), vector.bytes("r") + vector.bytes("s"))
        unsafe message.withUnsafeBytes { message in
            let isLow = vector.fields["low"] == "yes"
            unsafe #expect(key.verify(signature, of: message, acceptsHighS: true) == .valid)
            unsafe #expect(key.verify(signature, of: message) == (isLow ? .valid : .badSignature))
        }
    }

    @Test(
        "Halves at the edges of their range, and those for which R is the point at infinity, are refused",
        arguments: [
            String(repeating: "0", count: 63) + "1", String(SignatureTests.order.dropLast()) + "0",
            SignatureTests.halfOrder, "7f3a7a3ee93c2cb6eb6ff89ccf95192d799de166440b950babbbbf988ebd0f4e",
        ],
        [String(repeating: "0", count: 63) + "1", String(repeating: "0", count: 63) + "5", SignatureTests.halfOrder]
    )
    func refusesEdges(_ r: String, _ s: String) throws {
        let key = try Self.presented(SigningKey(pkcs8DER: SecretBytes(hexadecimal(OwnSignatureTests.exampleKey))))
        let signature = try hexadecimal(r) + hexadecimal(s)
        // With the last r above, z + r·d is 0.
        unsafe Array("the point at infinity".utf8).withUnsafeBytes { message in
            unsafe #expect(key.verify(signature, of: message, acceptsHighS: true) == .badSignature)
        }
    }

    @Test("A signature whose R has an x coordinate above n is taken: r is x modulo n")
    func takesLargeCoordinates() throws {
        // Made backwards: R is the point with x = n + 3, and the key what the equation of verification then asks for.
        let x = try hexadecimal("3740e4a64242f1e583fe960e29b86251fd1a7d83c1c5bc3936b6179916987445")
        let y = try hexadecimal("9abd35b3597a7f4515c1f63dbb54036838e2c01ca832599423af627d618cdd2e")
        let s = try hexadecimal("1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef")
        let key = try #require(PresentedKey(p256X: x, y: y))
        let r = [UInt8](repeating: 0, count: 31)
        unsafe Array("x above n".utf8).withUnsafeBytes { message in
            unsafe #expect(key.verify(r + [3] + s, of: message) == .valid)
            unsafe #expect(key.verify(r + [4] + s, of: message) == .badSignature)
        }
        #expect(try VerifyingKey(p256X: x, y: y).isValid(r + [3] + s, for: Array("x above n".utf8)))
    }

    @Test("Many tasks at once with a key each do not disturb each other")
    func concurrency() async throws {
        let good = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let signer = try SigningKey.generate(.es256)
                    let key = try Self.presented(signer)
                    let signature = try signer.sign(Self.message)
                    return (0..<50).count { _ in Self.verdict(key, signature) == .valid }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(good == 400)
    }
}
