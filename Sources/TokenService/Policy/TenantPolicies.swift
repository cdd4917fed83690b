package import InviteStore
package import Platform
import Synchronization

/// The policy of one place, read: what binds at which time, and what is only watched.
package struct PolicyHolding: Equatable, Sendable {
    package let layer: PolicyLayer
    package let version: Int64
    package let document: PolicyDocument
    /// What binds as long as `document` does not; nil for nothing.
    package let standing: PolicyEntry?

    package init(_ layer: PolicyLayer, version: Int64, _ document: PolicyDocument, standing: PolicyEntry? = nil) {
        self.layer = layer
        self.version = version
        self.document = document
        self.standing = standing
    }

    /// What binds at `now`.
    package func enforced(at now: UnixTime) -> PolicyEntry? {
        document.isEnforced(at: now) ? PolicyEntry(layer, version: version, document) : standing
    }

    /// What is only watched at `now`.
    package func watched(at now: UnixTime) -> PolicyEntry? {
        document.isEnforced(at: now) ? nil : PolicyEntry(layer, version: version, document)
    }
}

/// What applies to one request, and what would apply if what is only watched were enforced.
package struct PolicyResolution: Sendable {
    package let enforced: EffectivePolicy
    /// Nil where nothing is in shadow.
    package let shadow: EffectivePolicy?

    /// The rule that a request would violate if what is only watched were enforced; nil where there is none.
    package func shadowViolation(of request: IssuanceRequest) -> PolicyViolation? {
        shadow?.violation(of: request)
    }
}

/// What some layers come to over time: it changes only where one of them begins to bind.
private struct PolicySegments: Sendable {
    /// From an instant on; the first holds from ever.
    private let segments: [(from: UnixTime, resolution: PolicyResolution)]

    init(_ holdings: [PolicyHolding]) {
        let starts = [UnixTime(milliseconds: .min)] + Set(holdings.compactMap(\.document.enforceFrom)).sorted()
        segments = starts.map { ($0, Self.resolution(of: holdings, at: $0)) }
    }

    func resolution(at now: UnixTime) -> PolicyResolution {
        var index = segments.count - 1
        while index > 0, now < segments[index].from { index -= 1 }
        return segments[index].resolution
    }

    private static func resolution(of holdings: [PolicyHolding], at now: UnixTime) -> PolicyResolution {
        let enforced = EffectivePolicy(holdings.compactMap { $0.enforced(at: now) })
        guard holdings.contains(where: { $0.watched(at: now) != nil }) else {
            return PolicyResolution(enforced: enforced, shadow: nil)
        }
        let shadow = EffectivePolicy(holdings.compactMap { $0.watched(at: now) ?? $0.enforced(at: now) })
        return PolicyResolution(enforced: enforced, shadow: shadow)
    }
}

