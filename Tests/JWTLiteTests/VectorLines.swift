import Foundation
import StrictJSON
import Testing

/// A line of a `.jsonl` file in `Tests/Vectors/JWTLite`, with the verdict that it must get.
struct VectorLine: CustomTestStringConvertible, Sendable {
    let id: String
    let expected: Bool
    let bytes: [UInt8]

    var testDescription: String { id }

    /// All lines of a file; traps where the file is not there, since then nothing is tested.
    static func all(_ file: String, path: String = #filePath) -> [VectorLine] {
        let url = URL(filePath: path).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors/JWTLite/\(file)")
        guard let data = try? Data(contentsOf: url) else { preconditionFailure("no \(url.path)") }
        return data.split(separator: 0x0A).map { line in
            let root = try? JSONDocument(parsing: [UInt8](line)).root
            guard let id = root?["id"]?.string, let expected = root?["expected"]?.boolean else {
                preconditionFailure("a line of \(file) has no id or no verdict")
            }
            return VectorLine(id: id, expected: expected, bytes: [UInt8](line))
        }
    }
}
