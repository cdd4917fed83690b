import StrictJSON

/// The registered claims of a payload (RFC 7519 section 4.1), found in one pass over its members and not yet checked.
struct RegisteredClaims {
    private(set) var issuer: JSONValue?
    private(set) var audience: JSONValue?
    private(set) var subject: JSONValue?
    private(set) var tokenID: JSONValue?
    private(set) var expiration: JSONValue?
    private(set) var notBefore: JSONValue?
    private(set) var issuedAt: JSONValue?

    init(_ payload: JSONValue) {
        payload.forEachMember { name, value in
            switch name {
            case "iss": issuer = value
            case "aud": audience = value
            case "sub": subject = value
            case "jti": tokenID = value
            case "exp": expiration = value
            case "nbf": notBefore = value
            case "iat": issuedAt = value
            default: break
            }
        }
    }

    /// A claim that must be there and be a string of at least one character.
    static func string(_ name: String, _ value: JSONValue?) throws(TokenError) -> String {
        guard let value else { throw .missingClaim(name) }
        guard let string = value.string, !string.isEmpty else { throw .invalidClaim(name) }
        return string
    }

    /// A claim that must be there and be whole seconds since the epoch, written without fraction or exponent.
    ///
    /// RFC 7519 section 2 allows fractions; none is issued here, and one less spelling is one less risk.
    static func seconds(_ name: String, _ value: JSONValue?) throws(TokenError) -> Int64 {
        guard let value else { throw .missingClaim(name) }
        guard let seconds = value.integer, seconds >= 0 else { throw .invalidClaim(name) }
        return seconds
    }
}
