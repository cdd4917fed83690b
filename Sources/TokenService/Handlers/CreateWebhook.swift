import HTTPServer
import InviteStore
import Platform

extension Services {
    /// `POST /v1/webhooks`: an endpoint that is told of what happens from now on; its secret is in this answer only.
    func createWebhook(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await idempotently(call, principal) { result in
            guard let id = RecordID(bytes: result), let webhook = try await store.webhook(id, of: principal.tenant)
            else { throw Problem.notFound("the recorded webhook is gone") }
            return try answer(webhook, status: 201, call)
        } effect: { ticket in
            var body = try BodyReader(call.request)
            let url = try WebhookFields.url(&body, webhooks.rules)
            let events = try WebhookFields.events(&body)
            let description = try WebhookFields.description(&body) ?? ""
            try body.finish()
            guard let url else { throw Problem.invalid("url", "url is required.") }
            guard let events else { throw Problem.invalid("events", "events is required.") }
            let id = identifiers.next(at: call.now)
            let secrets = WebhookSecrets(url: url, current: WebhookSecret(random: random))
            let webhook = WebhookRecord(
                id: id,
                tenant: principal.tenant,
                events: events,
                description: description,
                sealed: try webhooks.sealer.seal(secrets, of: principal.tenant, webhook: id),
                createdAt: UnixTime(seconds: call.now.seconds)
            )
            let command = CreateWebhook(
                webhook: webhook,
                by: principal.key?.record.id,
                webhooksMax: ServiceLimits.webhooksMax,
                claim: ticket?.claim(result: id.bytes, now: call.now),
                now: call.now,
                audit: [audit.draft("webhook.created", .webhook, id, call, principal)]
            )
            defer { webhooks.changed() }
            switch try await store.createWebhook(command) {
            case .done(.created):
                return .done(try answer(webhook, status: 201, secret: secrets.current.text, call))
            case .done(.tooManyWebhooks):
                let text = "There are \(ServiceLimits.webhooksMax) webhooks, as many as there may be. Delete one first."
                throw Problem(.conflict, text, privateReason: "webhook limit")
            case .done(.keyNotActive): throw Problem.unauthorized("the key was ended while the request ran")
            case .replay(let result): return .replay(result: result)
            case .mismatch: return .mismatch
            }
        }
    }
}
