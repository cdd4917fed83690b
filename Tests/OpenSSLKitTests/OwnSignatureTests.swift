import OpenSSLKit
import Testing

/// The check with the private half against the check with the public half: they must say the same of everything.
@Suite("Signatures of one's own key")
struct OwnSignatureTests {
    /// The P-256 key of RFC 6979 appendix A.2.5 as PKCS #8.
    static let exampleKey =
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420c9afa9d845ba75166b5c215767b1d6934e50c3db"
        + "36e89b127b8a622b120f6721a1440342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe10"
        + "08b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"

    private func publicHalf(_ key: SigningKey) throws -> VerifyingKey {
        try VerifyingKey(p256X: key.verifyingKey.x, y: #require(key.verifyingKey.y))
    }

    @Test("The RFC 6979 signatures verify with the private half too", arguments: Vector.all("ecdsa-p256.txt"))
    func verifiesExamples(_ vector: Vector) throws {
        let key = try SigningKey(pkcs8DER: SecretBytes(hexadecimal(Self.exampleKey)))
        let (message, r, s) = try (vector.bytes("message"), vector.bytes("r"), vector.bytes("s"))
        #expect(key.verifyingKey.isValid(r + s, for: message) == (vector.fields["low"] == "yes"))
    }

    @Test("Both checks say the same of good signatures and of changed ones, past the renewal of what hides the key")
    func agrees() throws {
        let key = try SigningKey.generate(.es256)
        let own = key.verifyingKey
        let publicHalf = try publicHalf(key)
        var accepted = 0
        for round in 0..<4200 {
            let message = Array("message \(round)".utf8)
            let signature = try key.sign(message)
            if own.isValid(signature, for: message) { accepted += 1 }
            guard round % 10 == 0 else { continue }
            #expect(publicHalf.isValid(signature, for: message))
            for index in [0, 15, 31, 32, 47, 63] {
                var changed = signature
                changed[index] ^= UInt8(1 + round % 255)
                #expect(!own.isValid(changed, for: message))
                #expect(!publicHalf.isValid(changed, for: message))
            }
            #expect(!own.isValid(signature, for: message + [0]))
        }
        #expect(accepted == 4200)
    }

    @Test("A signature of another key is none of one's own")
    func refusesOthers() throws {
        let key = try SigningKey.generate(.es256)
        let other = try SigningKey.generate(.es256)
        for round in 0..<200 {
            let signature = try other.sign([UInt8(round)])
            #expect(!key.verifyingKey.isValid(signature, for: [UInt8(round)]))
        }
    }

    @Test(
        "Halves at the edges of their range are refused by both checks",
        arguments: ["1", "2", "n-1", "half"],
        ["1", "2", "half"]
    )
    func refusesEdges(_ r: String, _ s: String) throws {
        let values = [
            "1": String(repeating: "0", count: 63) + "1",
            "2": String(repeating: "0", count: 63) + "2",
            "n-1": String(SignatureTests.order.dropLast()) + "0",
            "half": SignatureTests.halfOrder,
        ]
        let key = try SigningKey(pkcs8DER: SecretBytes(hexadecimal(Self.exampleKey)))
        let signature = try hexadecimal(#require(values[r])) + hexadecimal(#require(values[s]))
        #expect(!key.verifyingKey.isValid(signature, for: Array("sample".utf8)))
        #expect(try !publicHalf(key).isValid(signature, for: Array("sample".utf8)))
    }

    @Test("Halves for which R is the point at infinity are refused, as FIPS 186-5 says")
    func refusesInfinity() throws {
        let key = try SigningKey(pkcs8DER: SecretBytes(hexadecimal(Self.exampleKey)))
        // r = −z / d, so that z + r·d is 0 whatever s is.
        let r = try hexadecimal("7f3a7a3ee93c2cb6eb6ff89ccf95192d799de166440b950babbbbf988ebd0f4e")
        let message = Array("the point at infinity".utf8)
        for s in [UInt8(1), 5, 77] {
            let signature = r + [UInt8](repeating: 0, count: 31) + [s]
            #expect(!key.verifyingKey.isValid(signature, for: message))
            #expect(try !publicHalf(key).isValid(signature, for: message))
        }
    }

    @Test("A private half that belongs to another public half is refused when it is read")
    func refusesMismatchedHalves() throws {
        var der = try hexadecimal(Self.exampleKey)
        let other = try SigningKey.generate(.es256).verifyingKey
        der.replaceSubrange((der.count - 64)..., with: other.x + (try #require(other.y)))
        #expect(throws: OpenSSLError.self) { try SigningKey(pkcs8DER: SecretBytes(der)) }
    }
}
