import HTTPServer
import InviteStore
import StrictJSON

/// `token-service workspace …`: for the operator, or with a platform key.
enum WorkspaceCommands {
    static let commands = [create, list, show, set]

    /// The options of `create` and `set` that stand for settings.
    private static let settings = [
        CommandOption("plan", "free|pro|enterprise", "what limits follow from"),
        CommandOption("prefix-live", "PREFIX", "how its live keys begin, such as ir_live_"),
        CommandOption("prefix-test", "PREFIX", "how its test keys begin, such as ir_test_"),
        CommandOption("scope-rule", "frozen|narrow_only|free", "how the scopes of a key may change"),
        CommandOption("custom-resource", "NAME", "a resource of a sister service", isRepeated: true),
        CommandOption("no-custom-resources", nil, "forgets those registered"),
        CommandOption("requests-per-minute", "N|plan", "its own limit for each key, or the plan's"),
        CommandOption("minting", "allowed|forbidden", "whether it may mint; forbidden answers 402"),
        CommandOption("rate-limit-status", "429|403", "what a key over its limit is answered"),
        CommandOption("origin", "ORIGIN", "an origin that its widgets may stand on", isRepeated: true),
        CommandOption("no-origins", nil, "lets its widgets stand on any origin"),
    ]

    private static let create = Command(
        "workspace create",
        "makes a workspace, without keys",
        options: CommonOptions.client + [
            CommandOption("name", "NAME", "what people call it"),
            CommandOption("slug", "SLUG", "its name in addresses: a-z 0-9 -"),
        ] + settings
    ) { arguments in
        _ = try arguments.required("name")
        _ = try arguments.required("slug")
        let body = try body(arguments)
        return try await AdminClient.run(arguments, platform: true) { client in
            let answer = try await client.send(.post, "/v1/workspaces", body: body)
            print(answer, client)
            return .success
        }
    }

    private static let list = Command(
        "workspace list",
        "lists workspaces, newest first",
        options: CommonOptions.client + [CommandOption("limit", "N", "at most this many (100)")]
    ) { arguments in
        try await AdminClient.run(arguments, platform: true) { client in
            let limit = try Listing.limit(arguments)
            Listing.print(
                try await client.list("/v1/workspaces", query: [], limit: limit),
                columns: ["id", "slug", "name", "plan", "created_at"],
                asJSON: client.printsJSON
            )
            return .success
        }
    }

    private static let show = Command(
        "workspace show",
        "shows a workspace with its settings and limits",
        argument: "WORKSPACE",
        options: CommonOptions.client
    ) { arguments in
        let name = try named(arguments)
        return try await AdminClient.run(arguments, platform: true) { client in
            let id = try await client.workspaceID(name)
            print(try await client.send(.get, "/v1/workspaces/" + PercentEncoding.encode(id)), client)
            return .success
        }
    }

    private static let set = Command(
        "workspace set",
        "changes a workspace: what is not named stays",
        argument: "WORKSPACE",
        options: CommonOptions.client + [
            CommandOption("name", "NAME", "what people call it"),
            CommandOption("slug", "SLUG", "its name in addresses: a-z 0-9 -"),
        ] + settings
    ) { arguments in
        let name = try named(arguments)
        let body = try body(arguments)
        return try await AdminClient.run(arguments, platform: true) { client in
            let id = try await client.workspaceID(name)
            print(try await client.send(.patch, "/v1/workspaces/" + PercentEncoding.encode(id), body: body), client)
            return .success
        }
    }

    private static func named(_ arguments: Arguments) throws(UsageError) -> String {
        guard let name = arguments.positional.first else {
            throw UsageError("which workspace? Give its id (ws_…) or its slug")
        }
        return name
    }

    /// The request's body; the service says what is wrong with a value.
    private static func body(_ arguments: Arguments) throws(UsageError) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        if let name = arguments.value("name") { writer.member("name", name) }
        if let slug = arguments.value("slug") { writer.member("slug", slug) }
        if let plan = arguments.value("plan") { writer.member("plan", plan) }
        writer.name("settings")
        writer.beginObject()
        writePrefixes(arguments, to: &writer)
        if let rule = arguments.value("scope-rule") { writer.member("scope_rule", rule) }
        try write("custom_resources", "custom-resource", none: "no-custom-resources", arguments, to: &writer)
        try write("allowed_origins", "origin", none: "no-origins", arguments, to: &writer)
        if let text = arguments.value("requests-per-minute") {
            writer.member("requests_per_minute", text == "plan" ? nil : try number("requests-per-minute", text))
        }
        if let text = arguments.value("minting") {
            guard text == "allowed" || text == "forbidden" else {
                throw UsageError("--minting must be allowed or forbidden")
            }
            writer.member("minting_allowed", text == "allowed")
        }
        if let text = arguments.value("rate-limit-status") {
            writer.member("rate_limit_status", try number("rate-limit-status", text))
        }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private static func writePrefixes(_ arguments: Arguments, to writer: inout JSONWriter) {
        let prefixes = [("live", arguments.value("prefix-live")), ("test", arguments.value("prefix-test"))]
        guard prefixes.contains(where: { $0.1 != nil }) else { return }
        writer.name("key_prefixes")
        writer.beginObject()
        for (name, prefix) in prefixes {
            guard let prefix else { continue }
            writer.name(name)
            writer.string(prefix)
        }
        writer.endObject()
    }

    private static func write(
        _ member: StaticString,
        _ option: String,
        none: String,
        _ arguments: Arguments,
        to writer: inout JSONWriter
    ) throws(UsageError) {
        guard !(arguments.has(option) && arguments.has(none)) else {
            throw UsageError("--\(option) and --\(none) exclude each other")
        }
        if arguments.has(option) { writer.member(member, arguments.all(option)) }
        if arguments.has(none) { writer.member(member, [String]()) }
    }

    private static func number(_ option: String, _ text: String) throws(UsageError) -> Int64 {
        guard let number = Int64(text) else { throw UsageError("--\(option) must be a whole number") }
        return number
    }

    private static func print(_ answer: AdminAnswer, _ client: AdminClient) {
        if client.printsJSON {
            Console.print(String(decoding: answer.body, as: UTF8.self))
            return
        }
        guard let workspace = answer.json else { return }
        for member in workspace.members where member.value.kind != .object { line(member.name, member.value) }
        for group in ["settings", "limits"] {
            Console.print(group)
            for member in workspace[group]?.members ?? [] { line("  " + member.name, member.value) }
        }
    }

    private static func line(_ name: String, _ value: JSONValue) {
        Console.print(name.padded(to: 24) + (value.string ?? String(decoding: JSONText.bytes(value), as: UTF8.self)))
    }
}