/// All policies that concern one workspace and environment, at one moment; what they say never changes.
package final class TenantPolicies: Sendable {
    /// Always there: what is built in, with the operator's policy over it.
    package let deployment: PolicyHolding
    /// The origins of the workspace's settings, which count as a word of its layer.
    package let settings: PolicyHolding?
    package let workspace: PolicyHolding?
    package let campaigns: [String: PolicyHolding]
    package let keys: [RecordID: PolicyHolding]

    /// The campaign and key whose own policies have a say in a request; nil for one that has none.
    private struct LowerPlaces: Hashable {
        let campaign: String?
        let apiKey: RecordID?
    }

    /// Pairs of places whose resolution is remembered.
    private static let rememberedMax = 128

    /// What applies where neither campaign nor key has a policy.
    private let base: PolicySegments
    /// What applies where one of them has, once it was asked for.
    private let remembered = Mutex<[LowerPlaces: PolicySegments]>([:])

    package init(
        deployment: PolicyHolding,
        settings: PolicyHolding?,
        workspace: PolicyHolding?,
        campaigns: [String: PolicyHolding],
        keys: [RecordID: PolicyHolding]
    ) {
        self.deployment = deployment
        self.settings = settings
        self.workspace = workspace
        self.campaigns = campaigns
        self.keys = keys
        base = PolicySegments([deployment, settings, workspace].compactMap { $0 })
    }

    /// Policies kept, for the bound of the cache.
    package var count: Int { 3 + campaigns.count + keys.count }

    /// Whether a key's own policy may decide, so that an exchange must ask by key.
    package var hasKeyPolicies: Bool { !keys.isEmpty }

    /// What applies to a request for this campaign with this key; nil for a campaign or key that is not known yet.
    package func resolve(campaign: String?, apiKey: RecordID?, now: UnixTime) -> PolicyResolution {
        let ofCampaign = campaigns.isEmpty ? nil : campaign.flatMap { campaigns[$0] }
        let ofKey = keys.isEmpty ? nil : apiKey.flatMap { keys[$0] }
        if ofCampaign == nil, ofKey == nil { return base.resolution(at: now) }
        let places = LowerPlaces(campaign: ofCampaign == nil ? nil : campaign, apiKey: ofKey == nil ? nil : apiKey)
        if let known = remembered.withLock({ $0[places] }) { return known.resolution(at: now) }
        let segments = PolicySegments(holdings(ofCampaign, ofKey))
        remembered.withLock { remembered in
            if remembered.count >= Self.rememberedMax { remembered.removeAll(keepingCapacity: true) }
            remembered[places] = segments
        }
        return segments.resolution(at: now)
    }

    /// Every holding that concerns a campaign and a key, the widest first.
    package func holdings(campaign: String?, apiKey: RecordID?) -> [PolicyHolding] {
        holdings(campaign.flatMap { campaigns[$0] }, apiKey.flatMap { keys[$0] })
    }

    /// What binds a policy of this place from above.
    package func above(_ place: PolicyPlace, now: UnixTime) -> EffectivePolicy? {
        switch place {
        case .deployment: nil
        case .workspace: EffectivePolicy([deployment, settings].compactMap { $0?.enforced(at: now) })
        case .campaign, .apiKey:
            EffectivePolicy([deployment, settings, workspace].compactMap { $0?.enforced(at: now) })
        }
    }

    private func holdings(_ campaign: PolicyHolding?, _ key: PolicyHolding?) -> [PolicyHolding] {
        [deployment, settings, workspace, campaign, key].compactMap { $0 }
    }

    /// The same with another policy in one place, enforced at once; nil takes the place's policy away.
    package func replacing(_ place: PolicyPlace, with document: PolicyDocument?, defaults: LifetimePolicy)
        -> TenantPolicies
    {
        var (deployment, workspace, campaigns, keys) = (deployment, workspace, campaigns, keys)
        let binding = document.map { document in
            var binding = document
            binding.mode = .enforced
            binding.enforceFrom = nil
            return binding
        }
        switch place {
        case .deployment:
            let laid = (binding ?? PolicyDocument()).laid(over: defaults.document)
            deployment = PolicyHolding(.deployment, version: 0, laid)
        case .workspace: workspace = binding.map { PolicyHolding(.workspace, version: 0, $0) }
        case .campaign(_, let name): campaigns[name] = binding.map { PolicyHolding(.campaign, version: 0, $0) }
        case .apiKey(_, let id): keys[id] = binding.map { PolicyHolding(.apiKey, version: 0, $0) }
        }
        return TenantPolicies(
            deployment: deployment,
            settings: settings,
            workspace: workspace,
            campaigns: campaigns,
            keys: keys
        )
    }
}

extension TenantPolicies {
    /// What an exchange is held against, by the key of its invite; nil where no rule but the renewal cap applies.
    package func redeemTerms(
        campaign: String,
        _ origin: String?,
        isBound: Bool,
        now: UnixTime
    ) -> (@Sendable (RecordID) -> RedeemTerms)? {
        if !hasKeyPolicies {
            let policy = resolve(campaign: campaign, apiKey: nil, now: now).enforced
            if policy.isOpenToWidgets { return nil }
            let terms = policy.redeemTerms(origin: origin, isBound: isBound, now: now)
            return { _ in terms }
        }
        return { [self] key in
            resolve(campaign: campaign, apiKey: key, now: now).enforced
                .redeemTerms(origin: origin, isBound: isBound, now: now)
        }
    }
}

extension EffectivePolicy {
    /// True where no rule can refuse a widget's request.
    fileprivate var isOpenToWidgets: Bool {
        allowedOrigins == nil && originsRequired == nil && boundTokensRequired == nil && !participant.isEmpty
    }
}
