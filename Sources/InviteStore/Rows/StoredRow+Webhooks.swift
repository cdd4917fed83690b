#if SQLite || Postgres
    internal import Platform

    extension StoredRow where Self: ~Copyable {
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
