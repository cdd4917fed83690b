package import Platform

/// The layers that have a say, from the widest to the narrowest.
package enum PolicyLayer: String, Sendable, CaseIterable {
    case deployment
    case workspace
    case campaign
    case apiKey = "api_key"
}

/// What one layer says of one kind of lifetime, in whole seconds; nil where it says nothing.
package struct BoundsRule: Equatable, Sendable {
    package var min: Int64?
    package var `default`: Int64?
    package var max: Int64?

    package init(min: Int64? = nil, default: Int64? = nil, max: Int64? = nil) {
        self.min = min
        self.default = `default`
        self.max = max
    }

    package init(_ bounds: LifetimeBounds) {
        self.init(min: bounds.minSeconds, default: bounds.defaultSeconds, max: bounds.maxSeconds)
    }

    /// This rule, with the other's word where this one says nothing.
    package func laid(over other: BoundsRule) -> BoundsRule {
        BoundsRule(min: min ?? other.min, default: `default` ?? other.default, max: max ?? other.max)
    }

    package var isEmpty: Bool { min == nil && `default` == nil && max == nil }
}

/// Whether a policy binds.
package enum PolicyMode: String, Sendable, CaseIterable {
    case enforced
    /// Judged and recorded, without refusing anything.
    case shadow
}

/// What one layer says: every rule that is nil is not narrowed here.
package struct PolicyDocument: Equatable, Sendable {
    package var invite = BoundsRule()
    package var participant = BoundsRule()
    /// For how many seconds after its opening a session may renew.
    package var renewSeconds: Int64?
    /// The most uses that an invite may be given.
    package var maxUsesMax: Int64?
    /// The only origins that widgets may stand on; never empty.
    package var allowedOrigins: [String]?
    package var originsRequired: Bool?
    package var emailInToken: Bool?
    package var boundTokensRequired: Bool?
    package var mode = PolicyMode.enforced
    /// Shadow before this instant; nil for at once.
    package var enforceFrom: UnixTime?
    /// Of the deployment's layer alone: the longest lifetimes of this and all earlier versions.
    package var ceiling: PolicyCeiling?

    package init() {}

    /// Whether it binds at `now`: not in shadow, and its date has come.
    package func isEnforced(at now: UnixTime) -> Bool {
        guard mode == .enforced else { return false }
        guard let enforceFrom else { return true }
        return now >= enforceFrom
    }

    /// This document, with the other's word where this one says nothing; mode and date are this one's.
    package func laid(over other: PolicyDocument) -> PolicyDocument {
        var document = self
        document.invite = invite.laid(over: other.invite)
        document.participant = participant.laid(over: other.participant)
        document.renewSeconds = renewSeconds ?? other.renewSeconds
        document.maxUsesMax = maxUsesMax ?? other.maxUsesMax
        document.allowedOrigins = allowedOrigins ?? other.allowedOrigins
        document.originsRequired = originsRequired ?? other.originsRequired
        document.emailInToken = emailInToken ?? other.emailInToken
        document.boundTokensRequired = boundTokensRequired ?? other.boundTokensRequired
        return document
    }
}
