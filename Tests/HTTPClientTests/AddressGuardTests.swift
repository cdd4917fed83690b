import HTTPClient
import Platform
import Testing

@Suite("Which addresses a guarded client reaches")
struct AddressGuardTests {
    static let refused = [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.0", "100.100.100.200", "100.127.255.255",
        "127.0.0.1", "127.255.255.254", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1",
        "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "168.63.129.16",
        "::", "::1", "::2", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "::ffff:7f00:1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1",
        "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:1ff::1", "2001:db8::1",
        "2002:7f00:1::1", "2002:a9fe:a9fe::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1",
        "febf::1", "fec0::1", "ff02::1", "4000::1",
    ]

    static let admitted = [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.216.34", "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.1",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15",
        "::ffff:8.8.8.8", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "2a00:1450::1",
    ]

    @Test("An address that is not public is refused, however it is written", arguments: refused)
    func refuses(text: String) throws {
        let address = try #require(IPAddress(parsing: text))
        #expect(!AddressGuard.publicOnly(allowing: []).admits(address))
    }

    @Test("A public address is reached", arguments: admitted)
    func admits(text: String) throws {
        let address = try #require(IPAddress(parsing: text))
        #expect(AddressGuard.publicOnly(allowing: []).admits(address))
    }

    @Test("A network that the operator names is reached, and its neighbours are not")
    func exceptions() throws {
        let network = try #require(IPNetwork(parsing: "10.1.2.0/24"))
        let guarded = AddressGuard.publicOnly(allowing: [network])
        for (text, isAdmitted) in [
            ("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("10.1.3.0", false), ("127.0.0.1", false),
            ("8.8.8.8", true),
        ] {
            #expect(guarded.admits(try #require(IPAddress(parsing: text))) == isAdmitted, "\(text)")
        }
    }

    @Test("This machine is reached only where that is allowed")
    func loopback() throws {
        let guarded = AddressGuard.publicOnly(allowing: [], allowsLoopback: true)
        for (text, isAdmitted) in [
            ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("::ffff:127.0.0.1", true), ("10.0.0.1", false),
            ("0.0.0.0", false), ("169.254.169.254", false),
        ] {
            #expect(guarded.admits(try #require(IPAddress(parsing: text))) == isAdmitted, "\(text)")
        }
        #expect(AddressGuard.none.admits(.loopback))
    }
}
