#if SQLite
    import Foundation
    import StrictJSON
    import TestSupport
    import Testing

    @Suite("audit verify, as a process", .serialized)
    struct AuditCommandTests {
        private static func setUp(_ directory: String) throws {
            let words = ["init", "--data-dir", directory, "--issuer", "https://tokens.example.com", "--json"]
            let result = try Executable.run(words)
            #expect(result.status == 0, "\(result.error)")
        }

        @Test("It says that all is well and ends with 0, or names the first bad place and ends with 1")
        func verify() async throws {
            try await Executable.withDirectory { directory in
                try Self.setUp(directory)
                let head = directory + "/head.json"
                let words = ["audit", "verify", "--data-dir", directory]
                let good = try Executable.run(words + ["--write-head", head, "--json"])
                #expect(good.status == 0, "\(good.error)")
                let root = try JSONDocument(parsing: Array(good.output.utf8)).root
                #expect(root["intact"]?.boolean == true)
                #expect(root["chains"]?.elements.first?["sequence"]?.integer == 2)
                #expect(root["problem"]?.isNull == true)
                #expect(try Executable.run(words + ["--expect-head", head]).output.contains("intact"))

                let file = SQLFile(directory: directory)
                try file.run("DELETE FROM audit_events WHERE sequence = 2")
                #expect(try Executable.run(words).status == 0)
                let cut = try Executable.run(words + ["--expect-head", head])
                #expect(cut.status == 1)
                #expect(cut.error.contains("chain 1, event 2"))
                try file.run("UPDATE audit_events SET actor = 'nobody' WHERE sequence = 1")
                let edited = try Executable.run(words + ["--json", "--write-head", head])
                #expect(edited.status == 1)
                let problem = try JSONDocument(parsing: Array(edited.output.utf8)).root["problem"]
                #expect(problem?["sequence"]?.integer == 1)
                #expect(try Executable.run(words + ["--expect-head", head]).status == 1)
            }
        }

        @Test("What it can not work with is said in a sentence, and is not taken for damage")
        func refusals() async throws {
            try await Executable.withDirectory { directory in
                let words = ["audit", "verify", "--data-dir", directory]
                #expect(try Executable.run(words).status == 6)
                try Self.setUp(directory)
                #expect(try Executable.run(words + ["--store", "memory"]).status == 2)
                #expect(try Executable.run(words + ["--expect-head", directory + "/none"]).status == 2)
                #expect(try Executable.run(["audit", "verify"]).status == 2)
                let wrong = try Executable.run(words + ["--master-key-file", directory + "/none"])
                #expect(wrong.status == 1)
                #expect(wrong.error.contains("master key"))
            }
        }
    }
#endif
