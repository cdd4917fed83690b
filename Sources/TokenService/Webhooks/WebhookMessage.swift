package import InviteStore
package import Platform
import StrictJSON

/// One try to tell one endpoint of one event, ready to send.
package struct WebhookMessage: Sendable {
    package let url: WebhookURL
    package let fields: [(String, String)]
    package let body: [UInt8]

    /// Writes and signs the message at `now`.
    ///
    /// Signed by Standard Webhooks with every secret that is good now, and plainly (S67) with the current one in
    /// `X-Signature` and the one before it in `X-Signature-Previous`.
    package init(
        _ event: AuditDraft,
        to webhook: WebhookRecord,
        secrets: WebhookSecrets,
        url: WebhookURL,
        now: UnixTime
    ) throws {
        self.url = url
        let body = Self.body(event, webhook.tenant)
        let id = TypeID.text(.event, event.id)
        let seconds = now.seconds
        let previous = webhook.previousUntil.flatMap { now < $0 ? secrets.previous : nil }
        let signatures = try ([secrets.current] + [previous].compactMap { $0 }).map {
            try $0.standardSignature(id: id, seconds: seconds, body: body)
        }
        var fields = [
            ("Content-Type", "application/json"), ("User-Agent", "TokenService-Webhooks/1"), ("webhook-id", id),
            ("webhook-timestamp", String(seconds)), ("webhook-signature", signatures.joined(separator: " ")),
            ("X-Timestamp", String(seconds)),
            ("X-Signature", try secrets.current.plainSignature(seconds: seconds, body: body)),
        ]
        if let previous {
            fields.append(("X-Signature-Previous", try previous.plainSignature(seconds: seconds, body: body)))
        }
        self.fields = fields
        self.body = body
    }

    /// The event as its owner's audit trail shows it, without what belongs to the chain.
    static func body(_ event: AuditDraft, _ tenant: Tenant) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("id", .event, event.id)
        writer.member("type", event.type)
        writer.member("created_at", time: event.at)
        writer.member("workspace_id", .workspace, tenant.workspace)
        writer.member("environment", tenant.environment.rawValue)
        writer.name("data")
        writer.beginObject()
        writer.member("actor", event.actor)
        writer.member("target", event.target)
        writer.member("request_id", event.requestID)
        writer.member("detail", raw: event.detail.isEmpty ? Array("{}".utf8) : event.detail)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}
