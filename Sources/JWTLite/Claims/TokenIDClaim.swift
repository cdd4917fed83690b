import StrictJSON

/// The `jti` claim (RFC 7519 section 4.1.7): the name by which a token is counted and revoked, whatever its text.
struct TokenIDClaim {
    let tokenID: String

    init(_ value: JSONValue?) throws(TokenError) { tokenID = try RegisteredClaims.string("jti", value) }
}
