import HTTPServer
import InviteStore
import Platform
import StrictJSON
import Telemetry

extension Services {
    /// The audit draft of a request that a policy in shadow would have refused.
    func shadowDraft(
        _ violation: PolicyViolation,
        _ call: Call,
        _ tenant: Tenant,
        actor: String,
        target: String,
        campaign: String,
        apiKey: RecordID
    ) -> AuditDraft {
        metrics.violated(violation.rule, isShadow: true)
        return audit.draft(
            "policy.shadow_violation",
            call,
            tenant: tenant,
            actor: actor,
            target: target,
            detail: [
                ("rule", violation.rule.rawValue), ("layer", violation.source.layer.rawValue),
                ("version", String(violation.source.version)), ("requested", violation.requested),
                ("allowed", violation.allowed), ("campaign_id", campaign),
                ("api_key_id", TypeID.text(.apiKey, apiKey)),
            ]
        )
    }

    /// Records what a policy in shadow says of an exchange or a renewal that was just committed.
    ///
    /// Its event follows the change in a transaction of its own: only the store knew the session's key and lists. An
    /// event that can not be stored is logged; the session stands.
    func watch(
        _ kind: IssuanceRequest.Kind,
        _ session: SessionRecord,
        _ policies: TenantPolicies,
        origin: String?,
        _ call: Call
    ) async {
        let policy = policies.resolve(campaign: session.campaign, apiKey: session.apiKey, now: call.now)
        guard let shadow = policy.shadow else { return }
        var request = IssuanceRequest(kind)
        request.origin = origin
        request.ownOrigins = session.allowedOrigins
        request.isBound = session.boundKey != nil
        let isLate = kind == .renewal && call.now >= session.renewalEnd(after: shadow.renewSeconds.value)
        let late = isLate ? shadow.renewalViolation(call.now.seconds - session.createdAt.seconds) : nil
        guard let violation = late ?? shadow.violation(of: request) else { return }
        let draft = shadowDraft(
            violation,
            call,
            session.tenant,
            actor: Pseudonymizer.text(session.participant),
            target: TypeID.text(.session, session.id),
            campaign: session.campaign,
            apiKey: session.apiKey
        )
        do {
            try await store.appendAudit([draft], now: call.now)
        } catch {
            log.error("audit event not stored", ["type": .string(draft.type), "error": .string("\(error)")])
        }
    }

    /// Counts a refusal by its rule, and makes it the answer.
    func refusal(_ violation: PolicyViolation, isWidget: Bool = false) -> Problem {
        metrics.violated(violation.rule, isShadow: false)
        return Problem(violation, isWidget: isWidget)
    }
}
