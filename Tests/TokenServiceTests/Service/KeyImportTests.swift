import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Keys imported with a bcrypt hash")
struct KeyImportTests {
    /// The key behind `hash`, which has cost 4.
    private static let secret = "sk_abcdefgh0123456789"
    private static let hash = "$2b$04$abcdefghijklmnopqrstuu67mSs1gBxW2hcIZ97sttFR/YbgxnPYi"

    private static func line(
        _ name: String = "old",
        index: String = "abcdefgh",
        hash: String = hash,
        more: String = ""
    ) -> String {
        #"{"name":"\#(name)","prefix":"sk_","index":"\#(index)","hash":"\#(hash)","scopes":["invites.read"]\#(more)}"#
    }

    private static func reader(_ service: ServiceHarness) -> KeyImport {
        KeyImport(
            tenant: Tenant(workspace: service.setup.workspace, environment: service.setup.environment),
            settings: WorkspaceSettings(plan: .enterprise),
            identifiers: service.application.services.identifiers,
            random: service.application.services.random,
            now: service.time.now()
        )
    }

    /// Imports the lines as the operator's command does, before the service starts anew.
    private static func importing(_ lines: [String]) async throws -> ServiceHarness {
        let service = try await ServiceHarness()
        let reader = reader(service)
        let keys = try lines.map { try reader.key(line: Array($0.utf8)) }
        let command = ImportAPIKeys(keys: keys, activeKeysMax: nil, now: service.time.now(), audit: [])
        #expect(try await service.store.importAPIKeys(command) == .imported)
        return try await service.restarted()
    }

    @Test("S20: an imported key works from its first use on, and the second costs nothing")
    func rehashed() async throws {
        let service = try await Self.importing([Self.line()])
        let listed = await service.admin(.get, "/v1/api-keys").json?["data"]?.elements.first
        #expect(listed?["prefix"]?.string == "sk_...")
        service.faults.arm(nil)
        #expect(await service.send(.get, "/v1/invites", key: Self.secret).status == 200)
        #expect(service.faults.calls.filter { $0 == "settleImport" }.count == 1)
        service.faults.arm(nil)
        #expect(await service.send(.get, "/v1/invites", key: Self.secret).status == 200)
        #expect(service.faults.calls == ["invites"])
        let again = try await service.restarted()
        again.faults.arm(nil)
        #expect(await again.send(.get, "/v1/invites", key: Self.secret).status == 200)
        #expect(!again.faults.calls.contains("importedAPIKeys") && !again.faults.calls.contains("settleImport"))
        let settled = await again.admin(.get, "/v1/api-keys").json?["data"]?.elements.first
        #expect(settled?["prefix"]?.string == "sk_...6789")
        let events = try await again.changes().filter { $0.type == "key.rehashed" }
        #expect(events.map(\.target) == [listed?["id"]?.string])
        #expect(try await again.store.importedAPIKeys(prefix: "sk_", lead: "abcdefgh") == [])
    }

    @Test("S20: no hash and no secret of an imported key is in any answer")
    func secrecy() async throws {
        let service = try await Self.importing([Self.line()])
        #expect(await service.send(.get, "/v1/invites", key: Self.secret).status == 200)
        for path in ["/v1/api-keys", "/v1/audit-events"] {
            let text = await service.admin(.get, path).text
            #expect(!text.contains("$2b$") && !text.contains("abcdefgh0123"))
        }
    }

    @Test("What is not the imported key gets the one 401")
    func wrongKeys() async throws {
        let service = try await Self.importing([Self.line()])
        let keys = [
            "sk_abcdefgh0123456788", "sk_abcdefgh", "sk_abcdefgi0123456789", "sk_", "sl_abcdefgh0123456789",
            "sk_abcdefgh 123456789", "sk_abcdefgh" + String(repeating: "0", count: 80),
        ]
        for key in keys {
            service.faults.arm(nil)
            let answer = await service.send(.get, "/v1/invites", fields: [("x-api-key", key)])
            #expect(answer.status == 401, "\(key): \(answer.text)")
            #expect(answer.code == "unauthorized")
            #expect(!service.faults.calls.contains("settleImport"))
        }
        #expect(await service.send(.get, "/v1/invites", key: Self.secret).status == 200)
    }

    @Test("The checksum is skipped for imported prefixes only, and costs no look-up elsewhere")
    func checksums() async throws {
        let service = try await Self.importing([Self.line()])
        let made = try #require(await service.makeKey(scopes: ["invites:read"])["secret"])
        service.faults.arm(nil)
        #expect(await service.send(.get, "/v1/invites", key: String(made.dropLast()) + "!").status == 401)
        let swapped = String(made.dropLast(2)) + String(made.suffix(2).reversed())
        #expect(await service.send(.get, "/v1/invites", key: swapped).status == (swapped == made ? 200 : 401))
        #expect(service.faults.calls.allSatisfy { $0 == "invites" })
        let plain = try await ServiceHarness()
        plain.faults.arm(nil)
        #expect(await plain.send(.get, "/v1/invites", key: Self.secret).status == 401)
        #expect(plain.faults.calls.isEmpty)
    }

