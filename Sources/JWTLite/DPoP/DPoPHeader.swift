import OpenSSLKit
import StrictJSON

/// The header of a proof (RFC 9449 section 4.2): exactly `typ`, `alg` and `jwk`, the last one a public key and no more.
///
/// Beside the members that make the key, only `alg`, `use`, `kid`, and the `key_ops` and `ext` that WebCrypto's export
/// adds may stand in it, and they must allow what the key is used for. A member that means nothing here would be one that
/// somebody else gives a meaning to.
package final class DPoPHeader: Sendable {
    private static let limits = JSONLimits(bytesMax: 1024, depthMax: 3, valuesMax: 20, stringBytesMax: 512)

    /// The header as it stood in the proof, base64url.
    let text: [UInt8]
    let key: PresentedKey

    /// Reads the first part of a proof.
    init(parsing text: ArraySlice<UInt8>) throws(DPoPError) {
        guard let bytes = Base64URL.decode(text) else { throw .malformed }
        guard let root = try? JSONDocument(parsing: bytes, limits: Self.limits).root, root.kind == .object,
            let type = root["typ"], let name = root["alg"], let key = root["jwk"], root.count == 3
        else { throw .headerRefused }
        guard type.stringEquals("dpop+jwt") else { throw .wrongType }
        guard let algorithm = Self.algorithm(name) else { throw .unsupportedAlgorithm }
        self.key = try Self.key(key, algorithm)
        self.text = Array(text)
    }

    private static func algorithm(_ value: JSONValue) -> SignatureAlgorithm? {
        if value.stringEquals("ES256") { return .es256 }
        return value.stringEquals("EdDSA") ? .edDSA : nil
    }

    private static func key(
        _ key: JSONValue,
        _ algorithm: SignatureAlgorithm
    ) throws(DPoPError) -> PresentedKey {
        guard key.kind == .object else { throw .invalidKey }
        try key.forEachMember { name, value throws(DPoPError) in
            switch name {
            case "d", "k", "p", "q", "dp", "dq", "qi", "oth": throw .privateKey
            case "kty": try require(value, algorithm.keyType)
            case "crv": try require(value, algorithm.curve)
            case "alg": try require(value, algorithm.rawValue)
            case "use": try require(value, "sig")
            case "key_ops":
                // Empty where the pair was made for signing alone.
                let isHarmless = value.kind == .array && value.count <= 1
                guard isHarmless, value.elements.allSatisfy({ $0.stringEquals("verify") }) else { throw .invalidKey }
            case "ext": guard value.boolean != nil else { throw .invalidKey }
            case "kid", "x": guard value.kind == .string else { throw .invalidKey }
            case "y": guard value.kind == .string, algorithm == .es256 else { throw .invalidKey }
            default: throw .invalidKey
            }
        }
        guard key["kty"] != nil, key["crv"] != nil, let x = try? JWK.coordinate("x", in: key) else { throw .invalidKey }
        let presented: PresentedKey? =
            switch algorithm {
            case .es256: (try? JWK.coordinate("y", in: key)).flatMap { PresentedKey(p256X: x, y: $0) }
            case .edDSA: PresentedKey(ed25519X: x)
            }
        guard let presented else { throw .invalidKey }
        return presented
    }

    private static func require(_ value: JSONValue, _ text: String) throws(DPoPError) {
        guard value.stringEquals(utf8: Array(text.utf8)) else { throw .invalidKey }
    }
}
