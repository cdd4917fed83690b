package import InviteStore
package import Platform

extension FaultyStore {
    package func createWebhook(_ command: CreateWebhook) async throws(StoreError) -> Idempotent<CreateWebhookOutcome> {
        try await run("createWebhook") { () async throws(StoreError) in try await self.inner.createWebhook(command) }
    }

    package func changeWebhook(_ command: ChangeWebhook) async throws(StoreError) -> Idempotent<ChangeWebhookOutcome> {
        try await run("changeWebhook") { () async throws(StoreError) in try await self.inner.changeWebhook(command) }
    }

    package func deleteWebhook(
        _ id: RecordID,
        of tenant: Tenant,
        now: UnixTime,
        audit: [AuditDraft]
    ) async throws(StoreError) -> Bool {
        try await run("deleteWebhook") { () async throws(StoreError) in
            try await self.inner.deleteWebhook(id, of: tenant, now: now, audit: audit)
        }
    }

    package func webhook(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> WebhookRecord? {
        try await run("webhook") { () async throws(StoreError) in try await self.inner.webhook(id, of: tenant) }
    }

    package func webhooks(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<WebhookRecord> {
        try await run("webhooks") { () async throws(StoreError) in try await self.inner.webhooks(of: tenant, page: page)
        }
    }

    package func webhookDeliveries(
        to id: RecordID,
        of tenant: Tenant,
        page: PageRequest
    ) async throws(StoreError) -> Page<WebhookDelivery> {
        try await run("webhookDeliveries") { () async throws(StoreError) in
            try await self.inner.webhookDeliveries(to: id, of: tenant, page: page)
        }
    }

    package func webhookEndpoints(after id: RecordID?, limit: Int) async throws(StoreError) -> [WebhookEndpoint] {
        try await run("webhookEndpoints") { () async throws(StoreError) in
            try await self.inner.webhookEndpoints(after: id, limit: limit)
        }
    }

    package func recordWebhookProgress(_ progress: [WebhookProgress], now: UnixTime) async throws(StoreError) {
        try await run("recordWebhookProgress") { () async throws(StoreError) in
            try await self.inner.recordWebhookProgress(progress, now: now)
        }
    }

    package func leaseWebhooks(to holder: RecordID, until: UnixTime, now: UnixTime) async throws(StoreError) -> Bool {
        try await run("leaseWebhooks") { () async throws(StoreError) in
            try await self.inner.leaseWebhooks(to: holder, until: until, now: now)
        }
    }
}
