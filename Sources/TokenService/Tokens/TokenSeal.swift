package import InviteStore
package import Platform

/// What the `seal` claim of a participant token carries: all that validation needs and nobody else may read.
package struct TokenSealContent: Equatable, Sendable {
    package var email: String
    package var renewUntil: UnixTime
    /// The invite that the session came of; nil for a backend-made one.
    package var invite: RecordID?
    package var apiKey: RecordID
    /// True where a list of origins stood when the session was opened, so that CORS answers name the one origin.
    package var hasOriginList: Bool

    package init(
        email: String,
        renewUntil: UnixTime,
        invite: RecordID?,
        apiKey: RecordID,
        hasOriginList: Bool = false
    ) {
        self.email = email
        self.renewUntil = renewUntil
        self.invite = invite
        self.apiKey = apiKey
        self.hasOriginList = hasOriginList
    }
}

/// Encrypts and opens `seal` claims (AES-256-GCM under a service key, bound to the token's `jti`).
///
/// Layout of the plaintext: version 1, flags (1: a list of origins stood), `renew_until` in whole seconds (8 bytes, big-endian), invite id (16, zero for
/// none), API key id (16), the address. The claim is base64url of nonce, ciphertext and tag.
package struct TokenSeal: Sendable {
    private static let fixedBytes = 42
    private let sealer: EpochSealer

    package init(_ sealer: EpochSealer) { self.sealer = sealer }

    package func seal(_ content: TokenSealContent, tokenID: RecordID) throws -> String {
        var plaintext: [UInt8] = [1, content.hasOriginList ? 1 : 0]
        plaintext.reserveCapacity(Self.fixedBytes + content.email.utf8.count)
        let seconds = UInt64(bitPattern: content.renewUntil.seconds)
        for shift in stride(from: 56, through: 0, by: -8) {
            plaintext.append(UInt8(truncatingIfNeeded: seconds >> UInt64(shift)))
        }
        plaintext.append(contentsOf: (content.invite ?? RecordID(high: 0, low: 0)).bytes)
        plaintext.append(contentsOf: content.apiKey.bytes)
        plaintext.append(contentsOf: content.email.utf8)
        return Base64URLText.encode(try sealer.seal(plaintext, for: tokenID, context: []))
    }

    /// Opens a claim; nil where it was not made by this deployment for this token.
    package func open(_ text: String, tokenID: RecordID) -> TokenSealContent? {
        guard let sealed = Base64URLText.decode(text),
            let plaintext = sealer.open(sealed, for: tokenID, context: []), plaintext.count >= Self.fixedBytes,
            plaintext[0] == 1, let invite = RecordID(bytes: plaintext[10..<26]),
            let apiKey = RecordID(bytes: plaintext[26..<42])
        else { return nil }
        let seconds = plaintext[2..<10].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return TokenSealContent(
            email: String(decoding: plaintext[42...], as: UTF8.self),
            renewUntil: UnixTime(seconds: Int64(bitPattern: seconds)),
            invite: invite == RecordID(high: 0, low: 0) ? nil : invite,
            apiKey: apiKey,
            hasOriginList: plaintext[1] & 1 == 1
        )
    }
}
