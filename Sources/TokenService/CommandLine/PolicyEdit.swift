import StrictJSON

/// The rules that `policy set` changes by options.
struct PolicyEdit {
    static let options = [
        CommandOption("kind", "invite|participant", "which lifetime the next three are of"),
        CommandOption("min", "DURATION", "the shortest lifetime, such as 1m"),
        CommandOption("default", "DURATION", "the lifetime where none is asked for"),
        CommandOption("max", "DURATION", "the longest lifetime"),
        CommandOption("renew", "DURATION", "how long after its opening a session may renew"),
        CommandOption("max-uses", "N", "the most uses of one invite"),
        CommandOption("origin", "ORIGIN", "an origin that widgets may stand on", isRepeated: true),
        CommandOption("origins-required", "true|false", "whether every request must name its origin"),
        CommandOption("email-in-token", "true|false", "whether tokens carry the address"),
        CommandOption("bound-tokens-required", "true|false", "whether tokens must be bound to a key"),
        CommandOption("mode", "enforced|shadow", "whether it binds, or is only watched"),
        CommandOption("enforce-from", "TIME", "the instant from which it binds (RFC 3339)"),
    ]

    private let arguments: Arguments
    private let kind: String?
    private let bounds: (min: Int64?, default: Int64?, max: Int64?)
    private let renewSeconds: Int64?

    init(_ arguments: Arguments) throws(UsageError) {
        self.arguments = arguments
        kind = arguments.value("kind")
        bounds = (
            try Self.seconds("min", arguments), try Self.seconds("default", arguments),
            try Self.seconds("max", arguments)
        )
        renewSeconds = try Self.seconds("renew", arguments)
        let hasBounds = bounds.min != nil || bounds.default != nil || bounds.max != nil
        guard kind == nil || kind == "invite" || kind == "participant" else {
            throw UsageError("--kind must be invite or participant")
        }
        guard hasBounds == (kind != nil) else { throw UsageError("--min, --default and --max go with --kind") }
        for name in ["origins-required", "email-in-token", "bound-tokens-required"] {
            guard let text = arguments.value(name) else { continue }
            guard text == "true" || text == "false" else { throw UsageError("--\(name) must be true or false") }
        }
        if let text = arguments.value("max-uses"), Int64(text) == nil {
            throw UsageError("--max-uses must be a number")
        }
        if let text = arguments.value("enforce-from"), RFC3339.parse(text) == nil {
            throw UsageError("--enforce-from must be an RFC 3339 time such as 2026-12-01T00:00:00Z")
        }
        if let text = arguments.value("mode"), PolicyMode(rawValue: text) == nil {
            throw UsageError("--mode must be enforced or shadow")
        }
    }

    private static func seconds(_ name: String, _ arguments: Arguments) throws(UsageError) -> Int64? {
        guard let text = arguments.value(name) else { return nil }
        guard let seconds = Durations.seconds(text) else {
            throw UsageError("--\(name) must be a duration such as 15m")
        }
        return seconds
    }

    /// True where no option names a rule.
    var isEmpty: Bool { !Self.options.contains { arguments.value($0.name) != nil || arguments.has($0.name) } }

    /// The policy with the named rules changed, as JSON; `present` is what stands now.
    func applied(to present: JSONValue?) throws -> [UInt8] {
        var document = PolicyDocument()
        if let present, present.kind == .object {
            document = try PolicyDocument(reading: BodyReader(present, path: ""))
        }
        let rule = BoundsRule(min: bounds.min, default: bounds.default, max: bounds.max)
        if kind == "invite" { document.invite = rule.laid(over: document.invite) }
        if kind == "participant" { document.participant = rule.laid(over: document.participant) }
        document.renewSeconds = renewSeconds ?? document.renewSeconds
        document.maxUsesMax = arguments.value("max-uses").flatMap { Int64($0) } ?? document.maxUsesMax
        if !arguments.all("origin").isEmpty { document.allowedOrigins = arguments.all("origin") }
        document.originsRequired = boolean("origins-required") ?? document.originsRequired
        document.emailInToken = boolean("email-in-token") ?? document.emailInToken
        document.boundTokensRequired = boolean("bound-tokens-required") ?? document.boundTokensRequired
        document.mode = arguments.value("mode").flatMap(PolicyMode.init) ?? document.mode
        document.enforceFrom = arguments.value("enforce-from").flatMap(RFC3339.parse) ?? document.enforceFrom
        var writer = JSONWriter(capacity: 512)
        document.write(to: &writer)
        return writer.bytes
    }

    private func boolean(_ name: String) -> Bool? { arguments.value(name).map { $0 == "true" } }
}
