import InviteStore
import Platform

/// The fields of a key as clients send them, each read in one place.
enum APIKeyFields {
    static func name(_ body: inout BodyReader) throws(Problem) -> String {
        let name = try body.requiredString("name", charactersMax: ServiceLimits.keyNameCharactersMax)
        guard !name.isEmpty, name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw .invalid(
                "name",
                "name must have 1 to \(ServiceLimits.keyNameCharactersMax) characters and no control characters."
            )
        }
        return name
    }

    /// A text that may be a key; printable ASCII, since no key has anything else.
    static func presented(_ body: inout BodyReader, charactersMax: Int) throws(Problem) -> String {
        let text = try body.requiredString("key", charactersMax: charactersMax)
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw .invalid("key", "key must be of printable ASCII characters.")
        }
        return text
    }

    /// The scopes in any of their spellings; nil where the member is absent.
    static func scopes(
        _ body: inout BodyReader,
        customResources: [String]
    ) throws(Problem) -> Set<Scope>? {
        guard
            let texts = try body.strings(
                "scopes",
                countMax: ServiceLimits.keyScopesMax,
                charactersMax: Scope.charactersMax
            )
        else { return nil }
        guard !texts.isEmpty else {
            throw .invalid("scopes", "scopes must be a list of 1 to \(ServiceLimits.keyScopesMax) scopes.")
        }
        let known = Scope.ownResources.union(customResources)
        var scopes: Set<Scope> = []
        for (index, text) in texts.enumerated() {
            guard let scope = Scope(parsing: text), known.contains(scope.resource) else {
                throw .invalid(
                    "scopes",
                    "scopes[\(index)]: a scope is resource:action, with resource one of "
                        + known.sorted().joined(separator: ", ") + " and action read, write or delete."
                )
            }
            scopes.insert(scope)
        }
        return scopes
    }

    static func preset(_ body: inout BodyReader) throws(Problem) -> ScopePreset? {
        guard let text = try body.string("preset", charactersMax: 40) else { return nil }
        guard let preset = ScopePreset(rawValue: text) else {
            let names = ScopePreset.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("preset", "preset must be one of \(names).")
        }
        return preset
    }

    /// The kind asked for; only the operator makes platform keys, and makes no others for the deployment itself.
    static func kind(
        _ body: inout BodyReader,
        in tenant: Tenant,
        isOperator: Bool
    ) throws(Problem) -> APIKeyKind {
        let kind: APIKeyKind
        switch try body.string("kind", charactersMax: 20) {
        case nil, "standard": kind = .standard
        case "admin": kind = .admin
        case "platform": kind = .platform
        default: throw .invalid("kind", "kind must be standard or admin.")
        }
        guard (kind == .platform) == tenant.isDeployment, kind != .platform || isOperator else {
            throw Problem(.forbidden, "Platform keys are made by the operator's command line only.", param: "kind")
        }
        return kind
    }

    static func environment(_ body: inout BodyReader) throws(Problem) -> DeploymentEnvironment? {
        guard let text = try body.string("environment", charactersMax: 20) else { return nil }
        guard let environment = DeploymentEnvironment(rawValue: text) else {
            throw .invalid("environment", "environment must be live or test.")
        }
        return environment
    }

    static func expiry(_ body: inout BodyReader, now: UnixTime) throws(Problem) -> UnixTime? {
        let end = try body.time("expires_at")
        if let end, end <= now { throw .invalid("expires_at", "expires_at must be in the future.") }
        return end
    }

    static func networks(_ body: inout BodyReader) throws(Problem) -> [String]? {
        let texts = try body.strings("ip_allowlist", countMax: ServiceLimits.ipAllowlistMax, charactersMax: 64)
        return try texts?.enumerated().map { index, text throws(Problem) in
            guard let network = IPNetwork(parsing: text) else {
                throw .invalid(
                    "ip_allowlist",
                    "ip_allowlist[\(index)]: an entry is an IPv4 or IPv6 address or a CIDR block without host bits, "
                        + "such as 203.0.113.0/24."
                )
            }
            return network.description
        }
    }

    /// Refuses a scope that the kind of key must not hold.
    static func check(_ scopes: Set<Scope>, on kind: APIKeyKind) throws(Problem) {
        guard kind == .standard, let scope = scopes.sorted().first(where: \.needsAdmin) else { return }
        throw .invalid("scopes", "\(scope.text) can only stand on a key of kind admin.")
    }
}
