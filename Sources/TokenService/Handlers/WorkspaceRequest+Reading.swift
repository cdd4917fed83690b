import HTTPServer
import InviteStore
import StrictJSON

/// What a request says about a workspace; what it leaves open is nil.
struct WorkspaceRequest {
    var name: String?
    var slug: String?
    var plan: Plan?
    /// The members of `settings`; nil where there are none.
    var settings: JSONValue?

    /// Reads the body of a request, all but the members of `settings`.
    init(_ request: HTTPRequest) throws(Problem) {
        var body = try BodyReader(request)
        try body.refuseNull(["name", "slug", "plan", "settings"])
        name = try Self.name(&body)
        slug = try Self.slug(&body)
        plan = try Self.plan(&body)
        settings = try body.object("settings")
        try body.finish()
    }

    /// The workspace as it is after the request.
    ///
    /// - Throws: ``Problem``, or ``StoreError`` where its settings can not be read: what nobody understands is not changed.
    func applied(to record: WorkspaceRecord) throws -> WorkspaceRecord {
        var changed = record
        if let name { changed.name = name }
        if let slug { changed.slug = slug }
        if let plan { changed.plan = plan }
        var merged = try WorkspaceSettings(changed)
        if let settings { try merged.merge(BodyReader(settings, path: "settings.")) }
        changed.settings = merged.json
        return changed
    }

    private static func name(_ body: inout BodyReader) throws(Problem) -> String? {
        guard let name = try body.string("name", charactersMax: ServiceLimits.workspaceNameCharactersMax) else {
            return nil
        }
        guard !name.isEmpty, name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw .invalid(
                "name",
                "name must have 1 to \(ServiceLimits.workspaceNameCharactersMax) characters and no control characters."
            )
        }
        return name
    }

    private static func slug(_ body: inout BodyReader) throws(Problem) -> String? {
        guard let slug = try body.string("slug", charactersMax: ServiceLimits.slugCharactersMax) else { return nil }
        guard isSlug(slug) else {
            throw .invalid(
                "slug",
                "slug must be 1 to \(ServiceLimits.slugCharactersMax) of the characters a-z 0-9 - and begin and end "
                    + "with a letter or digit."
            )
        }
        return slug
    }

    /// True for 1 to 64 of `a-z 0-9 -` that neither begin nor end with a hyphen.
    static func isSlug(_ text: String) -> Bool {
        let hyphen = UInt8(ascii: "-")
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= ServiceLimits.slugCharactersMax, first != hyphen,
            bytes.last != hyphen
        else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), hyphen: true
            default: false
            }
        }
    }

    private static func plan(_ body: inout BodyReader) throws(Problem) -> Plan? {
        guard let text = try body.string("plan", charactersMax: 20) else { return nil }
        guard let plan = Plan(rawValue: text) else {
            throw .invalid("plan", "plan must be one of \(Plan.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return plan
    }
}

// MARK: - Settings

extension WorkspaceSettings {
    /// Takes over the members that stand in the body; one that is null goes back to what holds where nothing is set.
    fileprivate mutating func merge(_ members: BodyReader) throws(Problem) {
        var body = members
        if body.isGiven("key_prefixes") { try mergePrefixes(&body) }
        if body.isGiven("scope_rule") { scopeRule = try Self.scopeRule(&body) ?? .free }
        if body.isGiven("custom_resources") { customResources = try Self.customResources(&body) ?? [] }
        if body.isGiven("requests_per_minute") {
            let limit = try body.integer("requests_per_minute", in: ServiceLimits.requestsPerMinute)
            ownRequestsPerMinute = limit.map { Int($0) }
        }
        if body.isGiven("minting_allowed") { mintingAllowed = try body.boolean("minting_allowed") ?? true }
        if body.isGiven("rate_limit_status") { rateLimitIsForbidden = try Self.isForbidden(&body) }
        if body.isGiven("allowed_origins") {
            allowedOrigins = try Services.origins(&body) ?? []
        }
        try body.finish()
    }

    private mutating func mergePrefixes(_ body: inout BodyReader) throws(Problem) {
        guard let value = try body.object("key_prefixes") else {
            keyPrefixes = [:]
            return
        }
        var prefixes = BodyReader(value, path: body.place("key_prefixes."))
        for environment in DeploymentEnvironment.allCases where prefixes.isGiven(environment.rawValue) {
            let name = environment.rawValue
            let text = try prefixes.string(name, charactersMax: APIKeySecret.prefixCharactersMax)
            if let text, !APIKeySecret.isPrefix(Array(text.utf8)[...]) {
                throw .invalid(
                    name,
                    "\(prefixes.place(name)) must be 1 to \(APIKeySecret.prefixCharactersMax) of the characters "
                        + "a-z 0-9 _, begin with a letter and end with _, such as ir_\(name)_."
                )
            }
            keyPrefixes[environment] = text
        }
        try prefixes.finish()
    }

    private static func scopeRule(_ body: inout BodyReader) throws(Problem) -> ScopeRule? {
        guard let text = try body.string("scope_rule", charactersMax: 20) else { return nil }
        guard let rule = ScopeRule(rawValue: text) else {
            let names = ScopeRule.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("scope_rule", "\(body.place("scope_rule")) must be one of \(names).")
        }
        return rule
    }

    /// Resources whose scopes can be told from the service's own and from the words for actions.
    private static func customResources(_ body: inout BodyReader) throws(Problem) -> [String]? {
        let name = "custom_resources"
        let texts = try body.strings(name, countMax: ServiceLimits.customResourcesMax, charactersMax: 40)
        guard let texts else { return nil }
        var resources: Set<String> = []
        for (index, text) in texts.enumerated() {
            let place = "\(body.place(name))[\(index)]"
            guard Scope(parsing: text + ":read")?.resource == text, Scope.Action(rawValue: text) == nil else {
                throw .invalid(
                    name,
                    "\(place) must be 1 to 40 of the characters a-z 0-9 _, begin with a letter, and be none of read, "
                        + "write and delete."
                )
            }
            guard !Scope.ownResources.contains(text) else {
                throw .invalid(name, "\(place): \(text) is a resource of this service already.")
            }
            guard resources.insert(text).inserted else {
                throw .invalid(name, "\(place): \(text) stands in the list twice.")
            }
        }
        return resources.sorted()
    }

    private static func isForbidden(_ body: inout BodyReader) throws(Problem) -> Bool {
        switch try body.integer("rate_limit_status", in: 403...429) {
        case nil, 429: return false
        case 403: return true
        default: throw .invalid("rate_limit_status", "\(body.place("rate_limit_status")) must be 429 or 403.")
        }
    }
}
