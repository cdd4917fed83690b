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

    /// Reads the stored JSON; fields that are missing or unreadable keep the plan's defaults.
    package init(_ record: WorkspaceRecord) {
        self.init(plan: record.plan)
        guard let document = try? JSONDocument(parsing: record.settings) else { return }
        let root = document.root
        if let limit = root["requests_per_minute"]?.integer, ServiceLimits.requestsPerMinute.contains(limit) {
            ownRequestsPerMinute = Int(limit)
        }
        for environment in DeploymentEnvironment.allCases {
            guard let prefix = root["key_prefixes"]?[environment.rawValue]?.string,
                APIKeySecret.isPrefix(Array(prefix.utf8)[...])
            else { continue }
            keyPrefixes[environment] = prefix
        }
        if let rule = root["scope_rule"]?.string.flatMap(ScopeRule.init) { scopeRule = rule }
        customResources = Self.strings(root["custom_resources"])
        allowedOrigins = Self.strings(root["allowed_origins"])
        mintingAllowed = root["minting_allowed"]?.boolean ?? true
        rateLimitIsForbidden = root["rate_limit_is_forbidden"]?.boolean ?? false
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

    private static func strings(_ value: JSONValue?) -> [String] {
        value?.elements.compactMap(\.string) ?? []
    }
}
