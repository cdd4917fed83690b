package import Platform

/// Which addresses a client may connect to.
package struct AddressGuard: Sendable {
    /// What is not public (RFC 6890), or only looks so: 6to4 and its relays, Teredo and the rest of 2001::/23,
    /// documentation, benchmarks, and the one public address at which a cloud keeps its internal services.
    private static let refused = networks([
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    ])

    /// All of IPv6 that is public (RFC 4291 section 2.4): neither loopback, local, mapped, translated nor multicast.
    private static let publicIPv6 = networks(["2000::/3"])

    /// Nil where every address will do.
    private let allowed: [IPNetwork]?
    private let allowsLoopback: Bool

    /// Lets everything through, for whoever chose the host himself.
    package static let none = AddressGuard(allowed: nil, allowsLoopback: true)

    /// Lets public addresses through, and what lies in one of `allowed` (or, where said, on this machine).
    ///
    /// IPv4 addresses inside IPv6 are judged as IPv4 where they are mapped, and refused where they are translated.
    package static func publicOnly(allowing allowed: [IPNetwork], allowsLoopback: Bool = false) -> AddressGuard {
        AddressGuard(allowed: allowed, allowsLoopback: allowsLoopback)
    }

    /// Whether a connection to this address may be tried.
    package func admits(_ address: IPAddress) -> Bool {
        guard let allowed else { return true }
        if allowed.contains(where: { $0.contains(address) }) { return true }
        if allowsLoopback, address.isLoopback { return true }
        if address.family == .v6, !Self.publicIPv6.contains(where: { $0.contains(address) }) { return false }
        return !Self.refused.contains { $0.contains(address) }
    }

    private init(allowed: [IPNetwork]?, allowsLoopback: Bool) {
        self.allowed = allowed
        self.allowsLoopback = allowsLoopback
    }

    private static func networks(_ texts: [String]) -> [IPNetwork] { texts.compactMap(IPNetwork.init(parsing:)) }
}
