import Glibc
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON

/// `token-service key scan FILE…`: tells whether files hold API keys, by prefix and checksum alone.
enum KeyScanCommand {
    private static let filesMax = 10_000
    private static let chunkBytes = 65_536

    static let command = Command(
        "key scan",
        "finds API keys in files (- for standard input); ends with 1 where it found one",
        argument: "FILE…",
        argumentsMax: filesMax,
        options: CommonOptions.store + [
            CommandOption("prefix", "PREFIX", "a key prefix to look for beside the known ones", isRepeated: true),
            CommonOptions.json,
        ],
        run: run
    )

    private static func run(_ arguments: Arguments) async throws -> ExitCode {
        guard !arguments.positional.isEmpty else {
            throw UsageError("which files? Give their names, or - for standard input")
        }
        let prefixes = arguments.all("prefix")
        guard prefixes.count <= SecretScanner.morePrefixesMax,
            prefixes.allSatisfy({ APIKeySecret.isPrefix(Array($0.utf8)[...]) })
        else {
            throw UsageError(
                "--prefix takes up to \(APIKeySecret.prefixCharactersMax) of a-z 0-9 _, starting with a letter and ending "
                    + "with _, at most \(SecretScanner.morePrefixesMax) times"
            )
        }
        let services = arguments.value("data-dir") == nil ? nil : try await LocalTransport.services(arguments)
        let scan = Scan(prefixes: prefixes, services: services, printsJSON: arguments.has("json"))
        var (found, unreadable) = (0, false)
        do {
            for file in arguments.positional {
                do {
                    found += try await scan.file(file)
                } catch let error as SystemError {
                    unreadable = true
                    Console.error("token-service: \(file) can not be read: \(error)")
                }
            }
        } catch {
            await services?.store.close()
            throw error
        }
        await services?.store.close()
        if found > 0 { return .failure }
        return unreadable ? .usage : .success
    }

    /// One run over some files.
    private struct Scan {
        let prefixes: [String]
        /// What tells which keys are real; nil without a store.
        let services: Services?
        let printsJSON: Bool

        /// Scans a file in chunks and tells of each key at once; returns how many there were.
        func file(_ name: String) async throws -> Int {
            let file = try FileDescriptor(opening: name == "-" ? "/dev/stdin" : name, flags: O_RDONLY | O_CLOEXEC)
            var scanner = SecretScanner(morePrefixes: prefixes)
            var buffer = [UInt8](repeating: 0, count: KeyScanCommand.chunkBytes)
            var found = 0
            while true {
                let count = try file.readNext(into: &buffer)
                let findings = count == 0 ? scanner.finish() : scanner.feed(buffer[..<count])
                for finding in findings { try await tell(finding, in: name) }
                found += findings.count
                if count == 0 { return found }
            }
        }

        private func tell(_ finding: SecretScanner.Finding, in file: String) async throws {
            var key: APIKeyRecord?
            if let services {
                key = try await services.store.apiKey(digest: services.directory.digest(of: finding.secret).bytes)
            }
            let status = services.map { key?.status(at: $0.time.now()) ?? "unknown" }
            guard printsJSON else {
                let id = key.map { " " + TypeID.text(.apiKey, $0.id) } ?? ""
                let verdict = status.map { " " + $0 + id } ?? ""
                return Console.print("\(file):\(finding.line): \(finding.secret.redacted)" + verdict)
            }
            var writer = JSONWriter(capacity: 128)
            writer.beginObject()
            writer.member("file", file)
            writer.member("line", finding.line)
            writer.member("prefix", finding.secret.redacted)
            writer.member("last4", finding.secret.last4)
            if let status {
                writer.member("status", status)
                writer.member("key_id", key.map { TypeID.text(.apiKey, $0.id) })
            }
            writer.endObject()
            Console.print(String(decoding: writer.bytes, as: UTF8.self))
        }
    }
}
