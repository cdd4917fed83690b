/// A range of addresses written as a prefix, such as `10.0.0.0/8` (CIDR, RFC 4632).
package struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    /// The lowest address of the range.
    package let base: IPAddress
    /// The number of leading bits that all addresses of the range share.
    package let prefixBits: Int

    /// Reads `address/bits`, or a bare address, which stands for itself alone.
    ///
    /// Fails where bits beyond the prefix are set: `10.0.0.1/8` is more likely a slip than a wish.
    package init?(parsing text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let address = IPAddress(parsing: String(first)) else {
            return nil
        }
        var bits = address.bitCount
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...3).contains(digits.count), digits.count == 1 || digits.first != UInt8(ascii: "0"),
                digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = Int(parts[1]), number <= bits
            else { return nil }
            bits = number
        }
        guard address.prefix(bits: bits) == address else { return nil }
        base = address
        prefixBits = bits
    }

    /// Whether `address` lies in the range; never across families (v4-mapped addresses are IPv4 already).
    package func contains(_ address: IPAddress) -> Bool {
        address.family == base.family && address.prefix(bits: prefixBits) == base
    }

    package var description: String { "\(base)/\(prefixBits)" }
}

extension IPNetwork {
    /// Whether every address of `other` lies in this range too.
    package func contains(_ other: IPNetwork) -> Bool {
        other.prefixBits >= prefixBits && contains(other.base)
    }
}

extension IPAddress {
    /// What one customer has: the address itself for IPv4, the /64 network for IPv6.
    package var networkOfCustomer: IPAddress { family == .v4 ? self : prefix(bits: 64) }
}
