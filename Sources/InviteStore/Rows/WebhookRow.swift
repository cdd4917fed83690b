#if SQLite || Postgres
    internal import Platform

    /// The columns of `webhooks`, in the order that is bound and read.
    enum WebhookRow {
        static let columns = """
            id, version, events, description, sealed, previous_until, created_at, disabled_at, disabling, failing_since
            """

    }

    /// The columns of `webhook_deliveries`, in the order that is bound and read.
    enum WebhookDeliveryRow {
        static let columns = """
            event, type, chain, sequence, status, attempts, last_at, next_at, response_status, failure, duration
            """

    }
#endif
