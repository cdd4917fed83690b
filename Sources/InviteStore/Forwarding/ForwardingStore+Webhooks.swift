#if SQLite || Postgres
    internal import Platform

    extension ForwardingStore {
        package func createWebhook(
            _ command: CreateWebhook
        ) async throws(StoreError) -> Idempotent<CreateWebhookOutcome> {
            try await write(command.claim) { writer throws(Writer.Failure) in try writer.createWebhook(command) }
        }

        package func changeWebhook(
            _ command: ChangeWebhook
        ) async throws(StoreError) -> Idempotent<ChangeWebhookOutcome> {
            try await write(command.claim) { writer throws(Writer.Failure) in try writer.changeWebhook(command) }
        }

        package func deleteWebhook(
            _ id: RecordID,
            of tenant: Tenant,
            now: UnixTime,
            audit: [AuditDraft]
        ) async throws(StoreError) -> Bool {
            try await write { writer throws(Writer.Failure) in
                try writer.deleteWebhook(id, of: tenant, now: now, audit: audit)
            }
        }

        package func webhook(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> WebhookRecord? {
            try await read { reader throws(Reader.Failure) in try reader.webhook(id, of: tenant) }
        }

        package func webhooks(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<WebhookRecord> {
            try await read { reader throws(Reader.Failure) in try reader.webhooks(of: tenant, page: page) }
        }

        package func webhookDeliveries(
            to id: RecordID,
            of tenant: Tenant,
            page: PageRequest
        ) async throws(StoreError) -> Page<WebhookDelivery> {
            try await read { reader throws(Reader.Failure) in
                try reader.webhookDeliveries(to: id, of: tenant, page: page)
            }
        }

        package func webhookEndpoints(
            after id: RecordID?,
            limit: Int
        ) async throws(StoreError) -> [WebhookEndpoint] {
            try await read { reader throws(Reader.Failure) in
                try reader.webhookEndpoints(after: id, limit: limit)
            }
        }

        package func recordWebhookProgress(
            _ progress: [WebhookProgress],
            now: UnixTime
        ) async throws(StoreError) {
            try await write { writer throws(Writer.Failure) in try writer.recordWebhookProgress(progress, now: now) }
        }
    }
#endif
