/// Bounds of one kind of lifetime, in whole seconds.
package struct LifetimeBounds: Equatable, Sendable {
    package var minSeconds: Int64
    package var defaultSeconds: Int64
    package var maxSeconds: Int64

    package init(minSeconds: Int64, defaultSeconds: Int64, maxSeconds: Int64) {
        self.minSeconds = minSeconds
        self.defaultSeconds = defaultSeconds
        self.maxSeconds = maxSeconds
    }
}

/// What the deployment's layer says as long as no policy of the operator's says otherwise.
package struct LifetimePolicy: Equatable, Sendable {
    package var invite = LifetimeBounds(minSeconds: 60, defaultSeconds: 86_400, maxSeconds: 604_800)
    package var participant = LifetimeBounds(minSeconds: 60, defaultSeconds: 900, maxSeconds: 3600)
    /// How long after its opening a session may renew.
    package var renewSeconds: Int64 = 14_400
    /// Whether tokens carry the address in clear.
    package var emailInToken = false

    package init() {}

    /// The same as a document of the deployment's layer, beneath which a stored one is laid.
    package var document: PolicyDocument {
        var document = PolicyDocument()
        document.invite = BoundsRule(invite)
        document.participant = BoundsRule(participant)
        document.renewSeconds = renewSeconds
        document.emailInToken = emailInToken ? true : nil
        return document
    }

    /// The longest lifetimes that it allows.
    package var ceiling: PolicyCeiling {
        PolicyCeiling(invite: invite.maxSeconds, participant: participant.maxSeconds, renew: renewSeconds)
    }
}

/// The longest lifetimes that any policy ever allowed, in whole seconds; only ever raised.
package struct PolicyCeiling: Equatable, Sendable {
    package var invite: Int64
    package var participant: Int64
    package var renew: Int64

    package init(invite: Int64, participant: Int64, renew: Int64) {
        self.invite = invite
        self.participant = participant
        self.renew = renew
    }

    /// What no policy may exceed, the operator's own included: 30 days, 24 hours and 7 days.
    package static let hard = PolicyCeiling(
        invite: ServiceLimits.policyInviteSecondsMax,
        participant: ServiceLimits.policyParticipantSecondsMax,
        renew: ServiceLimits.policyRenewSecondsMax
    )

    /// The longest time for which a token that exists now, or that descends from one, can still be valid: what a
    /// cut-off must be remembered for.
    package var longestDescentSeconds: Int64 { invite + renew + participant }

    /// Whichever is longer, member by member.
    package func raised(by other: PolicyCeiling) -> PolicyCeiling {
        PolicyCeiling(
            invite: max(invite, other.invite),
            participant: max(participant, other.participant),
            renew: max(renew, other.renew)
        )
    }
}
