import Foundation
import Glibc
import StrictJSON
import TestSupport
import Testing

@Suite("The executable", .serialized)
struct ServiceProcessTests {
    /// Sets a directory up and gives the key's secret.
    private static func setUp(_ directory: String, _ more: [String] = []) throws -> String {
        let words = ["init", "--data-dir", directory, "--issuer", "https://tokens.example.com", "--json"]
        let result = try Executable.run(words + more)
        #expect(result.status == 0, "\(result.error)")
        let root = try JSONDocument(parsing: Array(result.output.utf8)).root
        #expect(root["workspace_id"]?.string?.hasPrefix("ws_") == true)
        #expect(root["environment"]?.string == "test")
        #expect(root["api_key"]?["id"]?.string?.hasPrefix("key_") == true)
        #expect(root.members.map(\.name) == ["workspace_id", "environment", "api_key"])
        return try #require(root["api_key"]?["secret"]?.string)
    }

    /// The port after the last colon of an address in the line that says the service is ready.
    private static func ports(_ line: String) throws -> (UInt16, UInt16) {
        let ports = line.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\n" })
            .compactMap {
                $0.lastIndex(of: ":").flatMap { colon in
                    UInt16(line[line.index(after: colon)...].prefix { $0.isNumber })
                }
            }
        return (try #require(ports.first), try #require(ports.last))
    }

    @Test("From an empty directory to a validated widget request, and out with 0", .timeLimit(.minutes(1)))
    func mainJob() async throws {
        try await Executable.withDirectory { directory in
            let key = try Self.setUp(directory, ["--environment", "test"])
            let words = ["serve", "--data-dir", directory, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]
            let service = try Executable.start(words)
            let line = String(decoding: try service.output.read(), as: UTF8.self)
            let (port, admin) = try Self.ports(line)
            #expect(port != admin)
            let minted = try RawClient.send(
                port,
                "POST",
                "/v1/invites",
                body: #"{"campaign_id":"camp","participant_email":"user@example.com"}"#,
                authorization: key
            )
            #expect(minted.status == 201)
            let invite = try #require(minted["invite_token"])
            let body = #"{"invite_token":"\#(invite)"}"#
            let opened = try RawClient.send(port, "POST", "/v1/widget/sessions", body: body)
            #expect(opened.status == 201)
            let token = try #require(opened["participant_token"])
            let read = try RawClient.send(port, "GET", "/v1/widget/session", authorization: token)
            #expect(read.status == 200)
            #expect(read["participant_email"] == "user@example.com")
            #expect(try RawClient.send(port, "POST", "/v1/widget/sessions", body: body).status == 409)
            #expect(try RawClient.send(port, "GET", "/readyz").status == 200)
            #expect(try RawClient.send(admin, "GET", "/readyz").status == 200)
            let metrics = try RawClient.send(admin, "GET", "/metrics")
            #expect(metrics.status == 200)
            #expect(try RawClient.send(port, "GET", "/metrics").status == 404)
            service.process.send(SIGTERM)
            #expect(service.process.wait() == .exit(0))
        }
    }

    @Test("A directory is set up once, and is its owner's alone")
    func initTwice() async throws {
        try await Executable.withDirectory { directory in
            _ = try Self.setUp(directory, ["--environment", "test"])
            let files = FileManager.default
            #expect(try files.attributesOfItem(atPath: directory)[.posixPermissions] as? Int == 0o700)
            let master = directory + "/master.key"
            #expect(try files.attributesOfItem(atPath: master)[.posixPermissions] as? Int == 0o600)
            let before = try String(contentsOfFile: master, encoding: .utf8)
            let words = ["init", "--data-dir", directory, "--issuer", "https://tokens.example.com", "--json"]
            let again = try Executable.run(words)
            #expect(again.status != 0)
            #expect(again.output.isEmpty)
            #expect(!again.error.isEmpty)
            #expect(try String(contentsOfFile: master, encoding: .utf8) == before)
        }
    }

    @Test("A service does not start without its set-up or with another master key")
    func refusedStart() async throws {
        try await Executable.withDirectory { directory in
            let words = [
                "serve", "--data-dir", directory, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
            ]
            #expect(try Executable.run(words).status != 0)
            _ = try Self.setUp(directory, ["--environment", "test"])
            let other = directory + "-other"
            defer { try? FileManager.default.removeItem(atPath: other) }
            _ = try Self.setUp(other, ["--environment", "test"])
            let wrong = try Executable.run(words + ["--master-key-file", other + "/master.key"])
            #expect(wrong.status != 0)
            #expect(wrong.error.contains("master key"))
        }
    }

    @Test(
        "A call that is wrong ends with 2 and a sentence",
        arguments: [
            [], ["nonsense"], ["init"], ["serve", "--nonsense", "1"], ["key"], ["init", "--data-dir"],
            ["init", "--data-dir", "/nonexistent/x", "--issuer", "http://example.com"],
        ]
    )
    func usage(words: [String]) throws {
        let result = try Executable.run(words)
        #expect(result.status == 2, "\(result.error)")
        #expect(result.output.isEmpty)
        #expect(result.error.hasPrefix("token-service: "))
    }

    @Test(
        "Help and version answer on standard output",
        arguments: [["--help"], ["help"], ["init", "--help"], ["version"]]
    )
    func help(words: [String]) throws {
        let result = try Executable.run(words)
        #expect(result.status == 0)
        #expect(result.output.contains("token-service"))
        #expect(result.error.isEmpty)
    }

    @Test("jose-check answers a line for a line")
    func joseCheck() throws {
        // RFC 8037 appendix A.4, and the same with its last character changed.
        let jwks =
            #"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#
        let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        let broken = "A" + signature.dropFirst()
        let lines = [("one", signed + signature), ("two", signed + broken)].map { id, token in
            #"{"id":"\#(id)","kind":"jws","jwks":\#(jwks),"token":"\#(token)"}"#
        }
        let result = try Executable.run(["jose-check"], input: lines.joined(separator: "\n") + "\n")
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output == "{\"id\":\"one\",\"ok\":true}\n{\"id\":\"two\",\"ok\":false}\n")
    }
}
