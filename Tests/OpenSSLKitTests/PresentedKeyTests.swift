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
