import StrictJSON

/// The `sub` claim (RFC 7519 section 4.1.2): whom the token speaks of.
struct SubjectClaim {
    let subject: String

    init(_ value: JSONValue?) throws(TokenError) { subject = try RegisteredClaims.string("sub", value) }
}
