import StrictJSON

/// The `iss` claim (RFC 7519 section 4.1.1): who made the token.
struct IssuerClaim {
    private let value: JSONValue

    init(_ value: JSONValue?) throws(TokenError) {
        guard let value else { throw .missingClaim("iss") }
        guard value.kind == .string else { throw .invalidClaim("iss") }
        self.value = value
    }

    /// Demands one issuer, compared byte by byte: no case folding, no URL normalisation.
    func require(_ issuerUTF8: [UInt8]) throws(TokenError) {
        guard value.stringEquals(utf8: issuerUTF8) else { throw .wrongIssuer }
    }
}
