import Platform
import Testing

@Suite("Networks and addresses")
struct IPNetworkTests {
    @Test(
        "A network holds what lies in it, and no more",
        arguments: [
            ("10.0.0.0/8", "10.1.0.0/16", true), ("10.0.0.0/8", "10.0.0.0/8", true),
            ("10.0.0.0/16", "10.0.0.0/8", false), ("10.0.0.0/8", "11.0.0.0/16", false),
            ("2001:db8::/32", "2001:db8:1::/48", true), ("::/0", "10.0.0.0/8", false),
        ]
    )
    func holds(outer: String, inner: String, expected: Bool) throws {
        let outer = try #require(IPNetwork(parsing: outer))
        let inner = try #require(IPNetwork(parsing: inner))
        #expect(outer.contains(inner) == expected)
    }

    @Test(
        "One customer is one IPv4 address, or one IPv6 /64",
        arguments: [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    )
    func customer(address: String, expected: String) throws {
        let address = try #require(IPAddress(parsing: address))
        #expect(address.networkOfCustomer == IPAddress(parsing: expected))
    }
}
