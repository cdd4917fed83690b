import Testing

@testable import OpenSSLKit

/// Signatures made over the curve, held against published ones and against the library's check with the public half.
@Suite("ES256 signatures made over the curve")
struct SignatureMakerTests {
    private static let zero = String(repeating: "0", count: 63)
    /// The coordinates of the base point G (SP 800-186 section 3.2.1.3), and y of −G.
    private static let baseX = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    private static let baseY = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    private static let negatedBaseY = "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"

    private static func number(_ digits: String) throws -> UInt256 {
        try unsafe #require(try hexadecimal(digits).withUnsafeBytes { unsafe UInt256(bigEndian: $0) })
    }

    private static func digest(_ message: String) -> Digest256 {
        unsafe Array(message.utf8).withUnsafeBytes { unsafe SHA256Digest.digest($0) }
    }

    /// A key from its private half and its public point, both in hexadecimal digits.
    private static func key(_ secret: String, x: String, y: String) throws -> SigningKey {
        var der = try hexadecimal(OwnSignatureTests.exampleKey)
        der.replaceSubrange(36..<68, with: try hexadecimal(secret))
        der.replaceSubrange((der.count - 64)..., with: try hexadecimal(x + y))
        return try SigningKey(pkcs8DER: SecretBytes(der))
    }

    private static func maker(_ key: SigningKey) throws -> SignatureMaker {
        guard case .es256(let maker) = key.maker else { throw OpenSSLError(operation: "maker", reason: "not ES256") }
        return maker
    }

    private static func publicHalf(_ key: SigningKey) throws -> VerifyingKey {
        try VerifyingKey(p256X: key.verifyingKey.x, y: #require(key.verifyingKey.y))
    }

    @Test("With the nonces of RFC 6979 they are its signatures, s or its twin", arguments: Vector.all("ecdsa-p256.txt"))
    func makesExamples(_ vector: Vector) throws {
        let key = try SigningKey(pkcs8DER: SecretBytes(hexadecimal(OwnSignatureTests.exampleKey)))
        let digest = Self.digest(try #require(vector.fields["name"]))
        let nonce = try Self.number(try #require(vector.fields["k"]))
        let published = try vector.bytes("r") + vector.bytes("s")
        let expected = unsafe published.withUnsafeBytes { unsafe ECDSASignature(fixedWidth: $0, acceptsHighS: true) }
        let made = try Self.maker(key).signature(of: digest, nonce: nonce)
        #expect(try #require(made).fixedWidth == #require(expected).fixedWidth)
    }

    @Test("The public half accepts ten thousand of them, no two of which have the same r")
    func areAccepted() throws {
        let key = try SigningKey.generate(.es256)
        let publicHalf = try Self.publicHalf(key)
        var halves: Set<[UInt8]> = []
        for round in 0..<10_000 {
            // The same message many times: its nonces must differ, too.
            let message = Array("message \(round / 100)".utf8)
            let signature = try key.sign(message)
            halves.insert(Array(signature.prefix(32)))
            try #require(publicHalf.isValid(signature, for: message))
        }
        #expect(halves.count == 10_000)
    }

    @Test(
        "Nonces at the edges of their range make signatures that are accepted",
        arguments: [zero + "1", zero + "2", String(SignatureTests.order.dropLast()) + "0", SignatureTests.halfOrder]
    )
    func takesEdgesOfNonces(_ nonce: String) throws {
        let key = try SigningKey.generate(.es256)
        let signature = try Self.maker(key).signature(of: Self.digest("edge"), nonce: Self.number(nonce))
        let bytes = try #require(signature).fixedWidth
        #expect(try Self.publicHalf(key).isValid(bytes, for: Array("edge".utf8)))
        // R is G or −G for the first and the third.
        let isBase = try Array(bytes.prefix(32)) == hexadecimal(Self.baseX)
        #expect(isBase == (nonce.hasSuffix("1") || nonce.hasSuffix("2550")))
    }

    @Test(
        "A nonce that is no number from 1 to n − 1 makes no signature",
        arguments: [zero + "0", SignatureTests.order]
    )
    func refusesNonces(_ nonce: String) throws {
        let key = try SigningKey.generate(.es256)
        #expect(try Self.maker(key).signature(of: Self.digest("none"), nonce: Self.number(nonce)) == nil)
        // What failed is not used again, and what comes after is right.
        #expect(try Self.publicHalf(key).isValid(key.sign([1]), for: [1]))
    }

    @Test("The least and the greatest key sign as any other does")
    func takesEdgesOfKeys() throws {
        let keys = [
            try Self.key(Self.zero + "1", x: Self.baseX, y: Self.baseY),
            try Self.key(String(SignatureTests.order.dropLast()) + "0", x: Self.baseX, y: Self.negatedBaseY),
        ]
        for key in keys {
            for round in 0..<100 {
                let message = [UInt8(round)]
                let signature = try key.sign(message)
                #expect(try Self.publicHalf(key).isValid(signature, for: message))
                #expect(key.verifyingKey.isValid(signature, for: message))
            }
        }
    }

    @Test("Digests of 0, of the order and above it are signed as the library checks them")
    func takesEdgesOfDigests() throws {
        let key = try SigningKey.generate(.es256)
        let maker = try Self.maker(key)
        let point = try [0x04] + key.verifyingKey.x + #require(key.verifyingKey.y)
        for digits in [Self.zero + "0", SignatureTests.order, String(repeating: "f", count: 64)] {
            let digest = try #require(Digest256(bytes: hexadecimal(digits)))
            let signature = try #require(maker.signature(of: digest))
            #expect(PresentedSignatureCheck.verdict(of: point, signature, digest: digest) == .valid)
        }
    }

    @Test("A key without its private half makes none")
    func needsPrivateHalf() throws {
        let key = try SigningKey.generate(.es256).verifyingKey
        let publicHalf = try PublicKeyImport.p256(x: key.x, y: #require(key.y))
        #expect(SignatureMaker(publicHalf) == nil)
    }
}
