import CLinux

/// A bcrypt hash in the form of crypt(3): `$2a$`, `$2b$` or `$2y$`, two digits of cost, 53 characters.
package struct BcryptHash: Equatable, Sendable {
    /// 2^12 rounds take about a quarter of a second; more would let one presented key hold up all others.
    package static let costMax = 12
    package static let costMin = 4

    /// The whole hash.
    package let text: String
    /// The binary logarithm of the number of rounds.
    package let cost: Int

    /// Nil where the text is no such hash, or its cost is out of bounds.
    package init?(parsing text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 60, ["$2a$", "$2b$", "$2y$"].contains(String(decoding: bytes.prefix(4), as: UTF8.self)),
            bytes[6] == UInt8(ascii: "$"), let cost = Int(String(decoding: bytes[4..<6], as: UTF8.self)),
            bytes[4] != UInt8(ascii: "+"), (Self.costMin...Self.costMax).contains(cost)
        else { return nil }
        guard bytes.dropFirst(7).allSatisfy(Self.isDigit) else { return nil }
        self.text = text
        self.cost = cost
    }

    /// A character of bcrypt's own base 64: `./A-Za-z0-9`.
    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ".")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            return true
        default: return false
        }
    }

    /// Whether the secret has this hash; takes as long as the cost says, and blocks the thread.
    ///
    /// False for a secret with a zero byte or of more than 72 bytes, of which bcrypt would read a part alone.
    package func matches(_ secret: [UInt8]) -> Bool {
        guard secret.count <= 72, !secret.contains(0) else { return false }
        let size = MemoryLayout<crypt_data>.size
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: size,
            alignment: MemoryLayout<crypt_data>.alignment
        )
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        defer {
            // It holds the secret.
            unsafe clinux_wipe(memory, size)
            unsafe memory.deallocate()
        }
        let data = unsafe memory.bindMemory(to: crypt_data.self, capacity: 1)
        let phrase = secret.map { CChar(bitPattern: $0) } + [0]
        let result: String? = unsafe phrase.withUnsafeBufferPointer { phrase in
            guard let start = phrase.baseAddress, let output = unsafe crypt_r(start, text, data) else {
                return nil
            }
            return unsafe String(cString: output)
        }
        guard let result else { return false }
        // Both are hashes, of which the stored one says nothing about the secret: still compared whole.
        let pairs = zip(result.utf8, text.utf8)
        return result.utf8.count == text.utf8.count && pairs.reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
