package import HTTPServer

/// The cookie of a signed-in console (RFC 6265bis section 4.1.3.2: `__Host-` means this host alone, over TLS).
package enum SessionCookie {
    package static let name = "__Host-session"

    /// The value that a request presents, whatever it is worth; nil for none, 400 for more than one.
    package static func presented(_ fields: HTTPRequestFields) throws(Problem) -> String? {
        guard fields.contains("cookie") else { return nil }
        var found: String?
        for field in fields.values("cookie") {
            for pair in field.split(separator: ";") {
                let pair = pair.drop { $0 == " " || $0 == "\t" }
                guard pair.hasPrefix(name + "=") else { continue }
                guard found == nil else { throw Problem(.invalidRequest, "Send the session cookie once.") }
                found = String(pair.dropFirst(name.utf8.count + 1))
            }
        }
        return found
    }

    /// Whether a request comes without a key and with the cookie: only then does the cookie count.
    package static func isAlone(_ fields: HTTPRequestFields) -> Bool {
        guard fields.contains("cookie"), !fields.contains("authorization"), !fields.contains("x-api-key") else {
            return false
        }
        return fields.values("cookie").contains { $0.contains(name + "=") }
    }

    /// The `Set-Cookie` of a sign-in; the browser forgets it when it closes.
    package static func set(_ secret: String) -> String { "\(name)=\(secret); \(attributes)" }

    /// The `Set-Cookie` that makes the browser forget it.
    package static let cleared = "\(name)=; Max-Age=0; \(attributes)"

    private static let attributes = "Path=/; Secure; HttpOnly; SameSite=Strict"
}
