import Testing

@testable import OpenSSLKit

@Suite("scrypt")
struct ScryptTests {
    /// RFC 7914 section 12; its first and last vectors have costs that no password of ours may have.
    @Test(
        "The vectors of RFC 7914 come out",
        arguments: [
            ("password", "NaCl", 10, 8, 16, ""),
            (
                "pleaseletmein", "SodiumChloride", 14, 8, 1,
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                    + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
            ),
        ]
    )
    func vectors(password: String, salt: String, logN: Int, r: Int, p: Int, expected: String) throws {
        guard let cost = ScryptCost(logN: logN, r: r, p: p) else {
            #expect(expected.isEmpty, "a cost within the bounds was refused")
            return
        }
        let key = try Scrypt.derive(
            SecretBytes(Array(password.utf8)),
            salt: Array(salt.utf8),
            cost: cost,
            count: 64
        ).copy
        #expect(key.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == expected)
    }

    @Test("The standard cost is more than OpenSSL allows by itself, and works")
    func standard() throws {
        let one = try Scrypt.derive(SecretBytes([1]), salt: [2], cost: .standard, count: 32).copy
        #expect(one.count == 32 && Set(one).count > 8)
        #expect(ScryptCost.standard == ScryptCost(logN: 17, r: 8, p: 1))
    }

    @Test(
        "A cost beyond the memory or below any use is refused",
        arguments: [
            (3, 8, 1), (18, 8, 1), (17, 9, 1), (17, 0, 1), (17, 8, 0), (17, 8, 5), (-1, 8, 1), (.max, 8, 1),
        ]
    )
    func bounds(logN: Int, r: Int, p: Int) {
        #expect(ScryptCost(logN: logN, r: r, p: p) == nil)
    }
}
