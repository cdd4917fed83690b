package import Platform

/// Where a policy stands: the deployment itself, or a place inside one tenant.
package enum PolicyPlace: Hashable, Sendable {
    case deployment
    case workspace(Tenant)
    case campaign(Tenant, String)
    case apiKey(Tenant, RecordID)

    /// The tenant that it belongs to; nil for the deployment's.
    package var tenant: Tenant? {
        switch self {
        case .deployment: nil
        case .workspace(let tenant), .campaign(let tenant, _), .apiKey(let tenant, _): tenant
        }
    }
}

/// One version of the policy of one place.
///
/// Documents are JSON, opaque to the store.
package struct PolicyVersion: Equatable, Sendable {
    package var id: RecordID
    package var place: PolicyPlace
    /// From 1, one higher with each change of the place.
    package var version: Int64
    /// Nil where this version took the policy away.
    package var document: [UInt8]?
    /// What is enforced as long as `document` is not: the last document that was, when this version was made.
    package var standing: [UInt8]?
    /// The version that `standing` comes from; 0 where there is none.
    package var standingVersion: Int64
    package var createdAt: UnixTime
    /// Who changed it: a key id or `operator`.
    package var createdBy: String

    package init(
        id: RecordID,
        place: PolicyPlace,
        version: Int64,
        document: [UInt8]?,
        standing: [UInt8]? = nil,
        standingVersion: Int64 = 0,
        createdAt: UnixTime,
        createdBy: String
    ) {
        self.id = id
        self.place = place
        self.version = version
        self.document = document
        self.standing = standing
        self.standingVersion = standingVersion
        self.createdAt = createdAt
        self.createdBy = createdBy
    }
}

/// Makes the next version of one place's policy.
package struct ChangePolicy: Sendable {
    /// `version.version` is one more than the version that the change is based on: 1 where there was none.
    package var version: PolicyVersion
    /// The key that asks, which must be active in the transaction; nil for the operator and for members.
    package var by: RecordID?
    /// Refuse a new policy where the tenant has this many.
    package var policiesMax: Int
    package var now: UnixTime
    package var audit: [AuditDraft]

    package init(
        version: PolicyVersion,
        by: RecordID?,
        policiesMax: Int,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.version = version
        self.by = by
        self.policiesMax = policiesMax
        self.now = now
        self.audit = audit
    }
}

/// What came of changing a policy; only `changed` changed anything.
package enum ChangePolicyOutcome: Equatable, Sendable {
    case changed
    /// The place has another version than the change is based on.
    case conflict
    case tooManyPolicies
    /// The key that asked was revoked, suspended or expired by the time of the transaction.
    case keyNotActive
}

/// What policy asks of an exchange, where the invite's own row has a say too.
package struct RedeemTerms: Equatable, Sendable {
    package var renewUntil: UnixTime
    /// How long the session's first token is to live.
    package var lifetimeSeconds: Int64
    /// The origins that policy allows; nil where it has no list, empty where it allows none.
    package var allowedOrigins: [String]?
    /// Refuse where no list of origins stands, neither here nor on the invite.
    package var needsOriginList: Bool
    /// Refuse whatever the invite says.
    package var isRefused: Bool

    package init(
        renewUntil: UnixTime,
        lifetimeSeconds: Int64,
        allowedOrigins: [String]? = nil,
        needsOriginList: Bool = false,
        isRefused: Bool = false
    ) {
        self.renewUntil = renewUntil
        self.lifetimeSeconds = lifetimeSeconds
        self.allowedOrigins = allowedOrigins
        self.needsOriginList = needsOriginList
        self.isRefused = isRefused
    }
}

/// What policy asks of a renewal, where the session's own row has a say too.
package struct RenewTerms: Equatable, Sendable {
    /// Whole seconds after its opening for which a session may renew.
    package var renewSeconds: Int64
    /// The origins that policy allows; nil where it has no list, empty where it allows none.
    package var allowedOrigins: [String]?
    /// Refuse where no list of origins stands, neither here nor on the session.
    package var needsOriginList: Bool

    package init(renewSeconds: Int64, allowedOrigins: [String]? = nil, needsOriginList: Bool = false) {
        self.renewSeconds = renewSeconds
        self.allowedOrigins = allowedOrigins
        self.needsOriginList = needsOriginList
    }
}

/// Lists of origins, several of which may stand: then all must allow.
package enum OriginLists {
    /// What a record's own list (empty for none) and policy's (nil for none) allow together; nil where none stands.
    package static func combined(_ own: [String], _ policy: [String]?) -> [String]? {
        guard let policy else { return own.isEmpty ? nil : own }
        return own.isEmpty ? policy : own.filter(policy.contains)
    }

    /// True where the lists together allow a request from `origin`, nil for one that comes from no browser page.
    package static func allow(_ origin: String?, _ combined: [String]?, needsList: Bool) -> Bool {
        guard let combined else { return !needsList }
        guard let origin else { return !combined.isEmpty }
        return combined.contains(origin)
    }
}
