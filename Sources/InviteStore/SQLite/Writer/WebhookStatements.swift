#if SQLite
    /// The writer's statements on endpoints and their deliveries.
    struct WebhookStatements {
        let insert: Statement
        let byID: Statement
        let change: Statement
        let delete: Statement
        let deletePositions: Statement
        let deleteDeliveries: Statement
        let raisePosition: Statement
        let recordDelivery: Statement
        let forgetDeliveries: Statement
        let exists: Statement
        let works: Statement
        let fails: Statement
        let disable: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            insert = try connection.statement(WebhookRow.insert)
            byID = try connection.statement("SELECT \(WebhookRow.columns) FROM webhooks WHERE id = ? AND tenant = ?")
            change = try connection.statement(
                """
                UPDATE webhooks SET version = ?, events = ?, description = ?, sealed = ?, previous_until = ?,
                disabled_at = ?, disabling = ?, failing_since = ? WHERE id = ? AND tenant = ? AND version = ?
                """
            )
            delete = try connection.statement("DELETE FROM webhooks WHERE id = ? AND tenant = ?")
            deletePositions = try connection.statement("DELETE FROM webhook_positions WHERE webhook = ?")
            deleteDeliveries = try connection.statement("DELETE FROM webhook_deliveries WHERE webhook = ?")
            raisePosition = try connection.statement(
                """
                INSERT INTO webhook_positions (webhook, chain, sequence) VALUES (?, ?, ?)
                ON CONFLICT (webhook, chain) DO UPDATE SET sequence = max(sequence, excluded.sequence)
                """
            )
            recordDelivery = try connection.statement(WebhookDeliveryRow.upsert)
            forgetDeliveries = try connection.statement(
                """
                DELETE FROM webhook_deliveries WHERE webhook = ?1 AND status >= 2 AND event <= (SELECT event FROM
                webhook_deliveries WHERE webhook = ?1 AND status >= 2 ORDER BY event DESC LIMIT 1 OFFSET ?2)
                """
            )
            exists = try connection.statement("SELECT 1 FROM webhooks WHERE id = ?")
            works = try connection.statement(
                "UPDATE webhooks SET failing_since = NULL WHERE id = ? AND failing_since IS NOT NULL"
            )
            fails = try connection.statement(
                "UPDATE webhooks SET failing_since = ? WHERE id = ? AND failing_since IS NULL"
            )
            disable = try connection.statement(
                """
                UPDATE webhooks SET disabled_at = ?, disabling = ?, version = version + 1
                WHERE id = ? AND disabled_at IS NULL
                """
            )
        }
    }
#endif
