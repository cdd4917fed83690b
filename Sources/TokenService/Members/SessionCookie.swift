package import HTTPServer

/// The cookie of a signed-in console (RFC 6265bis section 4.1.3.2: `__Host-` means this host alone, over TLS).
package enum SessionCookie {
    package static let name = "__Host-session"

    /// The value that a request presents, whatever it is worth; nil for none, 400 for more than one.
    package static func presented(_ fields: HTTPRequestFields) throws(Problem) -> String? {
        let values = values(fields)
        guard values.count <= 1 else { throw Problem(.invalidRequest, "Send the session cookie once.") }
        return values.first
    }

    /// Whether a request comes without a key and with the cookie: only then does the cookie count.
    package static func isAlone(_ fields: HTTPRequestFields) -> Bool {
        guard fields.contains("cookie"), !fields.contains("authorization"), !fields.contains("x-api-key") else {
            return false
        }
        return !values(fields).isEmpty
    }

    /// The values of all pairs that have our name.
    ///
    /// Read as bytes: to Swift the Greek question mark (U+037E), which may stand in any cookie's value, is a semicolon,
    /// so that a neighbouring site could put a pair with our name into a cookie of its own, past what `__Host-` keeps out.
    private static func values(_ fields: HTTPRequestFields) -> [String] {
        guard fields.contains("cookie") else { return [] }
        let start = Array((name + "=").utf8)
        return fields.values("cookie").flatMap { field in
            field.utf8.split(separator: UInt8(ascii: ";")).compactMap { pair in
                let pair = pair.drop { $0 == 0x20 || $0 == 0x09 }
                return pair.starts(with: start) ? String(decoding: pair.dropFirst(start.count), as: UTF8.self) : nil
            }
        }
    }

    /// The `Set-Cookie` of a sign-in; the browser forgets it when it closes.
    package static func set(_ secret: String) -> String { "\(name)=\(secret); \(attributes)" }

    /// The `Set-Cookie` that makes the browser forget it.
    package static let cleared = "\(name)=; Max-Age=0; \(attributes)"

    private static let attributes = "Path=/; Secure; HttpOnly; SameSite=Strict"
}