    @Test("Among keys that look alike the right one is found, whole index and hash")
    func alike() async throws {
        let other = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
        let lines = [
            Self.line("one", hash: other),
            Self.line("two", index: "abcdefghZ", hash: other.replacing("$2a$", with: "$2b$")),
            Self.line("three", index: "abcdefgh01"),
        ]
        let service = try await Self.importing(lines)
        let answer = await service.admin(.post, "/v1/api-keys/verify", body: #"{"key":"\#(Self.secret)"}"#)
        #expect(answer["name"] == "three", "\(answer.text)")
        #expect(answer.json?["scopes"]?.elements.compactMap(\.string) == ["invites:read"])
    }

    @Test("An imported key obeys what was imported with it, and can be suspended, rotated and ended")
    func obeys() async throws {
        let service = try await Self.importing([Self.line(more: #","ip_allowlist":["10.0.0.0/8"]"#)])
        #expect(await service.send(.get, "/v1/invites", key: Self.secret).code == "ip_not_allowed")
        let inside = try #require(IPAddress(parsing: "10.1.2.3"))
        let id = try #require(await service.admin(.get, "/v1/api-keys").json?["data"]?.elements.first?["id"]?.string)
        func status() async -> Int { await service.send(.get, "/v1/invites", key: Self.secret, from: inside).status }
        #expect(await status() == 200)
        #expect(await service.admin(.post, "/v1/api-keys/\(id)/suspend").status == 200)
        #expect(await status() == 401)
        #expect(await service.admin(.post, "/v1/api-keys/\(id)/resume").status == 200)
        let rotated = await service.admin(.post, "/v1/api-keys/\(id)/rotate")
        #expect(rotated["secret"]?.hasPrefix("ts_test_") == true)
        #expect(await status() == 200)
        let body = #"{"key":"\#(Self.secret)"}"#
        #expect(await service.send(.post, "/v1/api-keys/self-revoke", body: body).status == 204)
        #expect(await status() == 401)
    }

    @Test("A key that can not be settled now gets 503, and works later")
    func storeFails() async throws {
        let service = try await Self.importing([Self.line()])
        service.faults.arm(name: "settleImport")
        #expect(await service.send(.get, "/v1/invites", key: Self.secret).status == 503)
        service.faults.arm(nil)
        #expect(await service.send(.get, "/v1/invites", key: Self.secret).status == 200)
    }

    @Test("Many first uses at once settle the key once")
    func concurrently() async throws {
        let service = try await Self.importing([Self.line()])
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<10 {
                group.addTask { await service.send(.get, "/v1/invites", key: Self.secret).status }
            }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(statuses == [200])
        #expect(try await service.changes().filter { $0.type == "key.rehashed" }.count == 1)
    }

    @Test(
        "A line that can not be read is refused by its member",
        arguments: [
            (line("", index: "abcdefgh"), "name"), (line(index: "abcdefg"), "index"),
            (line(index: "abcd efgh"), "index"),
            (line(index: String(repeating: "a", count: 49)), "index"), (line(hash: "x"), "hash"),
            (line(hash: "$2b$13" + hash.dropFirst(6)), "hash"), (line(more: #","last4":"abc""#), "last4"),
            (line(more: #","kind":"platform""#), "kind"), (line(more: #","other":1"#), "other"),
            (line(more: #","expires_at":"2001-01-01T00:00:00Z""#), "expires_at"),
            (line().replacing("sk_", with: "SK_"), "prefix"), (line().replacing("sk_", with: "ts_live_"), "prefix"),
            (line().replacing("invites.read", with: "keys:read"), "scopes"),
            (line().replacing("invites.read", with: "jobs:read"), "scopes"),
        ]
    )
    func badLines(line: String, param: String) async throws {
        let service = try await ServiceHarness()
        let problem = #expect(throws: Problem.self) { try Self.reader(service).key(line: Array(line.utf8)) }
        #expect(problem?.param == param, "\(problem?.message ?? "")")
    }

    @Test("What is no JSON object is refused", arguments: ["", "[]", "1", "{", #"{"name":"a","name":"b"}"#])
    func noLines(line: String) async throws {
        let service = try await ServiceHarness()
        #expect(throws: Problem.self) { try Self.reader(service).key(line: Array(line.utf8)) }
    }
}
