package import Platform

extension MemoryInviteStore {
    package func createWebhook(_ command: CreateWebhook) async throws(StoreError) -> Idempotent<CreateWebhookOutcome> {
        try with { (tables) throws(StoreError) in try tables.createWebhook(command) }
    }

    package func changeWebhook(_ command: ChangeWebhook) async throws(StoreError) -> Idempotent<ChangeWebhookOutcome> {
        try with { (tables) throws(StoreError) in try tables.changeWebhook(command) }
    }

    package func deleteWebhook(
        _ id: RecordID,
        of tenant: Tenant,
        now: UnixTime,
        audit: [AuditDraft]
    ) async throws(StoreError) -> Bool {
        try with { (tables) throws(StoreError) in
            try tables.deleteWebhook(id, of: tenant, now: now, audit: audit)
        }
    }

    package func webhook(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> WebhookRecord? {
        try with { (tables) throws(StoreError) in try tables.webhook(id, of: tenant) }
    }

    package func webhooks(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<WebhookRecord> {
        try with { (tables) throws(StoreError) in try tables.webhooks(of: tenant, page: page) }
    }

    package func webhookDeliveries(
        to id: RecordID,
        of tenant: Tenant,
        page: PageRequest
    ) async throws(StoreError) -> Page<WebhookDelivery> {
        try with { (tables) throws(StoreError) in try tables.webhookDeliveries(to: id, of: tenant, page: page) }
    }

    package func webhookEndpoints(after id: RecordID?, limit: Int) async throws(StoreError) -> [WebhookEndpoint] {
        try with { (tables) throws(StoreError) in try tables.webhookEndpoints(after: id, limit: limit) }
    }

    package func recordWebhookProgress(_ progress: [WebhookProgress], now: UnixTime) async throws(StoreError) {
        try with { (tables) throws(StoreError) in try tables.recordWebhookProgress(progress, now: now) }
    }

    package func leaseWebhooks(
        to holder: RecordID,
        until: UnixTime,
        now: UnixTime
    ) async throws(StoreError) -> Bool {
        webhookLease.grant(to: holder, until: until, now: now)
    }
}
