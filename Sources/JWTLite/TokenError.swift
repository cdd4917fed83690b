/// Why a token was refused, for the log and the choice of an answer; outsiders see less.
package enum TokenError: Error, Equatable, CustomStringConvertible {
    /// Too long, not three parts, or not canonical base64url.
    case malformed
    /// The header is not exactly `alg`, `kid` and `typ`, or its `alg` is not the key's.
    case headerRefused
    /// No key has this `kid`.
    case unknownKey
    /// A token for another purpose.
    case wrongType
    case badSignature
    /// The payload is not a strict JSON object.
    case payloadRefused
    case missingClaim(String)
    /// A claim has the wrong type or an impossible value.
    case invalidClaim(String)
    case wrongIssuer
    case wrongAudience
    case expired
    /// `nbf` or `iat` lies further ahead than the leeway.
    case notYetValid
    /// The token lives longer than any token that is issued.
    case lifetimeTooLong

    package var description: String {
        switch self {
        case .malformed: "malformed token"
        case .headerRefused: "header refused"
        case .unknownKey: "unknown key"
        case .wrongType: "wrong type"
        case .badSignature: "bad signature"
        case .payloadRefused: "payload refused"
        case .missingClaim(let name): "missing claim \(name)"
        case .invalidClaim(let name): "invalid claim \(name)"
        case .wrongIssuer: "wrong issuer"
        case .wrongAudience: "wrong audience"
        case .expired: "expired"
        case .notYetValid: "not yet valid"
        case .lifetimeTooLong: "lifetime too long"
        }
    }
}
