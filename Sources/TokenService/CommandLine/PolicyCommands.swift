import HTTPServer
import Platform
import StrictJSON

/// `token-service policy …`.
enum PolicyCommands {
    static let commands = [show, set, remove, explain, simulate, history, revert]

    private static let place = [
        CommandOption(
            "layer",
            "deployment|workspace|campaign|key",
            "whose policy (workspace, or what the next two name)"
        ),
        CommandOption("campaign", "ID", "the campaign's policy"),
        CommandOption("key", "KEY_ID", "the API key's policy"),
    ]

    private static let show = Command(
        "policy show",
        "prints the policy of one layer",
        options: CommonOptions.client + place
    ) { arguments in
        let place = try PolicyTarget(arguments)
        return try await AdminClient.run(arguments) { client in
            let answer = try await client.send(.get, place.path)
            client.printsJSON ? Console.print(answer.text) : PolicyTables.policy(answer.json)
            return .success
        }
    }

    private static let set = Command(
        "policy set",
        "changes the policy of one layer: the named rules, or all of it with --file",
        options: CommonOptions.client + place + PolicyEdit.options + [
            CommandOption("file", "FILE", "a whole policy as JSON (- for standard input), in place of the one before"),
            CommandOption("if-version", "N", "only where the policy has this version (0 for none)"),
        ]
    ) { arguments in
        let place = try PolicyTarget(arguments, changes: true)
        let edit = try PolicyEdit(arguments)
        let file = try arguments.value("file").map { path throws(UsageError) in try PolicyFile.read(path) }
        guard (file == nil) != edit.isEmpty else {
            throw UsageError("say what to set: --file, or rules such as --kind invite --max 1h, but not both")
        }
        if let text = arguments.value("if-version"), Int64(text) == nil {
            throw UsageError("--if-version must be a number")
        }
        return try await AdminClient.run(arguments) { client in
            var version = arguments.value("if-version")
            var body = file ?? []
            if file == nil {
                let newest = try await client.send(.get, place.versionsPath + "limit=1")
                let present = newest.json?["data"]?.elements.first
                version = version ?? String(present?["version"]?.integer ?? 0)
                body = try edit.applied(to: present?["policy"])
            }
            let answer = try await client.send(.put, place.changePath(ifVersion: version), body: body)
            client.printsJSON ? Console.print(answer.text) : PolicyTables.policy(answer.json)
            return .success
        }
    }

    private static let remove = Command(
        "policy remove",
        "takes the policy of a campaign or an API key away",
        options: CommonOptions.client + Array(place.dropFirst())
    ) { arguments in
        let place = try PolicyTarget(arguments, changes: true)
        guard place.isRemovable else { throw UsageError("name --campaign or --key") }
        return try await AdminClient.run(arguments) { client in
            _ = try await client.send(.delete, place.path)
            if !client.printsJSON { Console.print("removed") }
            return .success
        }
    }

    private static let explain = Command(
        "policy explain",
        "says what applies to a request, and which layer decided it",
        options: CommonOptions.client + [
            CommandOption("campaign", "ID", "requests for this campaign"),
            CommandOption("key", "KEY_ID", "requests with this API key"),
            CommandOption("kind", "invite|participant", "only the rules for this kind of token"),
        ]
    ) { arguments in
        let pairs = [
            ("campaign_id", arguments.value("campaign")), ("api_key_id", arguments.value("key")),
            ("kind", arguments.value("kind")),
        ]
        let query = pairs.compactMap { name, value in value.map { name + "=" + PercentEncoding.encode($0) } }
        let target = "/v1/policies/explain" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
        return try await AdminClient.run(arguments) { client in
            let answer = try await client.send(.get, target)
            client.printsJSON ? Console.print(answer.text) : PolicyTables.explanation(answer.json)
            return .success
        }
    }

    private static let simulate = Command(
        "policy simulate",
        "says what a policy would have refused of what was issued, and cut of what lives",
        argument: "FILE",
        options: CommonOptions.client + place + [
            CommandOption("file", "FILE", "the proposed policy as JSON (- for standard input)"),
            CommandOption("since", "DURATION|TIME", "from when on, such as 7d or 2026-11-14T00:00:00Z (7d)"),
            CommandOption("until", "TIME", "until when (now)"),
        ]
    ) { arguments in
        let place = try PolicyTarget(arguments)
        guard let path = arguments.value("file") ?? arguments.positional.first else {
            throw UsageError("name the proposed policy's file")
        }
        let policy = try PolicyFile.read(path)
        var writer = JSONWriter(capacity: 512 + policy.count)
        writer.beginObject()
        place.write(to: &writer)
        writer.member("policy", raw: policy)
        if let text = arguments.value("since") { writer.member("since", try time(text, ago: true, "since")) }
        if let text = arguments.value("until") { writer.member("until", try time(text, ago: false, "until")) }
        writer.endObject()
        return try await AdminClient.run(arguments) { client in
            let answer = try await client.send(.post, "/v1/policies/simulate", body: writer.bytes)
            client.printsJSON ? Console.print(answer.text) : PolicyTables.simulation(answer.json)
            return .success
        }
    }

