import StrictJSON

/// The `exp` claim (RFC 7519 section 4.1.4): the second from which the token is no longer good.
struct ExpirationClaim {
    let seconds: Int64

    init(_ value: JSONValue?) throws(TokenError) { seconds = try RegisteredClaims.seconds("exp", value) }

    /// Demands that the token began before it ends and does not live longer than allowed.
    ///
    /// The cap also catches milliseconds where seconds belong.
    func require(after issuedAt: IssuedAtClaim, lifetimeSecondsMax: Int64) throws(TokenError) {
        guard seconds > issuedAt.seconds else { throw .invalidClaim("exp") }
        // Neither is negative, so the difference cannot overflow.
        guard seconds - issuedAt.seconds <= lifetimeSecondsMax else { throw .lifetimeTooLong }
    }
}
