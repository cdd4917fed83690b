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
        guard let host = Self.host(String(authority)) else {
            throw UsageError("--issuer must name a host, with an optional port")
        }
        if !isSecure, host != "localhost", IPAddress(parsing: host)?.isLoopback != true {
            throw UsageError("--issuer may be http only on loopback: use https://")
        }
        self.text = text
    }

    /// The host of `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; nil for anything else.
    private static func host(_ authority: String) -> String? {
        guard let url = ServiceURL(parsing: "https://" + authority), url.path.isEmpty else { return nil }
        return url.host
    }
}

/// A mistake in how a command was called; the text says what to do.
package struct UsageError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
