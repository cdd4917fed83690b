import Glibc
import Platform

/// Addresses and allow-lists: read as the C library reads them, or not at all.
///
/// The text is a list of addresses and CIDR blocks, separated by commas; the last one is an address to be looked for.
enum AddressTarget {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else { return }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let networks = parts.compactMap(IPNetwork.init(parsing:))
        for part in parts { try hold(part) }
        for network in networks { try hold(network) }
        if let client = parts.last.flatMap({ IPAddress(parsing: $0) }) {
            for network in networks { try hold(network, client) }
        }
        if let socket = SocketAddress(parsing: text) {
            try require(SocketAddress(parsing: socket.description) == socket, "another socket address")
        }
    }

    /// One text, as an address.
    private static func hold(_ text: String) throws(Finding) {
        let bytes = octets(text)
        guard let address = IPAddress(parsing: text) else {
            try require(bytes == nil || text.utf8.count > 45, "\(text) is refused")
            return
        }
        guard let bytes else { throw Finding("\(text) is accepted") }
        try require(Self.bytes(address) == folded(bytes), "\(text) is read as \(address)")
        try require(IPAddress(parsing: address.description) == address, "\(address) is read as another")
        try require(IPNetwork(parsing: text)?.contains(address) == true, "an address is not in itself")
        try require(address.networkOfCustomer.networkOfCustomer == address.networkOfCustomer, "a network of a network")
    }

    private static func hold(_ network: IPNetwork) throws(Finding) {
        try require((0...network.base.bitCount).contains(network.prefixBits), "a prefix of \(network.prefixBits)")
        try require(IPNetwork(parsing: network.description) == network, "\(network) is read as another")
        try require(network.contains(network.base) && network.contains(network), "\(network) is not in itself")
    }

    /// Membership, bit by bit.
    private static func hold(_ network: IPNetwork, _ client: IPAddress) throws(Finding) {
        let (base, address) = (bytes(network.base), bytes(client))
        let isInside =
            base.count == address.count
            && (0..<network.prefixBits).allSatisfy { bit in
                (base[bit / 8] ^ address[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
            }
        try require(network.contains(client) == isInside, "\(client) in \(network)")
    }

    private static func bytes(_ address: IPAddress) -> [UInt8] {
        func word(_ bits: UInt64) -> [UInt8] {
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> UInt64($0)) }
        }
        switch address.family {
        case .v4: return Array(word(address.lowerBits).suffix(4))
        case .v6: return word(address.upperBits) + word(address.lowerBits)
        }
    }

    /// The four or sixteen bytes that the C library reads.
    private static func octets(_ text: String) -> [UInt8]? {
        let family = text.utf8.contains(UInt8(ascii: ":")) ? AF_INET6 : AF_INET
        var bytes = [UInt8](repeating: 0, count: family == AF_INET ? 4 : 16)
        return unsafe inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }

    /// A v4-mapped address is the IPv4 address (RFC 4291 section 2.5.5.2).
    private static func folded(_ bytes: [UInt8]) -> [UInt8] {
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        return bytes.count == 16 && bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : bytes
    }
}
