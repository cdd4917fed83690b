import Testing

@testable import TokenService

@Suite("E-mail addresses, campaigns, origins, scopes")
struct TextValueTests {
    @Test(
        "Addresses are kept in lower case",
        arguments: [
            ("user@example.com", "user@example.com"), ("User@Example.COM", "user@example.com"), ("a@b", "a@b"),
            ("first.last+tag@sub.example.co.uk", "first.last+tag@sub.example.co.uk"),
            ("o'hara!#$%&*/=?^_`{|}~-@x-y.example", "o'hara!#$%&*/=?^_`{|}~-@x-y.example"),
            ("1@2.3", "1@2.3"),
        ]
    )
    func addresses(text: String, stored: String) {
        #expect(EmailAddress(text)?.text == stored)
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", "@", "user", "user@", "@example.com", "a@b@c", "us er@example.com", "user@exa mple.com",
            "user@example.com ", " user@example.com", "user@.example.com", "user@example..com", "user@example.com.",
            "user@-example.com", "user@example-.com", "\u{fc}ser@example.com", "user@ex\u{e4}mple.com",
            "user@example.com\0", "user\n@example.com", "user@example.com\r\n", "\"quoted\"@example.com",
            "user@[127.0.0.1]", "user@exa_mple.com", "a,b@example.com", "<user@example.com>", "user\u{7f}@example.com",
            "user@" + String(repeating: "a", count: 64) + ".com",
        ]
    )
    func noAddresses(text: String) {
        #expect(EmailAddress(text) == nil)
    }

    @Test("An address has at most 254 bytes", arguments: [(254, true), (255, false)])
    func addressLength(count: Int, isAccepted: Bool) {
        let domain = "@example.com"
        let text = String(repeating: "a", count: count - domain.count) + domain
        #expect((EmailAddress(text) != nil) == isAccepted)
    }

    @Test(
        "A campaign is 1 to 64 of its characters",
        arguments: [
            ("a", true), ("camp_456abc", true), ("A.b:c-d_9", true), (String(repeating: "x", count: 64), true),
            ("", false), (String(repeating: "x", count: 65), false), ("a b", false), ("a/b", false), ("a\0", false),
            ("caf\u{e9}", false), ("a%20", false), ("a\n", false), ("a@b", false),
        ]
    )
    func campaigns(text: String, isAccepted: Bool) {
        #expect((CampaignID(text) != nil) == isAccepted)
    }

    @Test(
        "Origins are taken as browsers write them",
        arguments: [
            "https://app.example.com", "http://localhost", "http://localhost:3000", "https://example.com:8443",
            "https://[2001:db8::1]", "https://[::1]:8443", "http://127.0.0.1:8080", "https://xn--bcher-kva.example",
            "http://example.com:443", "https://example.com:80", "https://example.com:65535",
        ]
    )
    func origins(text: String) {
        #expect(WebOrigin(text)?.text == text)
    }

    @Test(
        "Anything that no browser writes as an origin is refused",
        arguments: [
            "", "null", "*", "https://", "https://*", "https://*.example.com", "example.com", "//example.com",
            "ftp://example.com", "https://Example.com", "HTTPS://example.com", "https://example.com/",
            "https://example.com/path", "https://example.com?x", "https://example.com#x", "https://example.com:443",
            "http://example.com:80", "https://example.com:0", "https://example.com:", "https://example.com:65536",
            "https://example.com:08443", "https://example.com:+1", "https://example.com:8443a",
            "https://user@example.com",
            "https://example.com ", " https://example.com", "https://exam ple.com", "https://b\u{fc}cher.example",
            "https://.example.com", "https://example.com.", "https://[::1", "https://[::G]", "https://[]",
            "https://example.com\0", "https://example.com\r\n", "https://a,https://b", "file:///x",
        ]
    )
    func noOrigins(text: String) {
        #expect(WebOrigin(text) == nil)
    }

    @Test("An origin has at most 255 bytes", arguments: [(255, true), (256, false)])
    func originLength(count: Int, isAccepted: Bool) {
        let text = "https://" + String(repeating: "a", count: count - 8)
        #expect((WebOrigin(text) != nil) == isAccepted)
    }

    @Test(
        "Three spellings of a scope are one scope",
        arguments: [
            ("candidates:read", "candidates:read"), ("candidates.read", "candidates:read"),
            ("read:candidates", "candidates:read"), ("signing_keys.delete", "signing_keys:delete"),
            ("write:keys", "keys:write"), ("x9:write", "x9:write"),
        ]
    )
    func scopes(text: String, canonical: String) {
        #expect(Scope(parsing: text)?.text == canonical)
    }

    @Test(
        "What is no scope is refused",
        arguments: [
            "", "read", ":", ":read", "read:", "candidates:", "candidates:admin", "Candidates:read", "candidates:READ",
            "candidates read", "9x:read", "_x:read", "a:b:read", "candidates.read.write", "candidates:*", "*:read",
            "candidates:read ", " candidates:read", "candidates:read\0", "k\u{e9}ys:read", ".read",
            String(repeating: "a", count: 44) + ":read",
        ]
    )
    func noScopes(text: String) {
        #expect(Scope(parsing: text) == nil)
    }

    @Test("Keys, policies, workspaces and signing keys need a key of kind admin")
    func adminScopes() {
        let needing = Scope.ownResources.filter { Scope($0, .read).needsAdmin }
        #expect(needing == ["keys", "policies", "workspaces", "signing_keys"])
        #expect(
            Scope.ownResources == [
                "invites", "tokens", "keys", "policies", "audit", "usage", "webhooks", "workspaces", "signing_keys",
                "participants",
            ]
        )
    }

    @Test("The first key of a workspace gets every scope but those on workspaces")
    func firstKey() {
        #expect(Scope.allOfWorkspace.count == 27)
        #expect(!Scope.allOfWorkspace.contains { $0.resource == "workspaces" })
    }
}
