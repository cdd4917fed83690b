package import HTTPClient
package import OpenSSLKit
package import Platform

/// Where deliveries may go, and whom they trust.
package struct WebhookRules: Sendable {
    /// Networks that may be reached although they are not public.
    package var allowedNetworks: [IPNetwork] = []
    /// Who signs the certificates of endpoints.
    package var trust = TLSClientContext.Trust.system
    /// Whether endpoints on this machine, and plain HTTP to them, are allowed: where the issuer itself is such a one.
    package var allowsLoopback = false

    package init() {}

    package var addresses: AddressGuard {
        .publicOnly(allowing: allowedNetworks, allowsLoopback: allowsLoopback)
    }
}

/// The URL of an endpoint: `https`, without a user and without a fragment.
package struct WebhookURL: Equatable, Sendable {
    package let endpoint: HTTPEndpoint
    /// Path and query.
    package let target: String

    private static let characters = Set("-._~:/?[]@!$&'()*+,;=%".utf8)

    /// Reads a URL; the problem names what is wrong with it.
    ///
    /// An address in place of a name must be public; what a name stands for is looked at with each delivery.
    package init(_ text: String, rules: WebhookRules) throws(Problem) {
        let bytesMax = ServiceLimits.webhookURLBytesMax
        guard text.utf8.count <= bytesMax else { throw Self.refused("url must have at most \(bytesMax) bytes.") }
        guard text.utf8.allSatisfy({ Base62.contains($0) || Self.characters.contains($0) }) else {
            throw Self.refused("url must be a URL without a fragment, in which other characters are percent-encoded.")
        }
        let isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://") else { throw Self.refused("url must start with https://.") }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { throw Self.refused("url must name no user.") }
        guard let place = ServiceURL(parsing: (isSecure ? "https://" : "http://") + authority), place.port != 0 else {
            throw Self.refused("url must name a host, with an optional port.")
        }
        let address = IPAddress(parsing: place.host)
        if let address, !rules.addresses.admits(address) {
            throw Self.refused("url must not lead to an address that is not public.")
        }
        if address == nil, Self.looksNumeric(place.host) {
            throw Self.refused("url must have a name or an address in its usual form for a host.")
        }
        if !isSecure {
            let isLoopback = address?.isLoopback ?? (place.host == "localhost")
            guard rules.allowsLoopback, isLoopback else { throw Self.refused("url must start with https://.") }
        }
        endpoint = place.endpoint
        let path = String(rest.dropFirst(authority.count))
        target = path.hasPrefix("/") ? path : "/" + path
    }

    /// Whether the last part of a host is a number, as `127.1`, `2130706433` and `0x7f.0.0.1` have it: some resolvers
    /// take that for an address (WHATWG URL section 3.5).
    private static func looksNumeric(_ host: String) -> Bool {
        let trimmed = host.hasSuffix(".") ? host.dropLast() : host[...]
        guard let last = trimmed.split(separator: ".", omittingEmptySubsequences: false).last else { return true }
        let digits = last.lowercased().hasPrefix("0x") ? last.dropFirst(2) : last
        let isHexadecimal = digits.count < last.count && digits.allSatisfy(\.isHexDigit)
        return isHexadecimal || digits.allSatisfy { $0 >= "0" && $0 <= "9" }
    }

    private static func refused(_ sentence: String) -> Problem { .invalid("url", sentence) }
}
