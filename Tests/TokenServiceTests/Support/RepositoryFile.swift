import Foundation

/// A file of the repository, found from this one.
enum RepositoryFile {
    static func text(_ path: String) throws -> String {
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: top.appending(path: path), encoding: .utf8)
    }
}
