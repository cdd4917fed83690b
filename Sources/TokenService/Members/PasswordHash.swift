package import OpenSSLKit
package import Platform

/// A password's scrypt hash in the PHC string form: `$scrypt$ln=17,r=8,p=1$SALT$HASH`.
///
/// Salt and hash are base64 without padding (RFC 4648 section 4). Another algorithm would have another first word.
package struct PasswordHash: Equatable, Sendable {
    private static let saltBytes = 16
    private static let keyBytes = 32

    package let cost: ScryptCost
    private let salt: [UInt8]
    private let key: [UInt8]

    /// Hashes with a fresh salt; takes as long as the cost says.
    package init(of password: SecretBytes, cost: ScryptCost, random: any RandomSource) throws {
        let salt = SecretBytes(random: Self.saltBytes, from: random).copy
        let key = try Scrypt.derive(password, salt: salt, cost: cost, count: Self.keyBytes).copy
        self.init(cost: cost, salt: salt, key: key)
    }

    private init(cost: ScryptCost, salt: [UInt8], key: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    /// A hash that no password has, to be compared where there is no member: it costs as much as any other.
    package static func decoy(cost: ScryptCost) -> PasswordHash {
        PasswordHash(
            cost: cost,
            salt: [UInt8](repeating: 0, count: saltBytes),
            key: [UInt8](repeating: 0, count: keyBytes)
        )
    }

    /// Whether it is the hash of this password; takes as long as the cost says.
    package func matches(_ password: SecretBytes) throws -> Bool {
        constantTimeEquals(try Scrypt.derive(password, salt: salt, cost: cost, count: Self.keyBytes).copy, key)
    }

    package var text: String {
        "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(Self.base64(salt))$\(Self.base64(key))"
    }

    /// Reads the text form; nil for anything that ``text`` does not write.
    package init?(parsing text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard text.utf8.count <= 200, parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt",
            let cost = Self.cost(parts[2]), let salt = Self.bytes(parts[3]), let key = Self.bytes(parts[4]),
            salt.count == Self.saltBytes, key.count == Self.keyBytes
        else { return nil }
        self.init(cost: cost, salt: salt, key: key)
        guard self.text == text else { return nil }
    }

    private static func cost(_ text: Substring) -> ScryptCost? {
        let numbers = zip(["ln=", "r=", "p="], text.split(separator: ",", omittingEmptySubsequences: false))
            .compactMap { name, part in part.hasPrefix(name) ? Int(part.dropFirst(name.count)) : nil }
        guard numbers.count == 3 else { return nil }
        return ScryptCost(logN: numbers[0], r: numbers[1], p: numbers[2])
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        String(Base64URLText.encode(bytes).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        Base64URLText.decode(String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }))
    }
}
