import Foundation
import Testing

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
        let process = try process(words)
        let (output, error, standardInput) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        process.standardInput = standardInput
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        let errors = try error.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: String(decoding: text, as: UTF8.self),
            error: String(decoding: errors, as: UTF8.self)
        )
    }

    static func process(_ words: [String]) throws -> Process {
        let process = Process()
        process.executableURL = try url()
        process.arguments = words
        process.environment = ["PATH": "/usr/bin:/bin"]
        return process
    }

    /// Runs `body` with the path of a directory that is not there yet, and removes it afterwards.
    static func withDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let path = FileManager.default.temporaryDirectory.path + "/token-service-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }
}
