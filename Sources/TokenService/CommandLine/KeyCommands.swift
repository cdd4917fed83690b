import HTTPServer
import InviteStore
import Platform
import StrictJSON

/// `token-service key …`.
enum KeyCommands {
    static let commands = [
        create, list, rotate, suspend, resume, revoke, KeyScanCommand.command, KeyImportCommand.command,
    ]

    private static let create = Command(
        "key create",
        "makes an API key and prints its secret, once",
        options: CommonOptions.client + [
            CommandOption("name", "NAME", "what the key is for"),
            CommandOption("scope", "SCOPE", "a permission such as invites:write", isRepeated: true),
            CommandOption("preset", presets, "a set of permissions, beside those named with --scope"),
            CommandOption("kind", "standard|admin|platform", "what it may do at all (standard)"),
            CommandOption("expires", "DURATION|TIME", "when it ends, such as 90d or 2027-01-31T00:00:00Z (never)"),
            CommandOption("ip", "CIDR", "an address block that may use it", isRepeated: true),
            CommandOption("origin", "ORIGIN", "an origin that its tokens may be used from", isRepeated: true),
        ]
    ) { arguments in
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("name", try arguments.required("name"))
        let scopes = arguments.all("scope")
        let preset = arguments.value("preset")
        guard !scopes.isEmpty || preset != nil else {
            throw UsageError("--scope is required, once for each permission, or --preset")
        }
        if !scopes.isEmpty { writer.member("scopes", scopes) }
        if let preset { writer.member("preset", preset) }
        if let kind = arguments.value("kind") { writer.member("kind", kind) }
        if let text = arguments.value("expires") { writer.member("expires_at", try instant(text, "expires")) }
        if arguments.has("ip") { writer.member("ip_allowlist", arguments.all("ip")) }
        if arguments.has("origin") { writer.member("allowed_origins", arguments.all("origin")) }
        writer.endObject()
        let isPlatform = arguments.value("kind") == "platform"
        return try await AdminClient.run(arguments, platform: isPlatform) { client in
            showSecret(try await client.send(.post, "/v1/api-keys", body: writer.bytes), client)
            return .success
        }
    }

    private static let presets = ScopePreset.allCases.map(\.rawValue).joined(separator: "|")

    private static func showSecret(_ answer: AdminAnswer, _ client: AdminClient) {
        if client.printsJSON {
            Console.print(String(decoding: answer.body, as: UTF8.self))
        } else {
            Console.print("key id   \(answer.json?["id"]?.string ?? "")")
            Console.print("API key  \(answer.json?["secret"]?.string ?? "")")
            Console.print("\nStore the key in your secret manager now: it is not shown again.")
        }
    }

    private static let rotate = Command(
        "key rotate",
        "makes a key's successor with the same settings, and gives the key its end",
        argument: "KEY_ID",
        options: CommonOptions.client + [
            CommandOption("overlap", "DURATION|TIME", "how long, or until when, the old key works too (24h)"),
            CommonOptions.platform,
        ]
    ) { arguments in
        let id = try keyID(arguments)
        var body: [UInt8]?
        if let text = arguments.value("overlap") {
            var writer = JSONWriter(capacity: 64)
            writer.beginObject()
            writer.member("overlap_until", try instant(text, "overlap"))
            writer.endObject()
            body = writer.bytes
        }
        return try await AdminClient.run(arguments, platform: arguments.has("platform")) { client in
            showSecret(try await client.send(.post, path(id) + "/rotate", body: body), client)
            return .success
        }
    }

    private static let suspend = change("suspend", "refuses an API key until it is resumed", "suspended")
    private static let resume = change("resume", "lets a suspended API key work again", "resumed")

    private static func change(_ verb: String, _ summary: String, _ done: String) -> Command {
        Command("key " + verb, summary, argument: "KEY_ID", options: CommonOptions.client + [CommonOptions.platform]) {
            arguments in
            let id = try keyID(arguments)
            return try await AdminClient.run(arguments, platform: arguments.has("platform")) { client in
                let answer = try await client.send(.post, path(id) + "/" + verb)
                Console.print(client.printsJSON ? String(decoding: answer.body, as: UTF8.self) : "\(done) \(id)")
                return .success
            }
        }
    }

    private static func keyID(_ arguments: Arguments) throws(UsageError) -> String {
        guard let id = arguments.positional.first else { throw UsageError("which key? Give its id (key_…)") }
        return id
    }

    private static func path(_ id: String) -> String { "/v1/api-keys/" + PercentEncoding.encode(id) }

    private static let list = Command(
        "key list",
        "lists API keys, newest first",
        options: CommonOptions.client + [
            CommandOption("limit", "N", "at most this many (100)"), CommonOptions.platform,
        ]
    ) { arguments in
        try await AdminClient.run(arguments, platform: arguments.has("platform")) { client in
            let keys = try await client.list("/v1/api-keys", query: [], limit: try Listing.limit(arguments))
            Listing.print(
                keys,
                columns: ["id", "name", "kind", "prefix", "status", "created_at", "expires_at", "last_used_at"],
                asJSON: client.printsJSON
            )
            return .success
        }
    }

    private static let revoke = Command(
        "key revoke",
        "ends an API key for good",
        argument: "KEY_ID",
        options: CommonOptions.client + [
            CommandOption("family", nil, "ends everything that it minted too"), CommonOptions.platform,
        ]
    ) { arguments in
        let id = try keyID(arguments)
        return try await AdminClient.run(arguments, platform: arguments.has("platform")) { client in
            let query = arguments.has("family") ? "?family=true" : ""
            _ = try await client.send(.delete, path(id) + query)
            if !client.printsJSON { Console.print("revoked \(id)") }
            return .success
        }
    }

    /// A time, or a duration from now, as a time.
    static func instant(_ text: String, _ option: String) throws(UsageError) -> String {
        if RFC3339.parse(text) != nil { return text }
        guard let seconds = Durations.seconds(text) else {
            throw UsageError("--\(option) must be a duration such as 24h or 90d, or an RFC 3339 time")
        }
        return RFC3339.text(SystemTimeSource().now().adding(seconds: seconds))
    }
}
