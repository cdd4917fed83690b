package import OpenSSLKit
package import StrictJSON

/// A public signing key as JSON (RFC 7517): P-256 for ES256 or Ed25519 for EdDSA, and nothing else.
///
/// `alg` is required, so that no key can be used with an algorithm that a token names (RFC 8725 section 3.1).
package struct JWK: Sendable {
    /// Longest `kid` that is accepted, in bytes.
    static let keyIDBytesMax = 256

    package let key: VerifyingKey
    /// The `kid`, where the key has one.
    package let keyID: String?

    package init(key: VerifyingKey, keyID: String?) {
        self.key = key
        self.keyID = keyID
    }

    package var algorithm: SignatureAlgorithm { key.algorithm }

    /// The JWK thumbprint (RFC 7638), 43 characters.
    package var thumbprint: String { key.thumbprint }

    /// Reads a key; members that have no meaning here are ignored (RFC 7517 section 4).
    package init(parsing value: JSONValue) throws(JWKError) {
        guard value.kind == .object else { throw .wrongShape }
        guard value["d"] == nil, value["k"] == nil else { throw .privateKey }
        let kind = try Self.requiredString("kty", in: value)
        let algorithm = try Self.requiredString("alg", in: value)
        guard let algorithm = SignatureAlgorithm(rawValue: algorithm), kind == algorithm.keyType,
            try Self.requiredString("crv", in: value) == algorithm.curve
        else { throw .unsupported }
        try Self.checkPurpose(value)
        keyID = try Self.keyID(in: value)
        let x = try Self.coordinate("x", in: value)
        let y = algorithm == .es256 ? try Self.coordinate("y", in: value) : nil
        do throws(OpenSSLError) {
            if let y {
                key = try VerifyingKey(p256X: x, y: y)
            } else {
                key = try VerifyingKey(ed25519X: x)
            }
        } catch {
            throw .invalidKey
        }
    }

    /// Writes the key with `use` and `alg`.
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("kty", algorithm.keyType)
        writer.member("crv", algorithm.curve)
        writer.member("alg", algorithm.rawValue)
        writer.member("use", "sig")
        if let keyID { writer.member("kid", keyID) }
        writer.member("x", Base64URL.encodeToString(key.x))
        if let y = key.y { writer.member("y", Base64URL.encodeToString(y)) }
        writer.endObject()
    }

    // MARK: Members

    private static func requiredString(_ name: String, in value: JSONValue) throws(JWKError) -> String {
        guard let member = value[name] else { throw .missingMember(name) }
        guard let string = member.string else { throw .invalidMember(name) }
        return string
    }

    /// `use` must be `sig` and `key_ops` hold `verify`, each where it is given (RFC 7517 sections 4.2 and 4.3).
    private static func checkPurpose(_ value: JSONValue) throws(JWKError) {
        if let use = value["use"] {
            guard use.kind == .string else { throw .invalidMember("use") }
            guard use.stringEquals("sig") else { throw .notForVerification }
        }
        if let operations = value["key_ops"] {
            guard operations.kind == .array else { throw .invalidMember("key_ops") }
            var names: Set<String> = []
            for operation in operations.elements {
                // Repeated values are forbidden by section 4.3.
                guard let name = operation.string, names.insert(name).inserted else {
                    throw .invalidMember("key_ops")
                }
            }
            guard names.contains("verify") else { throw .notForVerification }
        }
    }

    private static func keyID(in value: JSONValue) throws(JWKError) -> String? {
        guard let member = value["kid"] else { return nil }
        guard let keyID = member.string, !keyID.isEmpty, keyID.utf8.count <= keyIDBytesMax else {
            throw .invalidMember("kid")
        }
        return keyID
    }

    /// A coordinate of exactly 32 bytes in canonical base64url (RFC 7518 section 6.2.1.2).
    static func coordinate(_ name: String, in value: JSONValue) throws(JWKError) -> [UInt8] {
        guard let member = value[name] else { throw .missingMember(name) }
        guard let text = member.stringUTF8, let bytes = Base64URL.decode(text), bytes.count == 32 else {
            throw .invalidMember(name)
        }
        return bytes
    }
}
