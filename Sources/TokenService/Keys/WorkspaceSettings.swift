package import InviteStore
import StrictJSON

/// How the scopes of a key may change after it was made.
package enum ScopeRule: String, Sendable, CaseIterable {
    /// Never: revoke the key and make another.
    case frozen
    /// Scopes may be taken away, never added.
    case narrowOnly = "narrow_only"
    case free
}

/// The settings of one workspace, read from its record.
package struct WorkspaceSettings: Equatable, Sendable {
    package var plan: Plan
    /// Requests a minute and key, where the workspace has a figure of its own; nil for the plan's.
    package var ownRequestsPerMinute: Int?
    /// Key prefixes by environment, where the workspace has its own.
    package var keyPrefixes: [DeploymentEnvironment: String]
    package var scopeRule = ScopeRule.free
    /// Resources of sister services that the workspace registered, whose scopes its keys may hold.
    package var customResources: [String] = []
    /// False answers 402 to whatever mints, and leaves the participant-facing routes alone.
    package var mintingAllowed = true
    /// True answers 403 instead of 429 to a key over its limit.
    package var rateLimitIsForbidden = false
    /// Origins that widgets of this workspace may stand on; empty for any.
    package var allowedOrigins: [String] = []

    package init(
        plan: Plan,
        requestsPerMinute: Int? = nil,
        keyPrefixes: [DeploymentEnvironment: String] = [:]
    ) {
        self.plan = plan
        self.ownRequestsPerMinute = requestsPerMinute
        self.keyPrefixes = keyPrefixes
    }

    /// Reads the stored JSON; a member that is missing, as earlier releases had fewer, is as where nothing is set.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` where anything else is not as ``json`` writes it. Most of what may be set takes
    ///   something away, so that settings which nobody understands must not be passed over.
    package init(_ record: WorkspaceRecord) throws(StoreError) {
        self.init(plan: record.plan)
        do {
            let document = try JSONDocument(parsing: record.settings)
            guard document.root.kind == .object else { throw Problem.internalError("settings are no object") }
            try read(BodyReader(document.root, path: ""))
        } catch {
            throw .corrupt("the settings of \(TypeID.text(.workspace, record.id)) can not be read")
        }
    }

    private mutating func read(_ members: BodyReader) throws(Problem) {
        var stored = members
        try stored.refuseNull([
            "requests_per_minute", "key_prefixes", "scope_rule", "custom_resources", "allowed_origins",
            "minting_allowed", "rate_limit_is_forbidden",
        ])
        let limit = try stored.integer("requests_per_minute", in: ServiceLimits.requestsPerMinute)
        ownRequestsPerMinute = limit.map { Int($0) }
        if let prefixes = try stored.object("key_prefixes") { try readPrefixes(BodyReader(prefixes, path: "")) }
        if let name = try stored.string("scope_rule", charactersMax: .max) {
            guard let rule = ScopeRule(rawValue: name) else { throw .internalError("no such scope_rule") }
            scopeRule = rule
        }
        // Their entries were judged when they were set: one that matches nothing allows nothing.
        customResources = try stored.strings("custom_resources", countMax: .max, charactersMax: .max) ?? []
        allowedOrigins = try stored.strings("allowed_origins", countMax: .max, charactersMax: .max) ?? []
        mintingAllowed = try stored.boolean("minting_allowed") ?? true
        rateLimitIsForbidden = try stored.boolean("rate_limit_is_forbidden") ?? false
        try stored.finish()
    }

    private mutating func readPrefixes(_ members: BodyReader) throws(Problem) {
        var stored = members
        for environment in DeploymentEnvironment.allCases {
            guard let prefix = try stored.string(environment.rawValue, charactersMax: .max) else { continue }
            guard APIKeySecret.isPrefix(Array(prefix.utf8)[...]) else { throw .internalError("no prefix of keys") }
            keyPrefixes[environment] = prefix
        }
        try stored.finish()
    }

    /// The stored form.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        if let ownRequestsPerMinute { writer.member("requests_per_minute", ownRequestsPerMinute) }
        writer.name("key_prefixes")
        writer.beginObject()
        for environment in DeploymentEnvironment.allCases {
            guard let prefix = keyPrefixes[environment] else { continue }
            writer.name(environment.rawValue)
            writer.string(prefix)
        }
        writer.endObject()
        writer.member("scope_rule", scopeRule.rawValue)
        writer.member("custom_resources", customResources)
        writer.member("allowed_origins", allowedOrigins)
        writer.member("minting_allowed", mintingAllowed)
        writer.member("rate_limit_is_forbidden", rateLimitIsForbidden)
        writer.endObject()
        return writer.bytes
    }
}

// MARK: - What follows from them

extension WorkspaceSettings {
    /// What holds for platform keys, which belong to no workspace and are bound by no plan.
    package static let deployment = WorkspaceSettings(plan: .enterprise)

    /// Requests a minute and key: the workspace's own figure, or the plan's.
    package var requestsPerMinute: Int { ownRequestsPerMinute ?? Self.defaultRequestsPerMinute(plan) }

    /// The prefix that new keys get.
    package func keyPrefix(_ environment: DeploymentEnvironment) -> String {
        keyPrefixes[environment] ?? APIKeySecret.defaultPrefix(environment)
    }

    /// The most keys of one environment that are neither revoked nor expired; nil for no limit.
    package var activeKeysMax: Int? {
        switch plan {
        case .free: 10
        case .pro: 25
        case .enterprise: nil
        }
    }

    /// What a plan gives where the workspace has no figure of its own.
    package static func defaultRequestsPerMinute(_ plan: Plan) -> Int {
        switch plan {
        case .free: 100
        case .pro: 1000
        case .enterprise: Int(ServiceLimits.requestsPerMinute.upperBound)
        }
    }
}
