#if SQLite
    internal import Platform

    extension WebhookRow {
        /// Inserts unless the tenant has as many as the last parameter says; bind the tenant again before it.
        static let insert = """
            INSERT INTO webhooks (tenant, \(columns)) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
            WHERE (SELECT count(*) FROM webhooks WHERE tenant = ?) < ?
            """

        static func bind(_ webhook: WebhookRecord, tenant: Int64, to binder: inout Binder) {
            binder.add(tenant)
            binder.add(webhook.id)
            binder.add(webhook.version)
            binder.add(ListCodec.encode(webhook.events))
            binder.add(webhook.description)
            binder.add(webhook.sealed)
            binder.add(webhook.previousUntil)
            binder.add(webhook.createdAt)
            binder.add(webhook.disabledAt)
            binder.add(webhook.disabling?.rawValue)
            binder.add(webhook.failingSince)
        }
    }

    extension WebhookDeliveryRow {
        static let upsert = """
            INSERT OR REPLACE INTO webhook_deliveries (webhook, \(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """

        static func bind(_ delivery: WebhookDelivery, to webhook: RecordID, _ binder: inout Binder) {
            binder.add(webhook)
            binder.add(delivery.event)
            binder.add(delivery.type)
            binder.add(delivery.position.chain)
            binder.add(delivery.position.sequence)
            binder.add(delivery.status.rawValue)
            binder.add(delivery.attempts)
            binder.add(delivery.lastAt)
            binder.add(delivery.nextAt)
            binder.add(optional: delivery.responseStatus)
            binder.add(delivery.failure?.rawValue)
            binder.add(optional: delivery.durationMilliseconds)
        }
    }

    extension Binder {
        /// A number, or NULL.
        fileprivate mutating func add(optional value: Int?) {
            if let value { add(value) } else { addNull() }
        }
    }
#endif
