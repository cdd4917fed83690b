package import JWTLite
import Synchronization

/// A participant token whose signature, claims and seal were found good, ready to be judged again without them.
///
/// What can change is not here: whether it has expired, was revoked, or may be used by this request is asked each time.
package final class ValidatedToken: Sendable {
    package let claims: ParticipantClaims
    /// What `GET /v1/widget/session` answers; it follows from the claims alone.
    package let answer: [UInt8]
    /// The `ath` that proofs for this token carry; empty where it is bound to no key.
    package let tokenHash: [UInt8]
    /// The number of the keyring that found it good.
    package let keyring: UInt64
    /// The token, as it is presented.
    let text: [UInt8]
    private let header = Mutex<DPoPHeader?>(nil)

    package init(text: [UInt8], claims: ParticipantClaims, answer: [UInt8], tokenHash: [UInt8], keyring: UInt64) {
        self.text = text
        self.claims = claims
        self.answer = answer
        self.tokenHash = tokenHash
        self.keyring = keyring
    }

    /// The header of the last proof that was good with this token, and so names the token's own key.
    package var proofHeader: DPoPHeader? { header.withLock { $0 } }

    /// Keeps the header of a proof whose key is the token's and whose signature was good.
    package func keep(_ proofHeader: DPoPHeader) { header.withLock { $0 = proofHeader } }

    /// What it costs, about, in bytes: its texts, and as much for the objects around them.
    var bytes: Int { 2 * (text.count + answer.count) + (claims.boundKey == nil ? 512 : 2048) }
}
