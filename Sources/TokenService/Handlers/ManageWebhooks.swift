import HTTPServer
import InviteStore
import Platform

extension Services {
    /// `GET /v1/webhooks`: newest first, without secrets.
    func listWebhooks(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let page = try cursors.page(call, list: "webhooks", tenant: principal.tenant)
        let found = try await store.webhooks(of: principal.tenant, page: page)
        return try Responses.list(
            found,
            cursor: { cursors.text($0, list: "webhooks", tenant: principal.tenant) }
        ) { webhook, writer in
            webhook.write(url: try secrets(of: webhook).url, secret: nil, now: call.now, to: &writer)
        }
    }

    /// `GET /v1/webhooks/{id}`.
    func getWebhook(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try answer(try await ownWebhook(call, principal), call)
    }

    /// `DELETE /v1/webhooks/{id}`: what was not delivered by then is not delivered any more.
    ///
    /// Again 404: nothing of it is left.
    func deleteWebhook(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let id = try Self.webhookID(call)
        let draft = audit.draft("webhook.deleted", .webhook, id, call, principal)
        defer { webhooks.changed() }
        guard try await store.deleteWebhook(id, of: principal.tenant, now: call.now, audit: [draft]) else {
            throw Problem.notFound()
        }
        return Responses.noContent()
    }

    /// `GET /v1/webhooks/{id}/deliveries`: what was tried, the newest event first.
    func listWebhookDeliveries(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let webhook = try await ownWebhook(call, principal)
        let list = "webhook-deliveries " + TypeID.text(.webhook, webhook.id)
        let page = try cursors.page(call, list: list, tenant: principal.tenant)
        let found = try await store.webhookDeliveries(to: webhook.id, of: principal.tenant, page: page)
        return Responses.list(found, cursor: { cursors.text($0, list: list, tenant: principal.tenant) }) {
            $0.write(to: &$1)
        }
    }

    /// `POST /v1/webhooks/{id}/deliveries/{event_id}/redeliver`: one event of the list once more, at once.
    func redeliverWebhook(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try BodyReader(optional: call.request)?.finish()
        let webhook = try await ownWebhook(call, principal)
        guard call.pathParameters.count == 2, let event = TypeID.parse(.event, call.pathParameters[1]),
            var delivery = try await delivery(of: event, to: webhook)
        else { throw Problem.notFound() }
        try Self.requireEnabled(webhook)
        if !delivery.status.isOpen {
            delivery.status = .queued
            delivery.attempts = 0
        }
        delivery.nextAt = call.now
        let detail: [(StaticString, String)] = [("event_id", TypeID.text(.event, event))]
        let progress = WebhookProgress(
            webhook: webhook.id,
            delivery: delivery,
            audit: [audit.draft("webhook.redelivered", .webhook, webhook.id, call, principal, detail)]
        )
        try await store.recordWebhookProgress([progress], now: call.now)
        webhooks.changed()
        return Responses.json(202, capacity: 256) { delivery.write(to: &$0) }
    }

    private func ownWebhook(_ call: Call, _ principal: Principal) async throws -> WebhookRecord {
        guard let webhook = try await store.webhook(Self.webhookID(call), of: principal.tenant) else {
            throw Problem.notFound()
        }
        return webhook
    }

    /// One delivery of the list, which has no more than a few pages.
    private func delivery(of event: RecordID, to webhook: WebhookRecord) async throws -> WebhookDelivery? {
        var page = PageRequest(limit: ServiceLimits.pageLimitMax)
        while true {
            let found = try await store.webhookDeliveries(to: webhook.id, of: webhook.tenant, page: page)
            if let delivery = found.records.first(where: { $0.event == event }) { return delivery }
            guard let next = found.next else { return nil }
            page.before = next
        }
    }
}
