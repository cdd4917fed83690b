import Foundation
import Testing

/// One row of the table of threats.
struct ThreatRow: Sendable, CustomTestStringConvertible {
    let attack: String
    let evidence: String

    var testDescription: String { attack }

    /// Every row of the table in `SECURITY.md`.
    static let all: [ThreatRow] = {
        let lines = SourceTree.file("SECURITY.md").lines
        guard let head = lines.firstIndex(where: { $0.hasPrefix("| attack |") }) else { return [] }
        return lines[(head + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            let cells = line.dropFirst(2).dropLast(2).components(separatedBy: " | ")
            return ThreatRow(attack: cells.first ?? "", evidence: cells.count == 3 ? cells[2] : "")
        }
    }()

    /// What stands between two marks in the last column.
    func marked(_ open: Character, _ close: Character) -> [String] {
        var found: [String] = []
        var rest = evidence[...]
        while let start = rest.firstIndex(of: open) {
            let inside = rest[rest.index(after: start)...]
            guard let end = inside.firstIndex(of: close) else { break }
            found.append(String(inside[..<end]))
            rest = inside[inside.index(after: end)...]
        }
        return found
    }
}

@Suite("The table of threats")
struct SecurityTableTests {
    private static let swift = (SourceTree.tests + SourceTree.swiftFiles(under: "Fuzz")).map { file in
        (file.path, file.lines.joined(separator: "\n"))
    }

    /// The text of a file of the black-box tests; nil where there is none.
    private static func python(_ name: String) -> String? {
        for folder in ["Clients", "Browser"] {
            let file = SourceTree.file("Tests/\(folder)/\(name).py")
            if file.lines.count > 1 { return file.lines.joined(separator: "\n") }
        }
        return nil
    }

    @Test("There is a row for each attack that is known to be tried")
    func rows() {
        #expect(ThreatRow.all.count >= 45)
        #expect(Set(ThreatRow.all.map(\.attack)).count == ThreatRow.all.count)
    }

    @Test("Every attack has a test, and every test that is named is there", arguments: ThreatRow.all)
    func evidence(row: ThreatRow) {
        let sentences = row.marked("“", "”")
        let names = row.marked("`", "`")
        #expect(!names.isEmpty, "nothing shows what is said of: \(row.attack)")
        for sentence in sentences {
            #expect(Self.swift.contains { $0.1.contains("\"\(sentence)\"") }, "no test is called “\(sentence)”")
        }
        for name in names { #expect(Self.isThere(name), "nothing is called \(name)") }
    }

    private static func isThere(_ name: String) -> Bool {
        if name.hasPrefix("scripts/") {
            let words = name.split(separator: " ")
            let script = SourceTree.file(String(words[0])).lines.joined(separator: "\n")
            return words.dropFirst().allSatisfy { script.contains("run_\($0)()") }
        }
        if name.hasPrefix("test_") {
            let parts = name.components(separatedBy: "::")
            guard let file = python(parts[0]) else { return false }
            return parts.count == 1 || file.contains("def \(parts[1])(")
        }
        let kinds = ["struct \(name)", "enum \(name)", "/\(name).swift"]
        return swift.contains { path, text in
            kinds.contains { text.contains($0 + ":") || text.contains($0 + " ") || path.hasSuffix($0) }
        }
    }
}
