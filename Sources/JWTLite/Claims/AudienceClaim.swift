import StrictJSON

/// The `aud` claim (RFC 7519 section 4.1.3): whom the token is for.
///
/// A list is refused even where it holds the right audience alone: a token here is for one purpose.
struct AudienceClaim {
    let audience: String

    init(_ value: JSONValue?) throws(TokenError) { audience = try RegisteredClaims.string("aud", value) }

    /// Demands one audience, compared byte by byte: two spellings of one character differ.
    func require(_ expected: String) throws(TokenError) {
        guard audience.hasSameUTF8(as: expected) else { throw .wrongAudience }
    }
}
