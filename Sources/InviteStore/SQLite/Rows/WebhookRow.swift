#if SQLite
    internal import Platform

    /// The columns of `webhooks`, in the order that is bound and read.
    enum WebhookRow {
        static let columns = """
            id, version, events, description, sealed, previous_until, created_at, disabled_at, disabling, failing_since
            """

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

    /// The columns of `webhook_deliveries`, in the order that is bound and read.
    enum WebhookDeliveryRow {
        static let columns = """
            event, type, chain, sequence, status, attempts, last_at, next_at, response_status, failure, duration
            """

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

    extension Row {
        mutating func webhook(_ tenant: Tenant) -> WebhookRecord {
            let (id, version) = (id(), int64())
            let events = ListCodec.decode(bytes())
            if events == nil { markDamaged() }
            return WebhookRecord(
                id: id,
                tenant: tenant,
                version: version,
                events: events ?? [],
                description: text(),
                sealed: bytes(),
                previousUntil: optionalTime(),
                createdAt: time(),
                disabledAt: optionalTime(),
                disabling: optionalText().flatMap(WebhookDisabling.init),
                failingSince: optionalTime()
            )
        }

        mutating func webhookDelivery() -> WebhookDelivery {
            let (event, type) = (id(), text())
            let position = TrailPosition(chain: int64(), sequence: int64())
            let status = WebhookDeliveryStatus(rawValue: int64())
            if status == nil { markDamaged() }
            return WebhookDelivery(
                event: event,
                type: type,
                position: position,
                status: status ?? .failed,
                attempts: int(),
                lastAt: optionalTime(),
                nextAt: optionalTime(),
                responseStatus: optionalInt64().map(Int.init),
                failure: optionalText().flatMap(WebhookFailure.init),
                durationMilliseconds: optionalInt64().map(Int.init)
            )
        }
    }
#endif
