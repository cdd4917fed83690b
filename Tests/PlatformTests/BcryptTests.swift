import Platform
import Testing

@Suite("bcrypt hashes of other products")
struct BcryptTests {
    private static let secret = Array("sk_abcdefgh0123456789".utf8)
    private static let tail = "04$abcdefghijklmnopqrstuu67mSs1gBxW2hcIZ97sttFR/YbgxnPYi"

    @Test("All three spellings are checked", arguments: ["$2a$", "$2b$", "$2y$"])
    func matches(spelling: String) throws {
        let hash = try #require(BcryptHash(parsing: spelling + Self.tail))
        #expect(hash.cost == 4)
        #expect(hash.matches(Self.secret))
        #expect(!hash.matches(Self.secret.dropLast() + [UInt8(ascii: "8")]))
        #expect(!hash.matches(Array(Self.secret.dropLast())))
        #expect(!hash.matches([]))
    }

    @Test(
        "Published hashes are checked as published",
        arguments: [
            ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
            ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
        ]
    )
    func published(secret: String, hash: String) throws {
        #expect(try #require(BcryptHash(parsing: hash)).matches(Array(secret.utf8)))
    }

    @Test("A secret of which bcrypt would read a part alone has no hash")
    func tooLong() throws {
        let hash = try #require(BcryptHash(parsing: "$2b$" + Self.tail))
        #expect(!hash.matches(Self.secret + [0]))
        #expect(!hash.matches(Self.secret + [0] + Self.secret))
        #expect(!hash.matches([UInt8](repeating: 65, count: 73)))
    }

    private static let refusedHeads = [
        "$2x$04", "$2$04", "$1$04", "$2b$03", "$2b$13", "$2b$31", "$2b$+4", "$2b$ 4", "$2b$4", "2b$04",
    ]

    private static let refusedTexts: [String] = [
        "", "$2b$", "x", "$2b$\(tail)a", String("$2b$\(tail)".dropLast()),
        "$2b$04$" + String(repeating: "!", count: 53),
        "$2b$04$" + String(repeating: "\u{e9}", count: 26) + "a",
    ]

    @Test(
        "What is no bcrypt hash within the bounds of cost is refused",
        arguments: refusedTexts + refusedHeads.map { $0 + tail.dropFirst(2) }
    )
    func refused(text: String) {
        #expect(BcryptHash(parsing: text) == nil)
    }

    @Test("The dearest cost that is taken is 12")
    func costs() {
        #expect(BcryptHash(parsing: "$2b$12" + Self.tail.dropFirst(2))?.cost == 12)
    }
}
