package import Platform

/// Makes one endpoint, which is told of what is stored after it.
package struct CreateWebhook: Sendable {
    package var webhook: WebhookRecord
    /// The key that asks, which must be active in the transaction; nil for the operator.
    package var by: RecordID?
    /// Refuse where the tenant has this many.
    package var webhooksMax: Int
    package var claim: IdempotencyClaim?
    package var now: UnixTime
    package var audit: [AuditDraft]

    package init(
        webhook: WebhookRecord,
        by: RecordID?,
        webhooksMax: Int,
        claim: IdempotencyClaim? = nil,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.webhook = webhook
        self.by = by
        self.webhooksMax = webhooksMax
        self.claim = claim
        self.now = now
        self.audit = audit
    }
}

/// What came of making an endpoint; only `created` changed anything.
package enum CreateWebhookOutcome: Equatable, Sendable {
    case created
    case tooManyWebhooks
    /// The key that asked was revoked, suspended or expired by the time of the transaction.
    case keyNotActive
}

/// Changes an endpoint that still has the version it was read with; the audit drafts are stored with it.
package struct ChangeWebhook: Sendable {
    /// The endpoint as it is to be; its `version` is the one that the change is based on.
    ///
    /// Id, tenant and time of making stay, and so does `failingSince`, unless a disabled endpoint is enabled.
    package var webhook: WebhookRecord
    /// The key that asks, which must be active in the transaction; nil for the operator.
    package var by: RecordID?
    package var claim: IdempotencyClaim?
    package var now: UnixTime
    package var audit: [AuditDraft]

    package init(
        webhook: WebhookRecord,
        by: RecordID?,
        claim: IdempotencyClaim? = nil,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.webhook = webhook
        self.by = by
        self.claim = claim
        self.now = now
        self.audit = audit
    }
}

/// What came of changing an endpoint; only `changed` changed anything.
package enum ChangeWebhookOutcome: Equatable, Sendable {
    /// As it is now, with its new version.
    case changed(WebhookRecord)
    /// The endpoint has another version by now, or is gone: read it again.
    case stale
    /// The key that asked was revoked, suspended or expired by the time of the transaction.
    case keyNotActive
}

/// What became of one endpoint's deliveries.
package struct WebhookProgress: Equatable, Sendable {
    /// What the last try says of the endpoint.
    package enum Health: Equatable, Sendable {
        case working
        /// Kept as the start of the failing only where it was not failing before.
        case failing(since: UnixTime)
    }

    package var webhook: RecordID
    /// What is behind the endpoint from now on; positions never go back.
    package var positions: [TrailPosition]
    /// The delivery as it is now, in place of what was stored of this event.
    package var delivery: WebhookDelivery?
    /// Nil where nothing was learnt.
    package var health: Health?
    /// Switches the endpoint off, unless it is off already.
    package var disabling: WebhookDisabling?
    /// Stored only where the endpoint exists and, with `disabling`, was not off already.
    package var audit: [AuditDraft]

    package init(
        webhook: RecordID,
        positions: [TrailPosition] = [],
        delivery: WebhookDelivery? = nil,
        health: Health? = nil,
        disabling: WebhookDisabling? = nil,
        audit: [AuditDraft] = []
    ) {
        self.webhook = webhook
        self.positions = positions
        self.delivery = delivery
        self.health = health
        self.disabling = disabling
        self.audit = audit
    }
}
