package import InviteStore
import StrictJSON
import Synchronization

/// The settings of one workspace, read from its record.
package struct WorkspaceSettings: Equatable, Sendable {
    package var plan: Plan
    /// Requests a minute and key.
    package var requestsPerMinute: Int
    /// Key prefixes by environment, where the workspace has its own.
    package var keyPrefixes: [DeploymentEnvironment: String]

    package init(
        plan: Plan,
        requestsPerMinute: Int? = nil,
        keyPrefixes: [DeploymentEnvironment: String] = [:]
    ) {
        self.plan = plan
        self.requestsPerMinute = requestsPerMinute ?? Self.defaultRequestsPerMinute(plan)
        self.keyPrefixes = keyPrefixes
    }

    /// Reads the stored JSON; fields that are missing or unreadable keep the plan's defaults.
    package init(_ record: WorkspaceRecord) {
        self.init(plan: record.plan)
        guard let document = try? JSONDocument(parsing: record.settings) else { return }
        let root = document.root
        if let limit = root["requests_per_minute"]?.integer, limit >= 1, limit <= 10_000_000 {
            requestsPerMinute = Int(limit)
        }
        for environment in DeploymentEnvironment.allCases {
            guard let prefix = root["key_prefixes"]?[environment.rawValue]?.string,
                APIKeySecret.isPrefix(Array(prefix.utf8)[...])
            else { continue }
            keyPrefixes[environment] = prefix
        }
    }

    /// The stored form.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        if requestsPerMinute != Self.defaultRequestsPerMinute(plan) {
            writer.member("requests_per_minute", requestsPerMinute)
        }
        writer.name("key_prefixes")
        writer.beginObject()
        for environment in DeploymentEnvironment.allCases {
            guard let prefix = keyPrefixes[environment] else { continue }
            writer.name(environment.rawValue)
            writer.string(prefix)
        }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// The prefix that new keys get.
    package func keyPrefix(_ environment: DeploymentEnvironment) -> String {
        keyPrefixes[environment] ?? APIKeySecret.defaultPrefix(environment)
    }

    /// The most keys that are neither revoked nor expired; nil for no limit.
    package var activeKeysMax: Int? {
        switch plan {
        case .free: 10
        case .pro: 25
        case .enterprise: nil
        }
    }

    private static func defaultRequestsPerMinute(_ plan: Plan) -> Int {
        switch plan {
        case .free: 100
        case .pro: 1000
        case .enterprise: 10_000_000
        }
    }
}

/// Workspace settings, kept in a bounded cache.
package final class WorkspaceDirectory: Sendable {
    private static let entriesMax = 4096
    private let store: any InviteStore
    private let cache = Mutex<[RecordID: WorkspaceSettings]>([:])

    package init(store: any InviteStore) { self.store = store }

    /// The settings; a workspace that is gone has the narrowest.
    package func settings(of id: RecordID) async throws(StoreError) -> WorkspaceSettings {
        if let settings = cache.withLock({ $0[id] }) { return settings }
        guard let record = try await store.workspace(id) else { return WorkspaceSettings(plan: .free) }
        let settings = WorkspaceSettings(record)
        cache.withLock { cache in
            if cache.count >= Self.entriesMax { cache.removeAll(keepingCapacity: true) }
            cache[id] = settings
        }
        return settings
    }
}
