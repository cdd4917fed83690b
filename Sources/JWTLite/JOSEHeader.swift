import StrictJSON

/// A JOSE header (RFC 7515 section 4) of nothing but `alg`, `kid` and `typ`.
///
/// Every other member refuses the header: `jwk`, `jku` and `x5u` would bring a key, `crit` and `b64` would change the
/// rules, `zip` and `cty` would hide something inside. None of them is ever looked at.
struct JOSEHeader {
    private static let limits = JSONLimits(bytesMax: 1536, depthMax: 1, valuesMax: 8, stringBytesMax: 512)

    let algorithm: JSONValue
    let keyID: String?
    let type: String?

    /// Reads the decoded header; nil where it is refused.
    init?(parsing bytes: [UInt8]) {
        guard let root = try? JSONDocument(parsing: bytes, limits: Self.limits).root, root.kind == .object else {
            return nil
        }
        var algorithm: JSONValue?
        var keyID: String?
        var type: String?
        var isRefused = false
        root.forEachMember { name, value in
            switch name {
            case _ where value.kind != .string: isRefused = true
            case "alg": algorithm = value
            case "kid": keyID = value.string
            case "typ": type = value.string
            default: isRefused = true
            }
        }
        guard let algorithm, !isRefused else { return nil }
        self.algorithm = algorithm
        self.keyID = keyID
        self.type = type
    }

    /// The text of a header as it is issued, members sorted, in base64url.
    static func encoded(algorithm: String, keyID: String, type: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("alg", algorithm)
        writer.member("kid", keyID)
        writer.member("typ", type)
        writer.endObject()
        return Base64URL.encode(writer.bytes)
    }
}
