import Foundation
import Platform
import Testing

/// One block of a vector file: `field = value` lines between blank lines; `#` starts a comment.
struct Vector: CustomTestStringConvertible, Sendable {
    let fields: [String: String]

    var name: String { fields["name"] ?? "" }
    var testDescription: String { name }

    /// A field of hexadecimal digits.
    func bytes(_ field: String) throws -> [UInt8] { try hexadecimal(try #require(fields[field])) }

    /// All vectors of a file in `Tests/Vectors/OpenSSLKit`; traps where the file is not there, since then nothing is tested.
    static func all(_ file: String, path: String = #filePath) -> [Vector] {
        let url = URL(filePath: path).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors/OpenSSLKit/\(file)")
        guard let text = try? String(contentsOf: url, encoding: .utf8) else { preconditionFailure("no \(url.path)") }
        let blocks = text.split(separator: "\n", omittingEmptySubsequences: false).split { $0.isEmpty }
        return blocks.compactMap { lines in
            var fields: [String: String] = [:]
            for line in lines where !line.hasPrefix("#") {
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                fields[parts[0].trimmingCharacters(in: .whitespaces)] =
                    parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            }
            return fields.isEmpty ? nil : Vector(fields: fields)
        }
    }
}

/// Bytes from pairs of hexadecimal digits.
func hexadecimal(_ text: String) throws -> [UInt8] {
    let digits = try text.map { try #require($0.hexDigitValue) }
    try #require(digits.count.isMultiple(of: 2))
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// Gives the same bytes over and over: for vectors that fix the nonce.
struct FixedRandomSource: RandomSource {
    let bytes: [UInt8]

    func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        for index in 0..<buffer.count { unsafe buffer[index] = bytes[index % bytes.count] }
    }
}
