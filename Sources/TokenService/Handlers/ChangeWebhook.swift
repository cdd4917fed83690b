import HTTPServer
import InviteStore
import Platform

extension Services {
    /// `PATCH /v1/webhooks/{id}`: changes what is given; enabling one goes on where it stopped.
    func updateWebhook(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let id = try Self.webhookID(call)
        var body = try BodyReader(call.request)
        try body.refuseNull(["url", "events", "enabled"])
        let url = try WebhookFields.url(&body, webhooks.rules)
        let events = try WebhookFields.events(&body)
        let isDescribed = body.isGiven("description")
        let description = try WebhookFields.description(&body) ?? ""
        let isEnabled = try body.boolean("enabled")
        try body.finish()
        let changed = try await changing(id, call, principal, ticket: nil) { before throws in
            var after = before
            var fields: [String] = []
            if let events, events != before.events {
                after.events = events
                fields.append("events")
            }
            if isDescribed, description != before.description {
                after.description = description
                fields.append("description")
            }
            if let isEnabled, isEnabled != (before.disabledAt == nil) {
                after.disabledAt = isEnabled ? nil : call.now
                after.disabling = isEnabled ? nil : .owner
                fields.append("enabled")
            }
            if let url {
                var secrets = try secrets(of: before)
                if secrets.url != url {
                    secrets.url = url
                    after.sealed = try webhooks.sealer.seal(secrets, of: before.tenant, webhook: id)
                    fields.append("url")
                }
            }
            guard !fields.isEmpty else { return nil }
            let detail: [(StaticString, String)] = [("fields", fields.joined(separator: " "))]
            return (after, audit.draft("webhook.changed", .webhook, id, call, principal, detail))
        }
        return try answer(try Self.done(changed), call)
    }

    /// `POST /v1/webhooks/{id}/rotate-secret`: a new secret; the old one signs too until `overlap_until`.
    func rotateWebhookSecret(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await idempotently(call, principal) { result in
            guard let id = RecordID(bytes: result), let webhook = try await store.webhook(id, of: principal.tenant)
            else { throw Problem.notFound("the recorded webhook is gone") }
            return try answer(webhook, status: 201, call)
        } effect: { ticket in
            let id = try Self.webhookID(call)
            let wanted = try Self.overlapEnd(call)
            let usual = UnixTime(seconds: call.now.seconds).adding(seconds: ServiceLimits.rotationOverlapSecondsDefault)
            let end = wanted ?? usual
            let secret = WebhookSecret(random: random)
            let changed = try await changing(id, call, principal, ticket: ticket) { before throws in
                var secrets = try secrets(of: before)
                secrets.previous = secrets.current
                secrets.current = secret
                var after = before
                after.previousUntil = end
                after.sealed = try webhooks.sealer.seal(secrets, of: before.tenant, webhook: id)
                let detail: [(StaticString, String)] = [("previous_secret_until", RFC3339.text(end))]
                return (after, audit.draft("webhook.secret_rotated", .webhook, id, call, principal, detail))
            }
            switch changed {
            case .done(let webhook): return .done(try answer(webhook, status: 201, secret: secret.text, call))
            case .replay(let result): return .replay(result: result)
            case .mismatch: return .mismatch
            }
        }
    }

    /// `POST /v1/webhooks/{id}/test`: an event for this endpoint alone, told like any other.
    func testWebhook(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try BodyReader(optional: call.request)?.finish()
        let id = try Self.webhookID(call)
        let event = audit.draft(WebhookFilter.testType, .webhook, id, call, principal)
        _ = try await changing(id, call, principal, ticket: nil) { before throws in
            try Self.requireEnabled(before)
            return (before, event)
        }
        return Responses.json(202, capacity: 64) { $0.member("event_id", .event, event.id) }
    }

    static func requireEnabled(_ webhook: WebhookRecord) throws(Problem) {
        guard webhook.disabledAt == nil else {
            throw Problem(.conflict, "The webhook is disabled: enable it first.")
        }
    }

    /// Changes an endpoint on the grounds of what it is, and begins anew where it is something else by then.
    ///
    /// `change` gives nil where there is nothing to change.
    private func changing(
        _ id: RecordID,
        _ call: Call,
        _ principal: Principal,
        ticket: IdempotencyTicket?,
        _ change: (WebhookRecord) throws -> (WebhookRecord, AuditDraft)?
    ) async throws -> Idempotent<WebhookRecord> {
        for _ in 0..<ServiceLimits.keyChangeTriesMax {
            guard let before = try await store.webhook(id, of: principal.tenant) else { throw Problem.notFound() }
            guard let (after, draft) = try change(before) else { return .done(before) }
            let command = ChangeWebhook(
                webhook: after,
                by: principal.key?.record.id,
                claim: ticket?.claim(result: id.bytes, now: call.now),
                now: call.now,
                audit: [draft]
            )
            defer { webhooks.changed() }
            switch try await store.changeWebhook(command) {
            case .done(.changed(let webhook)): return .done(webhook)
            case .done(.keyNotActive): throw Problem.unauthorized("the key was ended while the request ran")
            case .done(.stale): continue
            case .replay(let result): return .replay(result: result)
            case .mismatch: return .mismatch
            }
        }
        throw Problem(.conflict, "The webhook was changed by somebody else at the same time. Try again.")
    }

    private static func done(_ changed: Idempotent<WebhookRecord>) throws(Problem) -> WebhookRecord {
        guard case .done(let webhook) = changed else { throw .internalError("a replay without an idempotency key") }
        return webhook
    }
}
