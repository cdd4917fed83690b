import InviteStore
import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import TokenService

/// All that makes and reads the tokens of one deployment: keys, issuers, a reader, and good tokens to begin with.
///
/// The signing keys are public and fixed, so that a finding can be replayed; they protect nothing.
final class TokenBench: Sendable {
    static let now = UnixTime(seconds: 1_800_000_000)
    static let issuer = "https://tokens.example"

    /// The good tokens and what they are made of.
    struct Good: Sendable {
        let kind: TokenKind
        let text: [UInt8]
        let header: [UInt8]
        let payload: [UInt8]
        let signature: [UInt8]
        let key: SigningKey
    }

    let keys: [SigningKey]
    /// Keys of the same kinds that the deployment does not know.
    let foreignKeys: [SigningKey]
    let reader: TokenReader
    /// The verifier of the service, which checks with the private halves, and one that has the public halves alone.
    let verifiers: [TokenVerifier]
    let good: [Good]

    /// - Throws: where OpenSSL can not read the keys, which is a fault of the machine.
    init() throws {
        let keys = try Self.fixedKeys.map { try SigningKey(pkcs8DER: SecretBytes(Self.bytes($0))) }
        self.keys = keys
        foreignKeys = try [.generate(.es256), .generate(.edDSA)]
        let random = SystemRandomSource()
        let sealer = EpochSealer(
            root: try HMACSHA256Key(SecretBytes([UInt8](repeating: 7, count: 32))),
            label: "token-seal",
            random: random
        )
        let seal = TokenSeal(sealer)
        let own = TokenVerifier(keys: keys.map(\.verifyingKey), issuer: Self.issuer)
        let published = try keys.map { key in
            try JWKSet(parsing: JWKSet(keys: [TokenSigner(key: key).jwk]).serialized()).keys[0].key
        }
        verifiers = [own, TokenVerifier(keys: published, issuer: Self.issuer)]
        reader = TokenReader(verifier: own, seal: seal)
        var good: [Good] = []
        for key in keys {
            let signer = TokenSigner(key: key)
            for (kind, email) in [(TokenKind.invite, nil), (.participant, nil), (.invite, "user@example.com")] {
                let text = try signer.signASCII(type: kind.type, payload: try Self.payload(kind, email, seal))
                good.append(Self.good(kind, text, key))
            }
        }
        self.good = good
    }

    /// Whether any route could take the token for good, whatever its kind.
    func isAccepted(_ token: String) -> Bool {
        if let read = try? reader.participant(token, now: Self.now), !read.isExpired { return true }
        if let read = try? reader.invite(token, now: Self.now), !read.isExpired { return true }
        return false
    }

    /// A token of these texts, signed by a key.
    static func signed(_ header: [UInt8], _ payload: [UInt8], by key: SigningKey) throws -> [UInt8] {
        let input = Base64URL.encode(header) + [UInt8(ascii: ".")] + Base64URL.encode(payload)
        return input + [UInt8(ascii: ".")] + Base64URL.encode(try key.sign(input))
    }

    /// A token of these texts with a signature that no key can have made, which is seen without a calculation: its numbers
    /// are too large.
    static func unsigned(_ header: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        let input = Base64URL.encode(header) + [UInt8(ascii: ".")] + Base64URL.encode(payload)
        return input + [UInt8(ascii: ".")] + Base64URL.encode([UInt8](repeating: 0xFF, count: 64))
    }

    private static func good(_ kind: TokenKind, _ text: [UInt8], _ key: SigningKey) -> Good {
        let parts = text.split(separator: UInt8(ascii: "."))
        let decoded = parts.map { Base64URL.decode($0) ?? [] }
        return Good(
            kind: kind,
            text: text,
            header: decoded[0],
            payload: decoded[1],
            signature: decoded[2],
            key: key
        )
    }

    static let tenant = Tenant(workspace: RecordID(high: 0x0190_0000_0000_7000, low: 1), environment: .test)
    private static let instant: UInt64 = 1_800_000_000_000

    private static func id(_ number: UInt64) -> RecordID {
        RecordID(high: instant << 16 | 0x7000, low: 1 << 63 | number)
    }

    /// The payload of an invite or a participant token, as the service writes it.
    private static func payload(_ kind: TokenKind, _ email: String?, _ seal: TokenSeal) throws -> [UInt8] {
        let token = kind == .invite ? id(2) : id(6)
        let tokenID = TypeID.text(kind == .invite ? .invite : .participantToken, token)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("iss", issuer)
        writer.member("aud", kind.audience(tenant.workspace))
        writer.member("sub", Pseudonymizer.text(KeyedDigest16(high: 3, low: 4)))
        writer.member("jti", tokenID)
        writer.member("env", tenant.environment.rawValue)
        writer.member("campaign_id", "camp_456abc")
        if kind == .participant { writer.member("sid", TypeID.text(.session, id(7))) }
        writer.member("iat", now.seconds)
        writer.member("nbf", now.seconds)
        writer.member("exp", now.adding(seconds: kind == .invite ? 86_400 : 900).seconds)
        writer.member("rev", 5)
        if kind == .participant {
            let content = TokenSealContent(
                email: "user@example.com",
                renewUntil: now.adding(seconds: 14_400),
                invite: id(2),
                apiKey: id(8),
                originMarks: [9]
            )
            writer.member("seal", try seal.seal(content, tokenID: token))
        }
        if let email { writer.member("email", email) }
        writer.endObject()
        return writer.bytes
    }

    /// PKCS #8: a P-256 and an Ed25519 key.
    private static let fixedKeys = [
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420dd353e97c25e6dec0f454571d58e5fc0df5a"
            + "cfe0be991abb0efba8565ed7a419a1440342000442cb3eb16b8e3e6f3353af13e7d930c093a3acb4123f20edb1b1f987ff8b441f"
            + "7f6316ce5d49ec2ea4d058f4de731cd394763fe64805a98aeefd8a34e6a03ad1",
        "302e020100300506032b65700422042053b4441c46d7d38bf611c0f78497756b28e3bbe2b20094a758f680bbe8767ff6",
    ]

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.utf8.map { UInt8($0 <= 0x39 ? $0 - 0x30 : $0 - 0x57) }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
