import OpenSSLKit
import Testing

@Suite("Signatures")
struct SignatureTests {
    static let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
    static let halfOrder = "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8"
    /// What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410 section 7).
    static let ed25519Prefix = "302e020100300506032b657004220420"

    private func p256ExampleKey() throws -> VerifyingKey {
        try VerifyingKey(
            p256X: hexadecimal("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"),
            y: hexadecimal("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
        )
    }

    /// n − s by schoolbook subtraction.
    private func negated(_ s: [UInt8]) throws -> [UInt8] {
        var result = try hexadecimal(Self.order)
        var borrow = 0
        for index in result.indices.reversed() {
            let difference = Int(result[index]) - Int(s[index]) - borrow
            borrow = difference < 0 ? 1 : 0
            result[index] = UInt8(truncatingIfNeeded: difference)
        }
        return result
    }

    @Test("The RFC 6979 signatures verify in their low-s form only", arguments: Vector.all("ecdsa-p256.txt"))
    func verifiesECDSAExamples(_ vector: Vector) throws {
        let key = try p256ExampleKey()
        let (message, r, s) = try (vector.bytes("message"), vector.bytes("r"), vector.bytes("s"))
        let isLow = vector.fields["low"] == "yes"
        #expect(key.isValid(r + s, for: message) == isLow)
        #expect(try key.isValid(r + negated(s), for: message) == !isLow)
    }

    @Test("The RFC 8032 keys sign and verify as published", arguments: Vector.all("ed25519.txt"))
    func signsEdDSAExamples(_ vector: Vector) throws {
        let signing = try SigningKey(
            pkcs8DER: SecretBytes(hexadecimal(Self.ed25519Prefix) + vector.bytes("seed"))
        )
        #expect(signing.algorithm == .edDSA)
        #expect(try signing.verifyingKey.x == vector.bytes("public"))
        let key = try VerifyingKey(ed25519X: vector.bytes("public"))
        let (message, signature) = try (vector.bytes("message"), vector.bytes("signature"))
        for _ in 0..<3 {
            #expect(try signing.sign(message) == signature)
            #expect(key.isValid(signature, for: message))
            #expect(!key.isValid(signature, for: message + [0]))
        }
    }

    @Test("What a fresh key signs, its public half accepts, and no other", arguments: SignatureAlgorithm.allCases)
    func signsAndVerifies(_ algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let other = try SigningKey.generate(algorithm)
        let rebuilt = try rebuild(key.verifyingKey)
        for count in 0..<100 {
            let message = [UInt8](repeating: UInt8(count), count: count)
            let signature = try key.sign(message)
            #expect(signature.count == 64)
            if algorithm == .es256 { #expect(try isLow(signature)) }
            #expect(rebuilt.isValid(signature, for: message))
            #expect(!other.verifyingKey.isValid(signature, for: message))
        }
    }

    private func rebuild(_ key: VerifyingKey) throws -> VerifyingKey {
        guard let y = key.y else { return try VerifyingKey(ed25519X: key.x) }
        return try VerifyingKey(p256X: key.x, y: y)
    }

    private func isLow(_ signature: [UInt8]) throws -> Bool {
        try !hexadecimal(Self.halfOrder).lexicographicallyPrecedes(Array(signature.suffix(32)))
    }

    @Test("Every flipped bit of a signature is refused", arguments: SignatureAlgorithm.allCases)
    func refusesFlippedBits(_ algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let message = Array("message".utf8)
        let signature = try key.sign(message)
        for bit in 0..<512 {
            var changed = signature
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(!key.verifyingKey.isValid(changed, for: message))
        }
        #expect(key.verifyingKey.isValid(signature, for: message))
    }

    @Test(
        "Halves at and outside the edges are refused",
        arguments: ["0", "1", "n-1", "n", "n+1", "half", "half+1", "max"],
        ["0", "1", "n-1", "n", "half", "half+1", "max"]
    )
    func refusesEdges(_ r: String, _ s: String) throws {
        let values = [
            "0": String(repeating: "0", count: 64),
            "1": String(repeating: "0", count: 63) + "1",
            "n-1": String(Self.order.dropLast()) + "0",
            "n": Self.order,
            "n+1": String(Self.order.dropLast()) + "2",
            "half": Self.halfOrder,
            "half+1": String(Self.halfOrder.dropLast()) + "9",
            "max": String(repeating: "f", count: 64),
        ]
        let signature = try hexadecimal(#require(values[r])) + hexadecimal(#require(values[s]))
        #expect(try !p256ExampleKey().isValid(signature, for: Array("sample".utf8)))
    }

    @Test("Signatures of other lengths and forms are refused", arguments: SignatureAlgorithm.allCases)
    func refusesForms(_ algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let message = Array("message".utf8)
        let signature = try key.sign(message)
        for count in 0..<64 { #expect(!key.verifyingKey.isValid(Array(signature.prefix(count)), for: message)) }
        #expect(!key.verifyingKey.isValid(signature + [0], for: message))
        #expect(!key.verifyingKey.isValid([0] + signature, for: message))
        let der: [UInt8] = [0x30, 0x44, 0x02, 0x20] + signature.prefix(32) + [0x02, 0x20] + signature.suffix(32)
        #expect(!key.verifyingKey.isValid(der, for: message))
        #expect(!key.verifyingKey.isValid([UInt8](repeating: 0, count: 64), for: message))
        let twin = Array(signature.suffix(32) + signature.prefix(32))
        #expect(!key.verifyingKey.isValid(twin, for: message))
    }

    @Test("Adding L to the scalar of an Ed25519 signature does not make a second spelling")
    func refusesScalarPlusOrder() throws {
        let key = try SigningKey.generate(.edDSA)
        let signature = try key.sign([1])
        let order: [UInt8] = try hexadecimal("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var changed = signature
        var carry = 0
        for index in 0..<32 {
            let sum = Int(changed[32 + index]) + Int(order[index]) + carry
            changed[32 + index] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
        #expect(changed != signature)
        #expect(!key.verifyingKey.isValid(changed, for: [1]))
        #expect(key.verifyingKey.isValid(signature, for: [1]))
    }

    @Test("Both algorithms work on many tasks at once over one key", arguments: SignatureAlgorithm.allCases)
    func signsConcurrently(_ algorithm: SignatureAlgorithm) async throws {
        let key = try SigningKey.generate(algorithm)
        let isRight = await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    (0..<50).allSatisfy { round in
                        let message = [UInt8(task), UInt8(round)]
                        guard let signature = try? key.sign(message) else { return false }
                        return key.verifyingKey.isValid(signature, for: message)
                            && !key.verifyingKey.isValid(signature, for: [UInt8(task)])
                    }
                }
            }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(isRight)
    }
}
