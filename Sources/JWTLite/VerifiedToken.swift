package import Platform
package import StrictJSON

/// A token whose signature, header and registered claims have all been checked.
package struct VerifiedToken: Sendable {
    /// The `kid` of the key that signed it.
    package let keyID: String
    package let type: String
    package let issuer: String
    package let audience: String
    package let subject: String
    /// The `jti`.
    package let tokenID: String
    package let issuedAt: UnixTime
    package let notBefore: UnixTime
    package let expiresAt: UnixTime
    /// All claims, the private ones included; the root is an object.
    package let payload: JSONDocument

    /// Whether the token's time is over; there is no leeway.
    package func isExpired(_ now: UnixTime) -> Bool { expiresAt <= now }
}
