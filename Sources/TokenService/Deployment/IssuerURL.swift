import Platform

/// The deployment's name to the world: an `https` URL without query, fragment or trailing slash; `http` on loopback only.
package struct IssuerURL: Equatable, Sendable {
    package let text: String

    /// At most this many bytes, since every token carries it.
    package static let bytesMax = 200

    package init(_ text: String) throws(UsageError) {
        let isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://"), text.utf8.count <= Self.bytesMax,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.contains("?"), !text.contains("#"),
            !text.contains("@"), !text.hasSuffix("/"), !text.contains("\""), !text.contains("\\")
        else {
            throw UsageError(
                "--issuer must be a URL such as https://tokens.example.com, without query, fragment or trailing slash"
            )
        }
        let authority = text.dropFirst(isSecure ? 8 : 7).prefix { $0 != "/" }
        guard !authority.isEmpty else { throw UsageError("--issuer names no host") }
        if !isSecure, !Self.isLoopback(String(authority)) {
            throw UsageError("--issuer may be http only on loopback: use https://")
        }
        self.text = text
    }

    private static func isLoopback(_ authority: String) -> Bool {
        var host = authority
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            host = String(host[host.index(after: host.startIndex)..<end])
        } else if let colon = host.lastIndex(of: ":") {
            host = String(host[..<colon])
        }
        return host == "localhost" || IPAddress(parsing: host)?.isLoopback == true
    }
}

/// A mistake in how a command was called; the text says what to do.
package struct UsageError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
