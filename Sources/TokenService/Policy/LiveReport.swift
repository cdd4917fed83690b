package import InviteStore
package import Platform
package import StrictJSON

/// What a proposed policy would do to the sessions and invites that live now, counted.
package struct LiveReport: Sendable {
    private struct Example {
        var id: String
        var rule: PolicyRule
        /// When it would end, at the latest.
        var endsAt: UnixTime
        var usualEnd: UnixTime
    }

    package var sessionsExamined = 0
    package var invitesExamined = 0
    package var isComplete = true
    /// Sessions that could not renew again; their present token lives until it expires.
    package private(set) var sessionsCut = 0
    package private(set) var sessionsShortened = 0
    /// Invites that could not be exchanged by anybody.
    package private(set) var invitesCut = 0
    /// Invites that may be exchanged for longer than the proposal would let a new one: they stay as they are.
    package private(set) var invitesOutliving = 0
    private var examples: [Example] = []

    package init() {}

    /// Takes in a session that lives at `now`, judged by the proposal and by the policies that hold now.
    package mutating func add(
        _ session: SessionRecord,
        _ proposed: EffectivePolicy,
        today: EffectivePolicy,
        now: UnixTime
    ) {
        let usual = min(session.renewUntil, session.renewalEnd(after: today.renewSeconds.value))
        guard usual > now, Self.violation(session, today) == nil else { return }
        let end = min(usual, session.renewalEnd(after: proposed.renewSeconds.value))
        if let violation = Self.violation(session, proposed) {
            sessionsCut += 1
            let latest = min(usual, now.adding(seconds: today.participant.max.value))
            note(TypeID.text(.session, session.id), violation.rule, endsAt: latest, usualEnd: usual)
        } else if end <= now {
            sessionsCut += 1
            let latest = min(usual, now.adding(seconds: today.participant.max.value))
            note(TypeID.text(.session, session.id), .renewSeconds, endsAt: latest, usualEnd: usual)
        } else if end < usual {
            sessionsShortened += 1
            note(TypeID.text(.session, session.id), .renewSeconds, endsAt: end, usualEnd: usual)
        }
    }

    private static func violation(_ session: SessionRecord, _ policy: EffectivePolicy) -> PolicyViolation? {
        var request = IssuanceRequest(.renewal)
        request.origin = session.origin
        request.ownOrigins = session.allowedOrigins
        request.isBound = session.boundKey != nil
        return policy.violation(of: request)
    }

    /// Takes in an invite that is pending at `now`.
    package mutating func add(
        _ invite: InviteRecord,
        _ proposed: EffectivePolicy,
        today: EffectivePolicy,
        now: UnixTime
    ) {
        guard Self.hopeless(invite, today) == nil else { return }
        if let rule = Self.hopeless(invite, proposed) {
            invitesCut += 1
            note(TypeID.text(.invite, invite.id), rule, endsAt: now, usualEnd: invite.expiresAt)
        } else if invite.expiresAt > now.adding(seconds: proposed.invite.max.value) {
            invitesOutliving += 1
        }
    }

    /// The rule by which nobody could exchange the invite, from whatever page; nil where somebody could.
    private static func hopeless(_ invite: InviteRecord, _ policy: EffectivePolicy) -> PolicyRule? {
        if policy.participant.isEmpty { return .participantToken }
        let list = OriginLists.combined(invite.allowedOrigins, policy.allowedOrigins?.value)
        if list?.isEmpty == true { return .allowedOrigins }
        return policy.originsRequired != nil && list == nil ? .originsRequired : nil
    }

    private mutating func note(_ id: String, _ rule: PolicyRule, endsAt: UnixTime, usualEnd: UnixTime) {
        guard examples.count < 4 * ServiceLimits.simulationExamplesMax else { return }
        examples.append(Example(id: id, rule: rule, endsAt: endsAt, usualEnd: usualEnd))
    }

    /// Writes the counts as members of an open object.
    package func write(to writer: inout JSONWriter) {
        writer.member("sessions_examined", sessionsExamined)
        writer.member("invites_examined", invitesExamined)
        writer.member("complete", isComplete)
        writer.member("sessions_cut", sessionsCut)
        writer.member("sessions_shortened", sessionsShortened)
        writer.member("invites_cut", invitesCut)
        writer.member("invites_outliving", invitesOutliving)
        writer.name("examples")
        writer.beginArray()
        for example in examples {
            writer.beginObject()
            writer.member("id", example.id)
            writer.member("rule", example.rule.rawValue)
            writer.member("would_end_at", time: example.endsAt)
            writer.member("ends_at", time: example.usualEnd)
            writer.endObject()
        }
        writer.endArray()
    }
}
