import Foundation
import TestSupport

/// The built executable, run as a process of its own.
struct Executable {
    /// What a finished run left behind.
    struct Result {
        let status: Int32
        let output: String
        let error: String
    }

    /// The executable lies beside the test bundle.
    static func url() throws -> URL {
        let candidates = CommandLine.arguments + [Bundle.main.bundlePath, Bundle.main.executablePath ?? ""]
        for candidate in candidates {
            var folder = URL(filePath: candidate)
            for _ in 0..<4 {
                let file = folder.appending(path: "token-service")
                if FileManager.default.isExecutableFile(atPath: file.path), !isFolder(file) { return file }
                folder.deleteLastPathComponent()
            }
        }
        throw CocoaError(.fileNoSuchFile)
    }

    private static func isFolder(_ file: URL) -> Bool {
        (try? file.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
    }

    /// Runs a command to its end.
    static func run(_ words: [String], input: String = "") throws -> Result {
        let words = [try url().path] + words
        let outcome = try ChildProcess.run(words, environment: environment, input: Array(input.utf8))
        return Result(
            status: status(outcome.end),
            output: String(decoding: outcome.output, as: UTF8.self),
            error: String(decoding: outcome.error, as: UTF8.self)
        )
    }

    /// Starts a command that goes on until it is told to end.
    static func start(_ words: [String]) throws -> ChildProcess.Conversation {
        try ChildProcess.start([try url().path] + words, environment: environment)
    }

    /// Nothing of the tests' own surroundings but how a sanitizer is to run.
    private static let environment: [String: String] = {
        let sanitizers = ["ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"]
        let own = ProcessInfo.processInfo.environment.filter { sanitizers.contains($0.key) }
        return own.merging(["PATH": "/usr/bin:/bin"]) { $1 }
    }()

    /// The exit status; the number of the signal, negative, that ended the process.
    private static func status(_ end: ChildProcess.End) -> Int32 {
        switch end {
        case .exit(let status): status
        case .signal(let number): -number
        }
    }

    /// Runs `body` with the path of a directory that is not there yet, and removes it afterwards.
    static func withDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let path = FileManager.default.temporaryDirectory.path + "/token-service-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }
}
