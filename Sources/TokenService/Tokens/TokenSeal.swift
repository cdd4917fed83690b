package import InviteStore
import OpenSSLKit
package import Platform

/// What the `seal` claim of a participant token carries: all that validation needs and nobody else may read.
package struct TokenSealContent: Equatable, Sendable {
    package var email: String
    package var renewUntil: UnixTime
    /// The invite that the session came of; nil for a backend-made one.
    package var invite: RecordID?
    package var apiKey: RecordID
    /// Marks of the origins that the token may be used from, see ``mark(of:)``; empty for no list.
    package var originMarks: [UInt64]

    package init(
        email: String,
        renewUntil: UnixTime,
        invite: RecordID?,
        apiKey: RecordID,
        originMarks: [UInt64] = []
    ) {
        self.email = email
        self.renewUntil = renewUntil
        self.invite = invite
        self.apiKey = apiKey
        self.originMarks = originMarks
    }

    /// The first eight bytes of an origin's SHA-256: a list of 20 origins must fit a token of 2,048 characters.
    ///
    /// Nobody gains by a collision: who can choose the origin of a page can choose one that is on the list.
    package static func mark(of origin: String) -> UInt64 {
        SHA256Digest.digest(Array(origin.utf8)).leadingWords.0
    }
}

/// Encrypts and opens `seal` claims (AES-256-GCM under a service key, bound to the token's `jti`).
///
/// Layout of the plaintext: version 1, the number of origin marks, `renew_until` in whole seconds (8 bytes, big-endian), invite id (16, zero for
/// none), API key id (16), the marks (8 each), the address unless the token has it in clear. The claim is base64url of nonce,
/// ciphertext and tag.
package struct TokenSeal: Sendable {
    private static let fixedBytes = 42
    private let sealer: EpochSealer

    package init(_ sealer: EpochSealer) { self.sealer = sealer }

    /// Seals; without the address where the token carries it in its `email` claim, so that it is not in it twice.
    package func seal(_ content: TokenSealContent, tokenID: RecordID, withEmail: Bool = true) throws -> String {
        let marks = content.originMarks.prefix(ServiceLimits.allowedOriginsMax)
        var plaintext: [UInt8] = [1, UInt8(clamping: marks.count)]
        plaintext.reserveCapacity(Self.fixedBytes + content.email.utf8.count)
        let seconds = UInt64(bitPattern: content.renewUntil.seconds)
        for shift in stride(from: 56, through: 0, by: -8) {
            plaintext.append(UInt8(truncatingIfNeeded: seconds >> UInt64(shift)))
        }
        (content.invite ?? RecordID(high: 0, low: 0)).append(to: &plaintext)
        content.apiKey.append(to: &plaintext)
        for mark in marks { plaintext.append(contentsOf: RecordID(high: mark, low: 0).bytes.prefix(8)) }
        if withEmail { plaintext.append(contentsOf: content.email.utf8) }
        return Base64URLText.encode(try sealer.seal(plaintext, for: tokenID, context: []))
    }

    /// Opens a claim; nil where it was not made by this deployment for this token.
    ///
    /// The address is empty where it was left out.
    package func open(_ text: String, tokenID: RecordID) -> TokenSealContent? {
        guard let sealed = Base64URLText.decode(text),
            let plaintext = sealer.open(sealed, for: tokenID, context: []), plaintext.count >= Self.fixedBytes,
            plaintext[0] == 1, let invite = RecordID(bytes: plaintext[10..<26]),
            let apiKey = RecordID(bytes: plaintext[26..<42])
        else { return nil }
        let end = Self.fixedBytes + 8 * Int(plaintext[1])
        guard plaintext.count >= end else { return nil }
        let marks = stride(from: Self.fixedBytes, to: end, by: 8).map { start in
            plaintext[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        let seconds = plaintext[2..<10].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return TokenSealContent(
            email: String(decoding: plaintext[end...], as: UTF8.self),
            renewUntil: UnixTime(seconds: Int64(bitPattern: seconds)),
            invite: invite == RecordID(high: 0, low: 0) ? nil : invite,
            apiKey: apiKey,
            originMarks: marks
        )
    }
}
