import JWTLite

/// Base64url between bytes and `String`, canonical only (RFC 7515 section 2).
package enum Base64URLText {
    package static func encode(_ bytes: [UInt8]) -> String { Base64URL.encodeToString(bytes) }

    package static func decode(_ text: String) -> [UInt8]? { Base64URL.decode(Array(text.utf8)) }
}
