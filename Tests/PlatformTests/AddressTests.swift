import Platform
import Testing

@Suite("Addresses")
struct AddressTests {
    static let good: [(text: String, canonical: String)] = [
        ("0.0.0.0", "0.0.0.0"), ("127.0.0.1", "127.0.0.1"), ("255.255.255.255", "255.255.255.255"),
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("0:0:0:0:0:0:0:0", "::"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("fe80::0001", "fe80::1"), ("::ffff:1.2.3.4", "1.2.3.4"),
        ("::FFFF:102:304", "1.2.3.4"), ("0:0:0:0:0:ffff:127.0.0.1", "127.0.0.1"),
        ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ("::1.2.3.4", "::102:304"),
    ]

    @Test("An address is read and written in its canonical form", arguments: good)
    func reads(_ row: (text: String, canonical: String)) throws {
        let address = try #require(IPAddress(parsing: row.text))
        #expect(address.description == row.canonical)
        #expect(IPAddress(parsing: address.description) == address)
    }

    static let bad = [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "0x1.2.3.4", "1.2.3.-4", "1.2.3.+4",
        "1.2.3. 4",
        " 1.2.3.4", "1.2.3.4 ", "1..3.4", "1.2.3.4:80", "2130706433", "127.1", ":", ":::", "1:::2", "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "::1:2:3:4:5:6:7:8", "12345::", "g::", "[::1]", "fe80::1%eth0", "::1/64", "1.2.3.4::",
        "::1.2.3.4:5",
        "::1.2.3", "::ffff:1.2.3.256", "1:", ":1", "1:2:3:4:5:6:7:1.2.3.4", "localhost", "٣.1.1.1",
    ]

    @Test("What two readers could read differently is no address", arguments: bad)
    func refuses(_ text: String) {
        #expect(IPAddress(parsing: text) == nil)
    }

    static let networks: [(network: String, inside: [String], outside: [String])] = [
        (
            "10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.1.1"],
            ["11.0.0.0", "9.255.255.255", "::10.0.0.1"]
        ),
        ("0.0.0.0/0", ["1.2.3.4"], ["::1"]),
        ("::/0", ["::1", "ffff::"], ["1.2.3.4"]),
        ("192.168.1.7", ["192.168.1.7"], ["192.168.1.6"]),
        ("2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::"]),
        ("2001:db8::/64", ["2001:db8::ffff:0:0:1"], ["2001:db8:0:1::"]),
        ("2001:db8::8000:0:0:0/65", ["2001:db8::8000:0:0:1"], ["2001:db8::7fff:0:0:1"]),
        ("::1/128", ["::1"], ["::2", "0.0.0.1"]),
    ]

    @Test("A network holds its addresses and no others", arguments: networks)
    func holds(_ row: (network: String, inside: [String], outside: [String])) throws {
        let network = try #require(IPNetwork(parsing: row.network))
        for text in row.inside { #expect(network.contains(try #require(IPAddress(parsing: text))), "\(text)") }
        for text in row.outside { #expect(!network.contains(try #require(IPAddress(parsing: text))), "\(text)") }
    }

    @Test(
        "A network that is none is refused",
        arguments: [
            "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.1/8", "::/129", "1::1/64",
            "a/8", "1.2.3.4/8/8",
        ]
    )
    func badNetworks(_ text: String) {
        #expect(IPNetwork(parsing: text) == nil)
    }

    @Test(
        "Addresses with ports are read and written",
        arguments: ["127.0.0.1:0", "0.0.0.0:65535", "[::1]:8080", "[::]:1"]
    )
    func socketAddresses(_ text: String) {
        #expect(SocketAddress(parsing: text)?.description == text)
    }

    @Test("localhost is 127.0.0.1")
    func localhost() {
        #expect(SocketAddress(parsing: "localhost:80")?.description == "127.0.0.1:80")
    }

    @Test(
        "What is no address with a port is refused",
        arguments: [
            "", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "::1:80", "[127.0.0.1]:80",
            "[::1]", "[::1:80", "name:80",
        ]
    )
    func badSocketAddresses(_ text: String) {
        #expect(SocketAddress(parsing: text) == nil)
    }

    static let instants: [(milliseconds: Int64, text: String)] = [
        (0, "1970-01-01T00:00:00.000Z"), (784_111_777_000, "1994-11-06T08:49:37.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_709_251_199_000, "2024-02-29T23:59:59.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (253_402_300_799_000, "9999-12-31T23:59:59.000Z"),
    ]

    @Test("Instants are written in UTC", arguments: instants)
    func writes(_ row: (milliseconds: Int64, text: String)) {
        #expect(UnixTime(milliseconds: row.milliseconds).iso8601 == row.text)
    }

    @Test("The weekday is right", arguments: [(0, 4), (784_111_777, 0), (951_782_400, 2), (-86_400, 3)])
    func weekday(_ row: (seconds: Int, weekday: Int)) {
        #expect(UnixTime(seconds: Int64(row.seconds)).components.weekday == row.weekday)
    }
}
