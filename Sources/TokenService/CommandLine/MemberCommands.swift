import HTTPServer
import InviteStore
import StrictJSON

/// `token-service member …`: who may sign in to the console; for the operator, or with a platform key.
enum MemberCommands {
    static let commands = [create, list, show, set, resetPassword, disable, enable, signOut]

    private static let roles = [
        CommandOption(
            "role",
            "WORKSPACE=ROLE",
            "viewer, operator or security in a workspace, by its id or slug",
            isRepeated: true
        )
    ]

    private static let create = Command(
        "member create",
        "makes somebody who may sign in to the console",
        options: CommonOptions.client + [CommandOption("email", "ADDRESS", "what they sign in with")] + roles + [
            PasswordInput.option
        ]
    ) { arguments in
        let email = try arguments.required("email")
        let password = try PasswordInput.read(arguments)
        return try await AdminClient.run(arguments, platform: true) { client in
            var writer = JSONWriter(capacity: 512)
            writer.beginObject()
            writer.member("email", email)
            writer.member("password", password)
            try await write(try roles(arguments), client, to: &writer)
            writer.endObject()
            print(try await client.send(.post, "/v1/members", body: writer.bytes), client)
            return .success
        }
    }

    private static let list = Command(
        "member list",
        "lists members, newest first; with --workspace those who have a role in it",
        options: CommonOptions.client + [CommandOption("limit", "N", "at most this many (100)")]
    ) { arguments in
        try await AdminClient.run(arguments, platform: true) { client in
            var query: [(String, String)] = []
            if let name = arguments.value("workspace") {
                query = [("workspace_id", try await client.workspaceID(name))]
            }
            Listing.print(
                try await client.list("/v1/members", query: query, limit: try Listing.limit(arguments)),
                columns: ["id", "email", "status", "roles", "created_at"],
                asJSON: client.printsJSON
            )
            return .success
        }
    }

    private static let show = Command(
        "member show",
        "shows a member and its roles",
        argument: "MEMBER",
        options: CommonOptions.client
    ) { arguments in
        let name = try named(arguments)
        return try await AdminClient.run(arguments, platform: true) { client in
            print(try await client.send(.get, try await path(name, client)), client)
            return .success
        }
    }

    private static let set = Command(
        "member set",
        "gives a member these roles and no others",
        argument: "MEMBER",
        options: CommonOptions.client + roles + [CommandOption("no-roles", nil, "takes all roles away")]
    ) { arguments in
        let name = try named(arguments)
        let roles = try roles(arguments)
        guard roles.isEmpty == arguments.has("no-roles") else {
            throw UsageError("name every role with --role, or give --no-roles")
        }
        return try await AdminClient.run(arguments, platform: true) { client in
            var writer = JSONWriter(capacity: 512)
            writer.beginObject()
            try await write(roles, client, to: &writer)
            writer.endObject()
            print(try await client.send(.patch, try await path(name, client), body: writer.bytes), client)
            return .success
        }
    }

    private static let resetPassword = Command(
        "member reset-password",
        "gives a member a new password and ends its sessions",
        argument: "MEMBER",
        options: CommonOptions.client + [PasswordInput.option]
    ) { arguments in
        let name = try named(arguments)
        let password = try PasswordInput.read(arguments)
        return try await change(name, arguments) { $0.member("password", password) }
    }

    private static let disable = Command(
        "member disable",
        "keeps a member from signing in and ends its sessions",
        argument: "MEMBER",
        options: CommonOptions.client
    ) { arguments in
        try await change(try named(arguments), arguments) { $0.member("disabled", true) }
    }

    private static let enable = Command(
        "member enable",
        "lets a disabled member sign in again",
        argument: "MEMBER",
        options: CommonOptions.client
    ) { arguments in
        try await change(try named(arguments), arguments) { $0.member("disabled", false) }
    }

    private static let signOut = Command(
        "member sign-out",
        "ends all sessions of a member",
        argument: "MEMBER",
        options: CommonOptions.client
    ) { arguments in
        try await change(try named(arguments), arguments) { $0.member("end_sessions", true) }
    }

    private static func change(
        _ name: String,
        _ arguments: Arguments,
        _ body: (inout JSONWriter) -> Void
    ) async throws -> ExitCode {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        body(&writer)
        writer.endObject()
        let bytes = writer.bytes
        return try await AdminClient.run(arguments, platform: true) { client in
            print(try await client.send(.patch, try await path(name, client), body: bytes), client)
            return .success
        }
    }

    private static func named(_ arguments: Arguments) throws(UsageError) -> String {
        guard let name = arguments.positional.first else {
            throw UsageError("which member? Give an id (mem_…) or an e-mail address")
        }
        return name
    }

    /// The path of a member that was named by id or by address.
    private static func path(_ name: String, _ client: AdminClient) async throws -> String {
        if TypeID.parse(.member, name) != nil { return "/v1/members/" + name }
        let found = try await client.send(.get, "/v1/members?email=" + PercentEncoding.encode(name))
        guard let id = found.json?["data"]?.elements.first?["id"]?.string else {
            Console.error("token-service: there is no member \(name)")
            throw ExitCode.notFound
        }
        return "/v1/members/" + id
    }

    private static func roles(_ arguments: Arguments) throws(UsageError) -> [(workspace: String, role: String)] {
        var roles: [(workspace: String, role: String)] = []
        for text in arguments.all("role") {
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { throw UsageError("--role must be such as acme=viewer") }
            roles.append((String(parts[0]), String(parts[1])))
        }
        return roles
    }

    private static func write(
        _ roles: [(workspace: String, role: String)],
        _ client: AdminClient,
        to writer: inout JSONWriter
    ) async throws {
        writer.name("roles")
        writer.beginArray()
        for (workspace, role) in roles {
            let id = try await client.workspaceID(workspace)
            writer.beginObject()
            writer.member("workspace_id", id)
            writer.member("role", role)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func print(_ answer: AdminAnswer, _ client: AdminClient) {
        guard !client.printsJSON, let member = answer.json else {
            return Console.print(String(decoding: answer.body, as: UTF8.self))
        }
        for field in ["id", "email", "status", "created_at", "password_changed_at"] {
            Console.print(field.padded(to: 24) + (member[field]?.string ?? ""))
        }
        for role in member["roles"]?.elements ?? [] {
            Console.print(
                "role".padded(to: 24) + (role["role"]?.string ?? "") + " in " + (role["workspace_id"]?.string ?? "")
            )
        }
    }
}
