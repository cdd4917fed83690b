/// Why a proof of possession was refused, for the log and the choice of an answer; outsiders see less.
package enum DPoPError: Error, Equatable, CustomStringConvertible {
    /// Too long, not three parts, or not canonical base64url.
    case malformed
    /// The header is not exactly `typ`, `alg` and `jwk`.
    case headerRefused
    case wrongType
    /// Neither ES256 nor EdDSA.
    case unsupportedAlgorithm
    /// The key carries its private half, which everybody on the way has now read.
    case privateKey
    /// The key has another shape than its algorithm asks for, or is no point of the curve.
    case invalidKey
    /// The payload is not a strict JSON object.
    case payloadRefused
    case missingClaim(String)
    /// A claim has the wrong type, is too long, or can not be.
    case invalidClaim(String)
    /// Made for another method.
    case wrongMethod
    /// Made for another address.
    case wrongTarget
    /// `iat` is too long ago.
    case tooOld
    /// `iat` lies further ahead than the leeway.
    case notYetValid
    /// `ath` is missing or another token's, or there where no token is presented.
    case wrongToken
    case badSignature

    package var description: String {
        switch self {
        case .malformed: "malformed proof"
        case .headerRefused: "header refused"
        case .wrongType: "wrong type"
        case .unsupportedAlgorithm: "unsupported algorithm"
        case .privateKey: "a private key in the header"
        case .invalidKey: "invalid key"
        case .payloadRefused: "payload refused"
        case .missingClaim(let name): "missing claim \(name)"
        case .invalidClaim(let name): "invalid claim \(name)"
        case .wrongMethod: "made for another method"
        case .wrongTarget: "made for another address"
        case .tooOld: "too old"
        case .notYetValid: "not yet valid"
        case .wrongToken: "made for another token"
        case .badSignature: "bad signature"
        }
    }
}
