import HTTPServer
import InviteStore
import Platform
import StrictJSON

/// `token-service key …`.
enum KeyCommands {
    static let commands = [create, list, revoke]

    private static let create = Command(
        "key create",
        "makes an API key and prints its secret, once",
        options: CommonOptions.client + [
            CommandOption("name", "NAME", "what the key is for"),
            CommandOption("scope", "SCOPE", "a permission such as invites:write", isRepeated: true),
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
        guard !scopes.isEmpty else { throw UsageError("--scope is required, once for each permission") }
        writer.member("scopes", scopes)
        if let kind = arguments.value("kind") { writer.member("kind", kind) }
        if let text = arguments.value("expires") { writer.member("expires_at", try expiry(text)) }
        if arguments.has("ip") { writer.member("ip_allowlist", arguments.all("ip")) }
        if arguments.has("origin") { writer.member("allowed_origins", arguments.all("origin")) }
        writer.endObject()
        let isPlatform = arguments.value("kind") == "platform"
        return try await AdminClient.run(arguments, platform: isPlatform) { client in
            let answer = try await client.send(.post, "/v1/api-keys", body: writer.bytes)
            if client.printsJSON {
                Console.print(String(decoding: answer.body, as: UTF8.self))
            } else {
                Console.print("key id   \(answer.json?["id"]?.string ?? "")")
                Console.print("API key  \(answer.json?["secret"]?.string ?? "")")
                Console.print("\nStore the key in your secret manager now: it is not shown again.")
            }
            return .success
        }
    }

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
        guard let id = arguments.positional.first else { throw UsageError("which key? Give its id (key_…)") }
        return try await AdminClient.run(arguments, platform: arguments.has("platform")) { client in
            let query = arguments.has("family") ? "?family=true" : ""
            _ = try await client.send(.delete, "/v1/api-keys/" + PercentEncoding.encode(id) + query)
            if !client.printsJSON { Console.print("revoked \(id)") }
            return .success
        }
    }

    private static func expiry(_ text: String) throws(UsageError) -> String {
        if RFC3339.parse(text) != nil { return text }
        guard let seconds = Durations.seconds(text) else {
            throw UsageError("--expires must be a duration such as 90d, or an RFC 3339 time")
        }
        return RFC3339.text(SystemTimeSource().now().adding(seconds: seconds))
    }
}
