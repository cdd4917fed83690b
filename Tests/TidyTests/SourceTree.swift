import Foundation

/// One file of the repository, read relative to this one.
struct SourceFile: Sendable, CustomStringConvertible {
    let path: String
    let lines: [Substring]

    var description: String { path }

    /// The lines without their comments.
    var code: [(number: Int, text: Substring)] {
        lines.enumerated().map { number, line in
            let trimmed = line.drop { $0 == " " }
            return (number + 1, trimmed.hasPrefix("//") ? "" : line)
        }
    }

    /// The modules that the file imports.
    var imports: [String] {
        code.compactMap { _, text in
            let words = text.split(separator: " ")
            guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
                words[..<index].allSatisfy({ ["package", "public", "internal", "private", "@testable"].contains($0) })
            else { return nil }
            return String(words[index + 1])
        }
    }
}

/// The repository as it lies on the disk.
enum SourceTree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func file(_ path: String) -> SourceFile {
        let text = (try? String(contentsOfFile: root + "/" + path, encoding: .utf8)) ?? ""
        return SourceFile(path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false))
    }

    /// Every Swift file under a folder.
    static func swiftFiles(under folder: String) -> [SourceFile] {
        let paths = FileManager.default.enumerator(atPath: root + "/" + folder)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().map { file(folder + "/" + $0) }
    }

    static let sources = swiftFiles(under: "Sources")
    static let tests = swiftFiles(under: "Tests")

    /// The module of a file under `Sources`.
    static func module(_ file: SourceFile) -> String { String(file.path.split(separator: "/")[1]) }
}
