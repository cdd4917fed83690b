import HTTPClient
import Testing

@testable import TokenService

@Suite("The address of a service")
struct ServiceURLTests {
    @Test(
        "The address of a service is read",
        arguments: [
            ("https://tokens.example.com", true, "tokens.example.com", UInt16(443), "", "tokens.example.com"),
            ("https://tokens.example.com/", true, "tokens.example.com", 443, "", "tokens.example.com"),
            ("http://localhost:8080/base/", false, "localhost", 8080, "/base", "localhost:8080"),
            ("http://[::1]:8080", false, "::1", 8080, "", "[::1]:8080"),
            ("http://[::1]", false, "::1", 80, "", "[::1]"),
            ("http://127.0.0.1:80/a/b", false, "127.0.0.1", 80, "/a/b", "127.0.0.1"),
        ]
    )
    func addresses(text: String, isSecure: Bool, host: String, port: UInt16, path: String, authority: String) throws {
        let url = try #require(ServiceURL(parsing: text))
        #expect(url.isSecure == isSecure)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.path == path)
        #expect(url.endpoint.authority == authority)
    }

    @Test(
        "What is no address of a service is refused",
        arguments: [
            "", "localhost:8080", "ftp://x", "http://", "https:///x", "http://:80", "http://x:", "http://x:65536",
            "http://x:-1", "http://x:8a", "http://user@x", "http://x y", "http://x?y", "http://x/y?z", "http://x/y#z",
            "http://x/\r\nHost: y", "http://x\r\n", "http://b\u{fc}cher", "http://x/\u{e9}",
            "http://" + String(repeating: "a", count: 254),
        ]
    )
    func noAddresses(text: String) {
        #expect(ServiceURL(parsing: text) == nil)
    }
}
