/// Finds API keys in text of any length, by prefix and checksum, without a store.
///
/// Keeps fewer bytes than the longest key has between two calls of ``feed(_:)``, so that a key that lies across two
/// chunks is found.
package struct SecretScanner: Sendable {
    /// One key, and the line on which it starts, from 1.
    package struct Finding: Sendable {
        package let line: Int
        package let secret: APIKeySecret
    }

    /// Prefixes that are looked for always: those of this service and of the products that it follows.
    package static let knownPrefixes = [
        "ts_live_", "ts_test_", "iv_live_", "iv_test_", "ir_live_", "ir_test_", "sk_",
    ]
    /// Prefixes beside the known ones.
    package static let morePrefixesMax = 64

    private let prefixes: [[UInt8]]
    /// For each byte, whether a prefix starts with it.
    private let isStart: [Bool]
    private var pending: [UInt8] = []
    private var line = 1

    /// - Parameter more: prefixes beside the known ones.
    package init(morePrefixes more: [String] = []) {
        let prefixes = (Self.knownPrefixes + more.prefix(Self.morePrefixesMax)).map { Array($0.utf8) }
        self.prefixes = prefixes.filter { !$0.isEmpty }
        isStart = (0..<256).map { byte in prefixes.contains { $0.first == UInt8(byte) } }
    }

    /// Takes the next bytes and gives the keys that start in what can be judged by now.
    package mutating func feed(_ bytes: ArraySlice<UInt8>) -> [Finding] {
        pending.append(contentsOf: bytes)
        return scan(startsBefore: pending.count - APIKeySecret.bytesMax + 1)
    }

    /// Gives the keys in what is left, and starts anew.
    package mutating func finish() -> [Finding] {
        defer { line = 1 }
        return scan(startsBefore: pending.count)
    }

    private mutating func scan(startsBefore end: Int) -> [Finding] {
        guard end > 0 else { return [] }
        var findings: [Finding] = []
        var position = 0
        while position < end {
            let byte = pending[position]
            if byte == UInt8(ascii: "\n") {
                line += 1
            } else if isStart[Int(byte)], let secret = key(at: position) {
                findings.append(Finding(line: line, secret: secret))
                position += secret.text.utf8.count
                continue
            }
            position += 1
        }
        pending.removeFirst(min(position, pending.count))
        return findings
    }

    /// The key that starts here, with a known prefix or one that begins with it, such as `ir_live_sk_`.
    private func key(at start: Int) -> APIKeySecret? {
        let rest = pending[start...]
        for prefix in prefixes where rest.starts(with: prefix) {
            if let secret = key(from: rest, prefixCount: prefix.count) { return secret }
        }
        return nil
    }

    private func key(from rest: ArraySlice<UInt8>, prefixCount: Int) -> APIKeySecret? {
        let tailCount = APIKeySecret.randomCharacters + APIKeySecret.checksumCharacters
        var prefixCount = prefixCount
        while prefixCount <= APIKeySecret.prefixCharactersMax {
            let tail = rest.dropFirst(prefixCount).prefix(tailCount)
            guard tail.count == tailCount else { return nil }
            guard let other = tail.lastIndex(where: { !Base62.contains($0) }) else {
                return APIKeySecret(presented: Array(rest.prefix(prefixCount + tailCount)))
            }
            guard tail[other] == UInt8(ascii: "_") else { return nil }
            prefixCount = other + 1 - rest.startIndex
        }
        return nil
    }
}
