package import OpenSSLKit
package import Platform
package import StrictJSON

/// A proof that whoever sends a request holds a key (DPoP, RFC 9449 section 4), read but not yet believed.
///
/// What is here was checked for its shape alone: ``check(_:)`` holds the claims against the request,
/// ``checkSignature()`` the signature against the key in the header, and whether the proof was used before is the caller's to know.
package final class DPoPProof: Sendable {
    /// Longest proof that is looked at, in characters: the header and a key are 300, an address may be long.
    package static let charactersMax = 4096
    /// Longest `jti`, in bytes.
    package static let idBytesMax = 128
    /// Longest `htu`, in bytes.
    package static let targetBytesMax = 2048
    /// Longest `nonce`, in bytes.
    package static let nonceBytesMax = 128

    private static let limits = JSONLimits(
        bytesMax: charactersMax,
        depthMax: 4,
        valuesMax: 32,
        numberDigitsMax: 20,
        stringBytesMax: targetBytesMax
    )

    package let header: DPoPHeader
    /// Whether the header is the one that the caller knew.
    package let hasKnownHeader: Bool
    /// The key in the header; whether its numbers are a point of the curve shows with the signature.
    package var key: PresentedKey { header.key }
    /// The `jti`.
    package let id: [UInt8]
    /// The `iat`, in whole seconds.
    package let issuedAtSeconds: Int64
    /// The `nonce`, a string; nil where there is none.
    package let nonce: JSONValue?

    private let method: JSONValue
    private let target: JSONValue
    private let tokenHash: JSONValue?
    private let parts: CompactToken
    private let signature: [UInt8]

    /// Reads the value of a `DPoP` header field.
    ///
    /// - Parameter known: the header of an earlier proof of the same client, who writes the same again: where it is this
    ///   one, byte by byte, it is not read again.
    package init(parsing text: [UInt8], known: DPoPHeader? = nil) throws(DPoPError) {
        guard text.count <= Self.charactersMax, let parts = try? CompactToken(text),
            let payload = Base64URL.decode(parts.payload), let signature = Base64URL.decode(parts.signature)
        else { throw .malformed }
        if let known, parts.hasHeader(known.text) {
            header = known
            hasKnownHeader = true
        } else {
            header = try DPoPHeader(parsing: parts.header)
            hasKnownHeader = false
        }
        guard signature.count == 64 else { throw .badSignature }
        guard let root = try? JSONDocument(parsing: payload, limits: Self.limits).root, root.kind == .object else {
            throw .payloadRefused
        }
        self.parts = parts
        self.signature = signature
        let claims = DPoPClaims(root)
        id = try Self.string("jti", claims.id, bytesMax: Self.idBytesMax).stringUTF8 ?? []
        method = try Self.string("htm", claims.method, bytesMax: 32)
        target = try Self.string("htu", claims.target, bytesMax: Self.targetBytesMax)
        guard let issuedAt = claims.issuedAt else { throw .missingClaim("iat") }
        guard let seconds = issuedAt.integer, seconds >= 0 else { throw .invalidClaim("iat") }
        issuedAtSeconds = seconds
        tokenHash = claims.tokenHash == nil ? nil : try Self.string("ath", claims.tokenHash, bytesMax: 43)
        nonce = claims.nonce == nil ? nil : try Self.string("nonce", claims.nonce, bytesMax: Self.nonceBytesMax)
    }

    private static func string(
        _ name: String,
        _ value: JSONValue?,
        bytesMax: Int
    ) throws(DPoPError) -> JSONValue {
        guard let value else { throw .missingClaim(name) }
        guard let count = value.stringBytesCount, (1...bytesMax).contains(count) else { throw .invalidClaim(name) }
        return value
    }

    // MARK: The signature

    /// Holds the signature against the key in the header (RFC 9449 section 4.3, check 7).
    ///
    /// Both values of s are taken. WebCrypto gives either, and a second spelling of a proof gains nothing: proofs are
    /// told apart by key and `jti`, never by their text.
    ///
    /// - Throws: ``DPoPError/invalidKey`` where the key is no point of its curve, ``DPoPError/badSignature``.
    package func checkSignature() throws(DPoPError) {
        switch parts.verdict(of: key, signature, acceptsHighS: true) {
        case .valid: return
        case .badSignature: throw .badSignature
        case .invalidKey: throw .invalidKey
        }
    }

    // MARK: The claims

    /// Holds the claims against the request that the proof came with (RFC 9449 section 4.3, checks 8 to 11).
    package func check(_ expected: DPoPExpectation) throws(DPoPError) {
        guard method.stringEquals(string: expected.method) else { throw .wrongMethod }
        guard isAt(expected) else { throw .wrongTarget }
        guard issuedAtSeconds >= expected.now.adding(seconds: -expected.ageSecondsMax).seconds else { throw .tooOld }
        guard issuedAtSeconds <= expected.now.adding(seconds: expected.aheadSecondsMax).seconds else {
            throw .notYetValid
        }
        switch (tokenHash, expected.tokenHash) {
        case (nil, nil): return
        case (let shown?, let hash?):
            guard shown.stringEquals(utf8: hash) else { throw .wrongToken }
        default: throw .wrongToken
        }
    }

    private func isAt(_ expected: DPoPExpectation) -> Bool {
        // What is expected stands in its one spelling, and so does what equals it.
        if expected.bases.contains(where: { target.stringEquals(utf8: $0, expected.path) }) { return true }
        guard let bytes = target.stringUTF8, let address = TargetURI(parsing: bytes) else { return false }
        return expected.bases.contains { address.isAt($0, path: expected.path) }
    }

    /// The `ath` of a token: base64url of SHA-256 over its ASCII (RFC 9449 section 4.2).
    package static func hash(ofToken token: [UInt8]) -> [UInt8] { Base64URL.encode(SHA256Digest.digest(token).bytes) }
}

