/// An IPv4 or IPv6 address.
///
/// IPv4-mapped IPv6 addresses (`::ffff:a.b.c.d`, RFC 4291 section 2.5.5.2) are folded to IPv4, so that one host has one
/// spelling and a rule written for `10.0.0.0/8` cannot be passed by writing the address the other way.
package struct IPAddress: Hashable, Sendable {
    /// The two families.
    package enum Family: Hashable, Sendable {
        case v4
        case v6
    }

    package let family: Family
    /// The upper eight bytes of an IPv6 address in host order; 0 for IPv4.
    package let upperBits: UInt64
    /// The lower eight bytes of an IPv6 address in host order, or the four bytes of an IPv4 address.
    package let lowerBits: UInt64

    /// The IPv4 address with these bits, in host order.
    package init(v4 bits: UInt32) {
        self.init(family: .v4, upperBits: 0, lowerBits: UInt64(bits))
    }

    /// The IPv6 address with these bits, in host order; a v4-mapped one becomes IPv4.
    package init(v6 upper: UInt64, _ lower: UInt64) {
        if upper == 0, lower >> 32 == 0xFFFF {
            self.init(v4: UInt32(truncatingIfNeeded: lower))
        } else {
            self.init(family: .v6, upperBits: upper, lowerBits: lower)
        }
    }

    /// 127.0.0.1.
    package static let loopback = IPAddress(v4: 0x7F00_0001)

    /// Whether this is 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        switch family {
        case .v4: lowerBits >> 24 == 127
        case .v6: upperBits == 0 && lowerBits == 1
        }
    }

    /// The number of bits of an address of this family.
    package var bitCount: Int { family == .v4 ? 32 : 128 }

    /// This address with all but the first `count` bits cleared.
    package func prefix(bits count: Int) -> IPAddress {
        switch family {
        case .v4:
            return IPAddress(v4: UInt32(truncatingIfNeeded: lowerBits & Self.mask(bits: count + 32)))
        case .v6:
            // The member-wise initialiser is used: clearing bits must not turn an IPv6 address into an IPv4 one.
            return IPAddress(
                family: .v6,
                upperBits: upperBits & Self.mask(bits: min(count, 64)),
                lowerBits: lowerBits & Self.mask(bits: max(count - 64, 0))
            )
        }
    }

    private init(family: Family, upperBits: UInt64, lowerBits: UInt64) {
        self.family = family
        self.upperBits = upperBits
        self.lowerBits = lowerBits
    }

    private static func mask(bits count: Int) -> UInt64 {
        count <= 0 ? 0 : count >= 64 ? .max : ~(UInt64.max >> UInt64(count))
    }
}
