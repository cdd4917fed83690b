package import StrictJSON

/// Why a key or a set of keys was refused.
package enum JWKError: Error, Equatable, CustomStringConvertible {
    /// The text is not strict JSON.
    case malformed(JSONError)
    /// A key is not a JSON object, or a set not an object with an array `keys`.
    case wrongShape
    /// A required member is missing.
    case missingMember(String)
    /// A member has the wrong type, length, encoding or value.
    case invalidMember(String)
    /// The kind of key, the curve or the algorithm is not served here.
    case unsupported
    /// The key carries its private half, which does not belong where a public key is expected.
    case privateKey
    /// `use` or `key_ops` do not allow that signatures are checked with the key.
    case notForVerification
    /// The numbers do not make a key.
    case invalidKey
    /// Two keys of a set have the same `kid`.
    case duplicateKeyID
    /// The set holds more keys than are accepted.
    case tooManyKeys

    package var description: String {
        switch self {
        case .malformed(let error): "\(error)"
        case .wrongShape: "not a JWK or a JWK set"
        case .missingMember(let name): "member \(name) is missing"
        case .invalidMember(let name): "member \(name) is invalid"
        case .unsupported: "the key type, curve or algorithm is not supported"
        case .privateKey: "a private key where a public one is expected"
        case .notForVerification: "the key is not meant for checking signatures"
        case .invalidKey: "not a valid public key"
        case .duplicateKeyID: "two keys have the same kid"
        case .tooManyKeys: "too many keys"
        }
    }
}
