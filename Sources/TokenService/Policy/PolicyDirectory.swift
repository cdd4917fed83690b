package import InviteStore
import Platform
import Synchronization

/// The policies of workspaces, in a bounded cache that every change empties.
///
/// What is not in the cache is one read of the store; what can not be read is an error, never a guess.
package final class PolicyDirectory: Sendable {
    private struct State {
        var tenants: [Tenant: TenantPolicies] = [:]
        var entries = 0
        var ceiling: PolicyCeiling
        /// Raised by every change, so that a read begun before it can not put the old state back.
        var generation: UInt64 = 0
        /// Workspaces of which a simulation runs.
        var simulating: Set<RecordID> = []
    }

    private let store: any InviteStore
    private let workspaces: WorkspaceDirectory
    package let defaults: LifetimePolicy
    private let state: Mutex<State>

    package init(store: any InviteStore, workspaces: WorkspaceDirectory, defaults: LifetimePolicy) {
        self.store = store
        self.workspaces = workspaces
        self.defaults = defaults
        state = Mutex(State(ceiling: defaults.ceiling))
    }

    /// The longest lifetimes that any policy of this deployment ever allowed.
    package var ceiling: PolicyCeiling { state.withLock { $0.ceiling } }

    /// How long a cut-off must be remembered.
    package var longestDescentSeconds: Int64 { ceiling.longestDescentSeconds }

    /// Reads the deployment's own policy, so that ``ceiling`` is right before anything is served.
    package func start() async throws {
        guard let version = try await store.policy(at: .deployment) else { return }
        _ = try deploymentHolding(version)
    }

    /// The policies in the cache, without waiting.
    package func cached(_ tenant: Tenant) -> TenantPolicies? { state.withLock { $0.tenants[tenant] } }

    /// The policies of a tenant, read where the cache does not have them.
    ///
    /// - Throws: ``StoreError``, or a ``Problem`` (503) where a stored policy can not be understood.
    package func policies(of tenant: Tenant) async throws -> TenantPolicies {
        if let cached = cached(tenant) { return cached }
        return try await load(tenant)
    }

    /// Reads anew, past the cache.
    package func load(_ tenant: Tenant) async throws -> TenantPolicies {
        let generation = state.withLock { $0.generation }
        let limit = ServiceLimits.policiesMax + 2
        let versions = try await store.policies(of: tenant, limit: limit + 1)
        guard versions.count <= limit else { throw Problem.unavailable("more policies than there may be") }
        let origins = try await workspaces.settings(of: tenant).allowedOrigins
        let policies = try tenantPolicies(versions, settingsOrigins: origins)
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.entries + policies.count > ServiceLimits.policyCacheEntriesMax {
                state.tenants.removeAll()
                state.entries = 0
            }
            state.entries += policies.count - (state.tenants[tenant]?.count ?? 0)
            state.tenants[tenant] = policies
        }
        return policies
    }

    /// Forgets what is known, of one tenant or of all: the next request reads it anew.
    package func invalidate(_ tenant: Tenant? = nil) {
        state.withLock { state in
            state.generation &+= 1
            if let tenant {
                state.entries -= state.tenants.removeValue(forKey: tenant)?.count ?? 0
            } else {
                state.tenants.removeAll()
                state.entries = 0
            }
        }
    }

    /// Marks that a simulation of a workspace runs; 503 where one does already, or as many of others as may.
    package func beginSimulation(of workspace: RecordID) throws(Problem) {
        let refusal: String? = state.withLock { state in
            guard !state.simulating.contains(workspace) else {
                return "Another simulation of this workspace is running. Try again when it is done."
            }
            guard state.simulating.count < ServiceLimits.simulationsMax else {
                return "Other workspaces' simulations are running. Try again when one is done."
            }
            state.simulating.insert(workspace)
            return nil
        }
        guard let refusal else { return }
        throw Problem(.unavailable, refusal, privateReason: "too many simulations", retryAfterSeconds: 5)
    }

    /// Marks that the workspace's simulation is done.
    package func endSimulation(of workspace: RecordID) { state.withLock { _ = $0.simulating.remove(workspace) } }

    private func tenantPolicies(_ versions: [PolicyVersion], settingsOrigins: [String]) throws -> TenantPolicies {
        var deployment = PolicyHolding(.deployment, version: 0, defaults.document)
        var workspace: PolicyHolding?
        var campaigns: [String: PolicyHolding] = [:]
        var keys: [RecordID: PolicyHolding] = [:]
        for version in versions {
            switch version.place {
            case .deployment: deployment = try deploymentHolding(version)
            case .workspace: workspace = try Self.holding(version, .workspace)
            case .campaign(_, let name): campaigns[name] = try Self.holding(version, .campaign)
            case .apiKey(_, let id): keys[id] = try Self.holding(version, .apiKey)
            }
        }
        var settings: PolicyHolding?
        if !settingsOrigins.isEmpty {
            var document = PolicyDocument()
            document.allowedOrigins = settingsOrigins
            settings = PolicyHolding(.workspace, version: 0, document)
        }
        return TenantPolicies(
            deployment: deployment,
            settings: settings,
            workspace: workspace,
            campaigns: campaigns,
            keys: keys
        )
    }

    /// The operator's policy over what is built in; raises the ceiling to what it allows and ever allowed.
    private func deploymentHolding(_ version: PolicyVersion) throws -> PolicyHolding {
        let read = try Self.holding(version, .deployment)
        let documents = [read.document, read.standing?.document].compactMap { $0 }
        let ceilings = documents.flatMap { [$0.ceiling, self.ceiling(of: $0)].compactMap { $0 } }
        state.withLock { state in
            for ceiling in ceilings { state.ceiling = state.ceiling.raised(by: ceiling) }
        }
        let standing = PolicyEntry(
            .deployment,
            version: read.standing?.source.version ?? 0,
            (read.standing?.document ?? PolicyDocument()).laid(over: defaults.document)
        )
        return PolicyHolding(
            .deployment,
            version: read.version,
            read.document.laid(over: defaults.document),
            standing: standing
        )
    }

    /// The longest lifetimes that a document of the deployment's layer allows.
    package func ceiling(of document: PolicyDocument) -> PolicyCeiling {
        PolicyCeiling(
            invite: document.invite.max ?? defaults.invite.maxSeconds,
            participant: document.participant.max ?? defaults.participant.maxSeconds,
            renew: document.renewSeconds ?? defaults.renewSeconds
        )
    }

    /// A stored version, read; 503 where it can not be: a policy that nobody understands must not be passed over.
    package static func holding(_ version: PolicyVersion, _ layer: PolicyLayer) throws(Problem) -> PolicyHolding {
        guard let bytes = version.document, let document = PolicyDocument(stored: bytes) else {
            throw .unavailable("a stored policy can not be read")
        }
        var standing: PolicyEntry?
        if let bytes = version.standing {
            guard let earlier = PolicyDocument(stored: bytes) else {
                throw .unavailable("a stored policy can not be read")
            }
            standing = PolicyEntry(layer, version: version.standingVersion, earlier)
        }
        return PolicyHolding(layer, version: version.version, document, standing: standing)
    }
}
