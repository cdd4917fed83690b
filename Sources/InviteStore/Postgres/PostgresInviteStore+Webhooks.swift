#if Postgres
    package import Platform

    extension PostgresInviteStore {
        package func createWebhook(
            _ command: CreateWebhook
        ) async throws(StoreError) -> Idempotent<CreateWebhookOutcome> {
            try await write(command.claim) { writer throws(PostgresFailure) in try writer.createWebhook(command) }
        }

        package func changeWebhook(
            _ command: ChangeWebhook
        ) async throws(StoreError) -> Idempotent<ChangeWebhookOutcome> {
            try await write(command.claim) { writer throws(PostgresFailure) in try writer.changeWebhook(command) }
        }

        package func deleteWebhook(
            _ id: RecordID,
            of tenant: Tenant,
            now: UnixTime,
            audit: [AuditDraft]
        ) async throws(StoreError) -> Bool {
            try await write { writer throws(PostgresFailure) in
                try writer.deleteWebhook(id, of: tenant, now: now, audit: audit)
            }
        }

        package func webhook(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> WebhookRecord? {
            try await read { reader throws(PostgresFailure) in try reader.webhook(id, of: tenant) }
        }

        package func webhooks(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<WebhookRecord> {
            try await read { reader throws(PostgresFailure) in try reader.webhooks(of: tenant, page: page) }
        }

        package func webhookDeliveries(
            to id: RecordID,
            of tenant: Tenant,
            page: PageRequest
        ) async throws(StoreError) -> Page<WebhookDelivery> {
            try await read { reader throws(PostgresFailure) in
                try reader.webhookDeliveries(to: id, of: tenant, page: page)
            }
        }

        package func webhookEndpoints(
            after id: RecordID?,
            limit: Int
        ) async throws(StoreError) -> [WebhookEndpoint] {
            try await read { reader throws(PostgresFailure) in
                try reader.webhookEndpoints(after: id, limit: limit)
            }
        }

        package func recordWebhookProgress(
            _ progress: [WebhookProgress],
            now: UnixTime
        ) async throws(StoreError) {
            try await write { writer throws(PostgresFailure) in try writer.recordWebhookProgress(progress, now: now) }
        }

        package func leaseWebhooks(
            to holder: RecordID,
            until: UnixTime,
            now: UnixTime
        ) async throws(StoreError) -> Bool {
            try await write { writer throws(PostgresFailure) in
                try writer.leaseWebhooks(to: holder, until: until, now: now)
            }
        }
    }
#endif
