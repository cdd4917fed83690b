import HTTPServer
import StrictJSON

/// `token-service invite …`.
enum InviteCommands {
    static let commands = [create, list, revoke]

    private static let create = Command(
        "invite create",
        "mints an invite and prints its token, once",
        options: CommonOptions.client + [
            CommandOption("campaign", "ID", "the campaign"),
            CommandOption("email", "ADDRESS", "the participant"),
            CommandOption("valid-for", "DURATION", "how long it may be redeemed, such as 15m (the policy's default)"),
            CommandOption("uses", "N", "how often it may be redeemed (1)"),
            CommandOption("origin", "ORIGIN", "an origin that may redeem it", isRepeated: true),
            CommandOption("metadata", "NAME=VALUE", "a pair of your own", isRepeated: true),
            CommandOption("token-only", nil, "prints the token alone"),
        ]
    ) { arguments in
        let body = try body(arguments)
        guard !(arguments.has("token-only") && arguments.has("json")) else {
            throw UsageError("--token-only and --json exclude each other")
        }
        return try await AdminClient.run(arguments) { client in
            let answer = try await client.send(.post, "/v1/invites", body: body)
            let token = answer.json?["invite_token"]?.string ?? ""
            if client.printsJSON {
                Console.print(String(decoding: answer.body, as: UTF8.self))
            } else if arguments.has("token-only") {
                Console.print(token)
            } else {
                Console.print("invite id   \(answer.json?["id"]?.string ?? "")")
                Console.print("expires at  \(answer.json?["expires_at"]?.string ?? "")")
                Console.print("token       \(token)")
            }
            return .success
        }
    }

    private static func body(_ arguments: Arguments) throws(UsageError) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("campaign_id", try arguments.required("campaign"))
        writer.member("participant_email", try arguments.required("email"))
        if let text = arguments.value("valid-for") {
            guard let seconds = Durations.seconds(text) else {
                throw UsageError("--valid-for must be a duration such as 15m or 24h")
            }
            writer.member("expires_in", seconds)
        }
        if let text = arguments.value("uses") {
            guard let uses = Int(text) else { throw UsageError("--uses must be a whole number") }
            writer.member("max_uses", uses)
        }
        if arguments.has("origin") { writer.member("allowed_origins", arguments.all("origin")) }
        if arguments.has("metadata") {
            writer.name("metadata")
            writer.beginObject()
            for pair in arguments.all("metadata") {
                guard let equals = pair.firstIndex(of: "=") else { throw UsageError("--metadata must be NAME=VALUE") }
                writer.name(String(pair[..<equals]))
                writer.string(String(pair[pair.index(after: equals)...]))
            }
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes
    }

    private static let list = Command(
        "invite list",
        "lists invites, newest first",
        options: CommonOptions.client + [
            CommandOption("campaign", "ID", "only of this campaign"),
            CommandOption("email", "ADDRESS", "only of this participant"),
            CommandOption("status", "STATUS", "only pending, redeemed, expired or revoked ones"),
            CommandOption("limit", "N", "at most this many (100)"),
        ]
    ) { arguments in
        try await AdminClient.run(arguments) { client in
            var query: [(String, String)] = []
            if let campaign = arguments.value("campaign") { query.append(("campaign_id", campaign)) }
            if let email = arguments.value("email") { query.append(("participant_email", email)) }
            if let status = arguments.value("status") { query.append(("status", status)) }
            let invites = try await client.list("/v1/invites", query: query, limit: try Listing.limit(arguments))
            Listing.print(
                invites,
                columns: ["id", "campaign_id", "participant_email", "status", "uses", "max_uses", "expires_at"],
                asJSON: client.printsJSON
            )
            return .success
        }
    }

    private static let revoke = Command(
        "invite revoke",
        "ends an invite and everything that came of it",
        argument: "INVITE_ID",
        options: CommonOptions.client
    ) { arguments in
        guard let id = arguments.positional.first else { throw UsageError("which invite? Give its id (inv_…)") }
        return try await AdminClient.run(arguments) { client in
            _ = try await client.send(.delete, "/v1/invites/" + PercentEncoding.encode(id))
            if !client.printsJSON { Console.print("revoked \(id)") }
            return .success
        }
    }
}
