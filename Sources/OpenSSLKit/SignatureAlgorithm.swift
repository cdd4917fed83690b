/// The signature algorithms that exist here, by their JOSE names (RFC 7518 section 3.1, RFC 8037 section 3.1).
///
/// The algorithm belongs to a key and is never read from a token.
package enum SignatureAlgorithm: String, Sendable, CaseIterable {
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// EdDSA on Ed25519.
    case edDSA = "EdDSA"
}
