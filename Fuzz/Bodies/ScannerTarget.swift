import TestSupport
import TokenService

/// Files in which keys are looked for: the same ones however the file is cut, each at its place, none missed.
///
/// The lower half of the first byte is the number of cuts, each of the next that many the distance to the next cut; the
/// upper half says whether the bytes come one by one, too, where there are many of them. In the rest, a zero byte and the
/// two after it stand for a key and for what is wrong with it.
enum ScannerTarget {
    private static let keys = ["ts_live_", "ts_test_", "sk_", "ir_live_sk_", "acme_", "ir_live_"].map { prefix in
        APIKeySecret(prefix: prefix, random: SeededRandomSource(seed: 7)).text
    }

    /// A scanner that has seen nothing: making one takes as long as scanning a page.
    private static let fresh = SecretScanner()

    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let first = bytes.first else { return }
        let cuts = bytes.dropFirst().prefix(Int(first & 15))
        let (data, planted) = expanded(Array(bytes.dropFirst(1 + cuts.count)))
        let whole = scan([data[...]])
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        for cut in cuts {
            let end = min(data.count, start + Int(cut))
            pieces.append(data[start..<end])
            start = end
        }
        if !cuts.isEmpty {
            let cut = scan(pieces + [data[start...]])
            try require(cut == whole, "cut: \(cut.map(\.place)), whole: \(whole.map(\.place))")
        }
        if data.count <= (first & 16 == 0 ? 128 : 2048) {
            try require(scan(data.indices.map { data[$0...$0] }) == whole, "byte by byte: other keys")
        }
        let lines = data.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
        for found in Set(whole) {
            guard lines.indices.contains(found.line - 1) else { throw Finding("line \(found.line) of \(lines.count)") }
            try require(
                contains(lines[found.line - 1], Array(found.text.utf8)),
                "a key that is not in line \(found.line)"
            )
            try require(APIKeySecret(presented: found.text) != nil, "a key that is none")
            try require(SecretScanner.knownPrefixes.contains { found.text.hasPrefix($0) }, "a key of another product")
        }
        for key in Set(planted) {
            let found = whole.count { $0.text == key }
            try require(found >= planted.count { $0 == key }, "\(planted.count) keys are there, \(found) were found")
        }
    }

    private struct Found: Hashable {
        let line: Int
        let text: String

        var place: String { "line \(line): \(text.prefix(10))" }
    }

    private static func scan(_ pieces: [ArraySlice<UInt8>]) -> [Found] {
        var scanner = fresh
        let found = pieces.flatMap { scanner.feed($0) } + scanner.finish()
        return found.map { Found(line: $0.line, text: $0.secret.text) }
    }

    /// The file with its keys, and which of them have to be found: whole ones that nothing before them hides.
    private static func expanded(_ bytes: [UInt8]) -> (data: [UInt8], planted: [String]) {
        var data: [UInt8] = []
        var planted: [String] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == 0, index + 2 < bytes.count else {
                data.append(bytes[index])
                index += 1
                continue
            }
            let key = keys[Int(bytes[index + 1]) % keys.count]
            var text = Array(key.utf8)
            let flaw = bytes[index + 2]
            if flaw != 0 { text[Int(flaw) % text.count] ^= 1 }
            let isKnown = SecretScanner.knownPrefixes.contains { key.hasPrefix($0) }
            if flaw == 0, isKnown, data.last.map({ !isKeyByte($0) }) ?? true { planted.append(key) }
            data += text
            index += 3
        }
        return (data, planted)
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        guard bytes.count >= part.count else { return false }
        return (0...(bytes.count - part.count)).contains { bytes[$0] == part[0] && bytes[$0...].starts(with: part) }
    }
}
