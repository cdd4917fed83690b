import Foundation
import StrictJSON
import Testing

@Suite("The commands about keys", .serialized)
struct KeyCommandTests {
    private static let imported =
        #"{"name":"old","prefix":"sk_","index":"abcdefgh","scopes":["invites.read"],"#
        + #""hash":"$2b$04$abcdefghijklmnopqrstuu67mSs1gBxW2hcIZ97sttFR/YbgxnPYi"}"#

    /// Runs a command on the directory and gives its JSON.
    private static func json(_ words: [String], _ directory: String, input: String = "") throws -> JSONValue {
        let result = try Executable.run(words + ["--data-dir", directory, "--json"], input: input)
        #expect(result.status == 0, "\(words): \(result.error)")
        return try JSONDocument(parsing: Array(result.output.utf8)).root
    }

    @Test("A key is made from a preset, rotated, suspended, resumed and ended", .timeLimit(.minutes(1)))
    func lifeCycle() async throws {
        try await Executable.withDirectory { directory in
            let issuer = ["init", "--issuer", "https://tokens.example.com", "--environment", "test"]
            _ = try Self.json(issuer, directory)
            let made = try Self.json(["key", "create", "--name", "n", "--preset", "read_only"], directory)
            #expect(made["scopes"]?.elements.compactMap(\.string).contains("invites:read") == true)
            let id = try #require(made["id"]?.string)
            let rotated = try Self.json(["key", "rotate", id, "--overlap", "1h"], directory)
            #expect(rotated["secret"]?.string?.hasPrefix("ts_test_") == true)
            #expect(try Executable.run(["key", "rotate", id, "--data-dir", directory]).status == 5)
            #expect(try Self.json(["key", "suspend", id], directory)["status"]?.string == "suspended")
            let resumed = try Self.json(["key", "resume", id], directory)
            #expect(resumed["status"]?.string == "active")
            #expect(resumed["replaced_by"]?.string == rotated["id"]?.string)
            #expect(try Executable.run(["key", "revoke", id, "--data-dir", directory]).status == 0)
            #expect(try Executable.run(["key", "resume", id, "--data-dir", directory]).status == 5)
        }
    }

    @Test("A scan tells where keys are and which are real, and never shows one whole", .timeLimit(.minutes(1)))
    func scan() async throws {
        try await Executable.withDirectory { directory in
            let issuer = ["init", "--issuer", "https://tokens.example.com", "--environment", "test"]
            let secret = try #require(try Self.json(issuer, directory)["api_key"]?["secret"]?.string)
            let shown = "ts_test_..." + secret.suffix(4)
            let file = directory + "/leak.env"
            try "# notes\nKEY=\(secret)\nOTHER=ts_test_nothing\n".write(toFile: file, atomically: true, encoding: .utf8)
            let offline = try Executable.run(["key", "scan", file])
            #expect(offline.status == 1)
            #expect(offline.output == "\(file):2: \(shown)\n")
            let input = try Executable.run(["key", "scan", "-"], input: "x\n\n\n\(secret)")
            #expect(input.status == 1)
            #expect(input.output == "-:4: \(shown)\n")
            let real = try Executable.run(["key", "scan", file, "--data-dir", directory, "--json"])
            #expect(real.status == 1)
            #expect(real.output.contains(#""status":"active","key_id":"key_"#))
            for result in [offline, input, real] { #expect(!(result.output + result.error).contains(secret)) }
            let clean = try Executable.run(["key", "scan", "-"], input: "nothing here\n" + secret.dropLast())
            #expect(clean.status == 0 && clean.output.isEmpty)
            #expect(try Executable.run(["key", "scan", directory + "/absent"]).status == 2)
            #expect(try Executable.run(["key", "scan"]).status == 2)
            #expect(try Executable.run(["key", "scan", "-", "--prefix", "Bad"]).status == 2)
        }
    }

    @Test("Keys of another product are taken in once, all or none", .timeLimit(.minutes(1)))
    func imports() async throws {
        try await Executable.withDirectory { directory in
            let issuer = ["init", "--issuer", "https://tokens.example.com", "--environment", "test"]
            _ = try Self.json(issuer, directory)
            let words = ["key", "import", "-"]
            let bad = Self.imported + "\n\n" + Self.imported.replacing("abcdefgh", with: "abc")
            let refused = try Executable.run(words + ["--data-dir", directory], input: bad)
            #expect(refused.status == 2)
            #expect(refused.error.contains("-:3: index"))
            #expect(try Self.json(words, directory, input: Self.imported + "\n")["imported"]?.integer == 1)
            let again = try Executable.run(words + ["--data-dir", directory], input: Self.imported)
            #expect(again.status == 5)
            #expect(again.error.contains("-:1:"))
            let list = try Executable.run(["key", "list", "--data-dir", directory])
            #expect(list.output.contains("sk_..."))
            #expect(try Executable.run(words, input: Self.imported).status == 2)
        }
    }

    @Test(
        "Each command says what it takes",
        arguments: ["create", "list", "rotate", "suspend", "resume", "revoke", "scan", "import"]
    )
    func help(verb: String) throws {
        let result = try Executable.run(["key", verb, "--help"])
        #expect(result.status == 0)
        #expect(result.output.contains("token-service key \(verb)"))
        #expect(result.output.contains("--json"))
    }
}
