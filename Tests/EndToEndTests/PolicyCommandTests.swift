import Foundation
import StrictJSON
import Testing

@Suite("The policy commands, on a directory whose service is stopped", .serialized)
struct PolicyCommandTests {
    private static func withDeployment(_ body: (String) async throws -> Void) async throws {
        try await Executable.withDirectory { directory in
            let result = try Executable.run([
                "init", "--data-dir", directory, "--issuer", "https://tokens.example.com", "--json",
            ])
            #expect(result.status == 0, "\(result.error)")
            try await body(directory)
        }
    }

    private static func json(_ result: Executable.Result) throws -> JSONValue {
        try JSONDocument(parsing: Array(result.output.utf8)).root
    }

    @Test(
        "A policy is set by file and by option, shown, explained, listed, reverted and taken away",
        .timeLimit(.minutes(1))
    )
    func life() async throws {
        try await Self.withDeployment { directory in
            func run(_ words: [String], input: String = "") throws -> Executable.Result {
                let result = try Executable.run(["policy"] + words + ["--data-dir", directory], input: input)
                #expect(result.status == 0, "\(words): \(result.error)")
                return result
            }
            let file = #"{"invite":{"max_seconds":86400},"renew_seconds":7200}"#
            let first = try Self.json(run(["set", "--file", "-", "--json"], input: file))
            #expect(first["version"]?.integer == 1)
            let second = try Self.json(run(["set", "--kind", "invite", "--max", "1h", "--json"]))
            #expect(second["policy"]?["invite"]?["max_seconds"]?.integer == 3600)
            #expect(second["policy"]?["renew_seconds"]?.integer == 7200)
            let shown = try run(["show"])
            #expect(shown.output.contains("invite.max_seconds"))
            #expect(shown.output.contains("enforced"))
            let explained = try run(["explain", "--campaign", "spring", "--kind", "invite"])
            let line = explained.output.split(separator: "\n").first { $0.hasPrefix("invite.max_seconds") }
            #expect(line?.contains("workspace v2") == true, "\(explained.output)")
            #expect(line?.contains("deployment 604800, workspace 3600") == true)
            #expect(try run(["history"]).output.split(separator: "\n").count == 3)
            #expect(try Self.json(run(["revert", "1", "--json"]))["version"]?.integer == 3)
            _ = try run(["set", "--campaign", "spring", "--max-uses", "2", "--origin", "https://a.example"])
            let campaign = try Self.json(run(["show", "--layer", "campaign", "--campaign", "spring", "--json"]))
            #expect(campaign["policy"]?["allowed_origins"]?.elements.compactMap(\.string) == ["https://a.example"])
            _ = try run(["remove", "--campaign", "spring"])
            let gone = try Executable.run(["policy", "show", "--campaign", "spring", "--data-dir", directory])
            #expect(gone.status != 0)
        }
    }

    @Test("The deployment's policy is the operator's, and what it allows is then issued", .timeLimit(.minutes(1)))
    func deployment() async throws {
        try await Self.withDeployment { directory in
            let data = ["--data-dir", directory]
            let mint = ["invite", "create", "--campaign", "spring", "--email", "ada@example.com", "--valid-for", "20d"]
            let refused = try Executable.run(mint + data)
            #expect(refused.status != 0)
            #expect(refused.error.contains("deployment policy"), "\(refused.error)")
            let set = ["policy", "set", "--layer", "deployment", "--kind", "invite", "--max", "30d"]
            let result = try Executable.run(set + data)
            #expect(result.status == 0, "\(result.error)")
            #expect(try Executable.run(mint + data).status == 0)
            let simulate = ["policy", "simulate", "--file", "-"]
            let table = try Executable.run(simulate + data, input: #"{"invite":{"max_seconds":3600}}"#)
            #expect(table.status == 0, "\(table.error)")
            #expect(table.output.contains("refused by rule"), "\(table.output)")
            let json = try Executable.run(simulate + ["--json"] + data, input: #"{"invite":{"max_seconds":3600}}"#)
            #expect(try Self.json(json)["refused"]?.integer == 1)
        }
    }

    @Test(
        "Mistakes are told, and nothing is changed",
        .timeLimit(.minutes(1)),
        arguments: [
            (["policy", "set"], "say what to set"), (["policy", "set", "--max", "1h"], "go with --kind"),
            (["policy", "set", "--kind", "session", "--max", "1h"], "--kind must be"),
            (["policy", "set", "--kind", "invite", "--max", "long"], "--max must be a duration"),
            (["policy", "set", "--origins-required", "maybe"], "must be true or false"),
            (["policy", "set", "--mode", "off"], "--mode must be"),
            (["policy", "set", "--enforce-from", "soon"], "--enforce-from must be"),
            (["policy", "set", "--file", "/nonexistent/policy.json"], "can not be read"),
            (["policy", "set", "--layer", "campaign", "--max-uses", "2"], "--layer campaign goes with --campaign"),
            (["policy", "show", "--campaign", "a", "--key", "b"], "goes with"),
            (
                ["policy", "set", "--layer", "deployment", "--max-uses", "2", "--url", "http://127.0.0.1:1"],
                "the operator's"
            ),
            (["policy", "simulate"], "file"), (["policy", "revert"], "which version"),
            (["policy", "remove"], "name --campaign or --key"), (["policy"], "policy needs one of"),
            (["policy", "simulate", "--file", "/dev/null"], "holds no JSON object"),
        ]
    )
    func mistakes(words: [String], message: String) throws {
        let result = try Executable.run(words)
        #expect(result.status != 0)
        #expect(result.error.contains(message), "\(result.error)")
    }

    @Test(
        "Every policy command has its help",
        arguments: ["show", "set", "remove", "explain", "simulate", "history", "revert"]
    )
    func help(name: String) throws {
        let result = try Executable.run(["policy", name, "--help"])
        #expect(result.status == 0)
        #expect(result.output.contains("usage: token-service policy \(name)"))
    }
}
