package import InviteStore
import OpenSSLKit
package import Platform

/// Everything about members that needs a key: blind indexes, ciphertexts, digests of sessions, tokens against forgery.
///
/// Each use has a key of its own, derived from the deployment's data keys under its own label.
package struct MemberSecrets: Sendable {
    /// Bytes of a session's secret.
    package static let sessionBytes = 32
    private static let nonceBytes = 16

    private let index: HMACSHA256Key
    private let pseudonyms: HMACSHA256Key
    private let sessions: HMACSHA256Key
    private let forgery: HMACSHA256Key
    private let sealer: EpochSealer
    private let random: any RandomSource

    /// Throws `OpenSSLError` where a key can not be made.
    package init(_ keys: DataKeys, random: any RandomSource) throws {
        func derived(_ root: HMACSHA256Key, _ label: StaticString) throws -> HMACSHA256Key {
            try HMACSHA256Key(SecretBytes(root.authenticate(Array("\(label)".utf8) + [0]).bytes))
        }
        index = try derived(keys.addressIndex, "tokenservice member address index v1")
        pseudonyms = try derived(keys.pseudonym, "tokenservice member pseudonym v1")
        sessions = try derived(keys.apiKeyDigest, "tokenservice console session v1")
        forgery = try derived(keys.apiKeyDigest, "tokenservice console forgery v1")
        sealer = EpochSealer(root: keys.recordSeal, label: "tokenservice member seal v1", random: random)
        self.random = random
    }

    // MARK: Addresses and passwords

    /// What the store finds a member by.
    package func addressIndex(of address: EmailAddress) -> KeyedDigest16 {
        Self.truncated(index.authenticate(Array(address.text.utf8)))
    }

    /// What the audit trail calls an address with which somebody failed to sign in.
    package func pseudonym(of address: EmailAddress) -> KeyedDigest16 {
        Self.truncated(pseudonyms.authenticate(Array(address.text.utf8)))
    }

    package func seal(_ address: EmailAddress, of member: RecordID) throws -> [UInt8] {
        try sealer.seal(Array(address.text.utf8), for: member, context: Self.addressContext)
    }

    package func seal(_ hash: PasswordHash, of member: RecordID) throws -> [UInt8] {
        try sealer.seal(Array(hash.text.utf8), for: member, context: Self.passwordContext)
    }

    /// The member's address; nil where the row was damaged.
    package func address(of member: MemberRecord) -> EmailAddress? {
        sealer.open(member.sealedAddress, for: member.id, context: Self.addressContext)
            .flatMap { EmailAddress(String(decoding: $0, as: UTF8.self)) }
    }

    /// The hash of the member's password; nil where the row was damaged.
    package func passwordHash(of member: MemberRecord) -> PasswordHash? {
        sealer.open(member.sealedPassword, for: member.id, context: Self.passwordContext)
            .flatMap { PasswordHash(parsing: String(decoding: $0, as: UTF8.self)) }
    }

    private static let addressContext: [UInt8] = [1]
    private static let passwordContext: [UInt8] = [2]

    // MARK: Sessions

    /// A new secret for a cookie: 32 random bytes as base64url.
    package func newSession() -> (text: String, digest: [UInt8]) {
        let secret = SecretBytes(random: Self.sessionBytes, from: random).copy
        return (Base64URLText.encode(secret), sessions.authenticate(secret).bytes)
    }

    /// The digest under which a cookie's session is stored; nil where the text is no secret of ours.
    package func digest(ofCookie text: String) -> [UInt8]? {
        guard let secret = Base64URLText.decode(text), secret.count == Self.sessionBytes else { return nil }
        return sessions.authenticate(secret).bytes
    }

    /// A fresh token that a page of the session sends with what changes something: a nonce, and a MAC over session and
    /// nonce.
    package func forgeryToken(session digest: [UInt8]) -> String {
        let nonce = SecretBytes(random: Self.nonceBytes, from: random).copy
        return Base64URLText.encode(nonce + forgery.authenticate(digest + nonce).bytes)
    }

    /// Whether the text is a token of ``forgeryToken(session:)`` for this session.
    package func isForgeryToken(_ text: String, session digest: [UInt8]) -> Bool {
        guard text.utf8.count <= 64, let bytes = Base64URLText.decode(text), bytes.count == Self.nonceBytes + 32 else {
            return false
        }
        let nonce = Array(bytes.prefix(Self.nonceBytes))
        return constantTimeEquals(Array(bytes.dropFirst(Self.nonceBytes)), forgery.authenticate(digest + nonce).bytes)
    }

    private static func truncated(_ digest: Digest256) -> KeyedDigest16 {
        let words = digest.leadingWords
        return KeyedDigest16(high: words.0, low: words.1)
    }
}
