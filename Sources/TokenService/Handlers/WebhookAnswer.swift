import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension WebhookRecord {
    /// Writes the endpoint's members into an open object; the secret is written only where it is given.
    func write(url: String, secret: String?, now: UnixTime, to writer: inout JSONWriter) {
        writer.member("id", .webhook, id)
        if let secret { writer.member("secret", secret) }
        writer.member("url", url)
        writer.member("events", events)
        writer.member("description", description)
        writer.member("environment", tenant.environment.rawValue)
        writer.member("enabled", disabledAt == nil)
        writer.member("disabled_at", time: disabledAt)
        writer.member("disabled_reason", disabling?.rawValue)
        writer.member("failing_since", time: failingSince)
        writer.member("previous_secret_until", time: previousUntil.flatMap { now < $0 ? $0 : nil })
        writer.member("created_at", time: createdAt)
    }
}

extension WebhookDelivery {
    /// Writes the delivery's members into an open object.
    func write(to writer: inout JSONWriter) {
        writer.member("event_id", .event, event)
        writer.member("type", type)
        writer.member("status", statusName)
        writer.member("attempts", attempts)
        writer.member("last_attempt_at", time: lastAt)
        writer.member("next_attempt_at", time: nextAt)
        writer.member("response_status", responseStatus)
        writer.member("error", failure?.rawValue)
        writer.member("duration_milliseconds", durationMilliseconds)
    }

    private var statusName: String {
        switch status {
        case .queued: "queued"
        case .retrying: "retrying"
        case .delivered: "delivered"
        case .failed: "failed"
        }
    }
}

extension Services {
    /// The answer about an endpoint; one that has a secret, or had it the first time, is kept by nobody.
    func answer(
        _ webhook: WebhookRecord,
        status: Int = 200,
        secret: String? = nil,
        _ call: Call
    ) throws -> HTTPResponse {
        let url = try secrets(of: webhook).url
        return Responses.json(status, isSecret: secret != nil || status == 201) {
            webhook.write(url: url, secret: secret, now: call.now, to: &$0)
        }
    }

    /// What an endpoint keeps under encryption.
    func secrets(of webhook: WebhookRecord) throws(Problem) -> WebhookSecrets {
        guard let secrets = webhooks.sealer.open(webhook) else {
            throw .internalError("webhook \(webhook.id) can not be opened")
        }
        return secrets
    }

    /// The endpoint that the path names.
    static func webhookID(_ call: Call) throws(Problem) -> RecordID {
        guard let text = call.pathParameters.first, let id = TypeID.parse(.webhook, text) else { throw .notFound() }
        return id
    }
}