    private static let history = Command(
        "policy history",
        "lists the versions of one layer's policy, newest first",
        options: CommonOptions.client + place + [CommandOption("limit", "N", "at most this many (100)")]
    ) { arguments in
        let place = try PolicyTarget(arguments)
        return try await AdminClient.run(arguments) { client in
            let versions = try await client.list(
                "/v1/policies/versions",
                query: place.query,
                limit: try Listing.limit(arguments)
            )
            let columns = ["version", "state", "created_at", "created_by", "policy"]
            Listing.print(versions, columns: columns, asJSON: client.printsJSON)
            return .success
        }
    }

    private static let revert = Command(
        "policy revert",
        "makes an earlier version of a policy the newest again",
        argument: "VERSION",
        options: CommonOptions.client + place
    ) { arguments in
        let place = try PolicyTarget(arguments, changes: true)
        guard let number = arguments.positional.first.flatMap({ Int64($0) }), number > 0 else {
            throw UsageError("which version? `policy history` lists them")
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("version", number)
        place.write(to: &writer)
        writer.endObject()
        return try await AdminClient.run(arguments) { client in
            let answer = try await client.send(.post, "/v1/policies/revert", body: writer.bytes)
            client.printsJSON ? Console.print(answer.text) : PolicyTables.policy(answer.json)
            return .success
        }
    }

    private static func time(_ text: String, ago: Bool, _ name: String) throws(UsageError) -> String {
        if RFC3339.parse(text) != nil { return text }
        guard ago, let seconds = Durations.seconds(text), seconds <= ServiceLimits.simulationSecondsMax else {
            throw UsageError("--\(name) must be an RFC 3339 time" + (ago ? ", or a duration such as 7d" : ""))
        }
        return RFC3339.text(SystemTimeSource().now().adding(seconds: -seconds))
    }
}

extension AdminAnswer {
    /// The body as text.
    fileprivate var text: String { String(decoding: body, as: UTF8.self) }
}

/// Which policy a command is about.
struct PolicyTarget {
    private enum Kind {
        case deployment
        case workspace
        case campaign(String)
        case key(String)
    }

    private let kind: Kind

    /// - Parameter changes: whether the command changes the policy, which over the network nobody may do to the deployment's.
    init(_ arguments: Arguments, changes: Bool = false) throws(UsageError) {
        let layer = arguments.value("layer")
        let campaign = arguments.value("campaign")
        let key = arguments.value("key")
        switch (layer, campaign, key) {
        case (nil, nil, nil), ("workspace", nil, nil): kind = .workspace
        case ("deployment", nil, nil):
            guard !changes || arguments.value("url") == nil else {
                throw UsageError("the deployment's policy is the operator's: use --data-dir, with the service stopped")
            }
            kind = .deployment
        case (nil, let campaign?, nil), ("campaign", let campaign?, nil): kind = .campaign(campaign)
        case (nil, nil, let key?), ("key", nil, let key?), ("api_key", nil, let key?): kind = .key(key)
        default:
            throw UsageError("--layer campaign goes with --campaign, --layer key with --key, the others with neither")
        }
    }

    var isRemovable: Bool {
        switch kind {
        case .deployment, .workspace: false
        case .campaign, .key: true
        }
    }

    /// The target of a request about the policy.
    var path: String {
        switch kind {
        case .deployment: "/v1/policies?layer=deployment"
        case .workspace: "/v1/policies"
        case .campaign(let name): "/v1/campaigns/" + PercentEncoding.encode(name) + "/policy"
        case .key(let id): "/v1/api-keys/" + PercentEncoding.encode(id) + "/policy"
        }
    }

    func changePath(ifVersion version: String?) -> String {
        guard let version else { return path }
        return path + (path.contains("?") ? "&" : "?") + "if_version=" + PercentEncoding.encode(version)
    }

    /// The parameters by which lists know it.
    var query: [(String, String)] {
        switch kind {
        case .deployment: [("layer", "deployment")]
        case .workspace: []
        case .campaign(let name): [("campaign_id", name)]
        case .key(let id): [("api_key_id", id)]
        }
    }

    /// The list of its versions, ready for another parameter.
    var versionsPath: String {
        "/v1/policies/versions?" + query.map { $0.0 + "=" + PercentEncoding.encode($0.1) + "&" }.joined()
    }

    /// Writes it as members of a request.
    func write(to writer: inout JSONWriter) {
        switch kind {
        case .deployment: writer.member("layer", "deployment")
        case .workspace: writer.member("layer", "workspace")
        case .campaign(let name):
            writer.member("layer", "campaign")
            writer.member("campaign_id", name)
        case .key(let id):
            writer.member("layer", "api_key")
            writer.member("api_key_id", id)
        }
    }
}

/// Files of at most 16 kB that hold a policy.
enum PolicyFile {
    static func read(_ path: String) throws(UsageError) -> [UInt8] {
        let bytesMax = ServiceLimits.bodyBytesMax
        let bytes =
            path == "-"
            ? StandardInput.readAll(bytesMax: bytesMax)
            : try? FileDescriptor(opening: path, flags: 0).readAll(bytesMax: bytesMax)
        guard let bytes else {
            throw UsageError("the policy file \(path) can not be read, or is over \(bytesMax) bytes")
        }
        guard (try? JSONDocument(parsing: bytes, limits: ServiceLimits.bodyJSON))?.root.kind == .object else {
            throw UsageError("the policy file \(path) holds no JSON object")
        }
        return bytes
    }
}