/// The members of a proof's payload that mean something, found in one pass (RFC 9449 section 4.2).
private struct DPoPClaims {
    private(set) var id: JSONValue?
    private(set) var method: JSONValue?
    private(set) var target: JSONValue?
    private(set) var issuedAt: JSONValue?
    private(set) var tokenHash: JSONValue?
    private(set) var nonce: JSONValue?

    init(_ root: JSONValue) {
        root.forEachMember { name, value in
            switch name {
            case "jti": id = value
            case "htm": method = value
            case "htu": target = value
            case "iat": issuedAt = value
            case "ath": tokenHash = value
            case "nonce": nonce = value
            default: break
            }
        }
    }
}

/// What a proof has to have been made for.
package struct DPoPExpectation: Sendable {
    /// The method of the request, compared byte by byte.
    package var method: String
    /// The addresses under which the service is known, any of which will do; see ``TargetURI/base(_:)``.
    package var bases: [[UInt8]]
    /// The path behind the address, normalised; see ``TargetURI/path(_:)``.
    package var path: [UInt8]
    /// The hash of the token that is presented; nil where none is.
    package var tokenHash: [UInt8]?
    package var now: UnixTime
    /// How old a proof may be, in seconds.
    package var ageSecondsMax: Int64
    /// How far ahead of the clock `iat` may lie, in seconds.
    package var aheadSecondsMax: Int64

    package init(
        method: String,
        bases: [[UInt8]],
        path: [UInt8],
        tokenHash: [UInt8]?,
        now: UnixTime,
        ageSecondsMax: Int64,
        aheadSecondsMax: Int64
    ) {
        self.method = method
        self.bases = bases
        self.path = path
        self.tokenHash = tokenHash
        self.now = now
        self.ageSecondsMax = ageSecondsMax
        self.aheadSecondsMax = aheadSecondsMax
    }
}
