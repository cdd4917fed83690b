#if SQLite
    internal import Platform

    /// A reader's statements on endpoints and their deliveries.
    struct WebhookReads {
        let byID: Statement
        let page: Statement
        let deliveries: Statement
        let enabled: Statement
        let positions: Statement
        let open: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            byID = try connection.statement("SELECT \(WebhookRow.columns) FROM webhooks WHERE id = ? AND tenant = ?")
            page = try connection.statement(
                "SELECT \(WebhookRow.columns) FROM webhooks WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?"
            )
            deliveries = try connection.statement(
                """
                SELECT \(WebhookDeliveryRow.columns) FROM webhook_deliveries WHERE webhook = ? AND event < ?
                AND EXISTS (SELECT 1 FROM webhooks WHERE id = ? AND tenant = ?) ORDER BY event DESC LIMIT ?
                """
            )
            let columns = WebhookRow.columns.split(separator: ",").map { "h." + $0.filter { $0 != " " } }
            enabled = try connection.statement(
                """
                SELECT w.id, h.tenant, \(columns.joined(separator: ", ")) FROM webhooks AS h
                JOIN workspaces AS w ON w.number = h.tenant >> 1
                WHERE h.id > ? AND h.disabled_at IS NULL ORDER BY h.id LIMIT ?
                """
            )
            positions = try connection.statement(
                "SELECT chain, sequence FROM webhook_positions WHERE webhook = ? ORDER BY chain"
            )
            open = try connection.statement(
                """
                SELECT \(WebhookDeliveryRow.columns) FROM webhook_deliveries
                WHERE webhook = ? AND status < 2 ORDER BY event
                """
            )
        }
    }

    extension Reader {
        func webhook(_ id: RecordID, of tenant: Tenant) throws(SQLiteFailure) -> WebhookRecord? {
            guard let number = try number(of: tenant) else { return nil }
            return try webhooks.byID.first {
                $0.add(id)
                $0.add(number)
            } _: { row in
                row.webhook(tenant)
            }
        }

        func webhooks(of tenant: Tenant, page: PageRequest) throws(SQLiteFailure) -> Page<WebhookRecord> {
            guard let number = try number(of: tenant) else { return Page(records: [], next: nil) }
            let found = try webhooks.page.all {
                $0.add(number)
                $0.add(page.before ?? .highest)
                $0.add(page.boundedLimit + 1)
            } _: { row in
                row.webhook(tenant)
            }
            return Page(found, of: page, id: \.id)
        }

        func webhookDeliveries(
            to id: RecordID,
            of tenant: Tenant,
            page: PageRequest
        ) throws(SQLiteFailure) -> Page<WebhookDelivery> {
            guard let number = try number(of: tenant) else { return Page(records: [], next: nil) }
            let found = try webhooks.deliveries.all {
                $0.add(id)
                $0.add(page.before ?? .highest)
                $0.add(id)
                $0.add(number)
                $0.add(page.boundedLimit + 1)
            } _: { row in
                row.webhookDelivery()
            }
            return Page(found, of: page, id: \.event)
        }

        func webhookEndpoints(after id: RecordID?, limit: Int) throws(SQLiteFailure) -> [WebhookEndpoint] {
            try snapshot { () throws(SQLiteFailure) in
                let records = try webhooks.enabled.all {
                    $0.add(id ?? RecordID(high: 0, low: 0))
                    $0.add(max(0, limit))
                } _: { row in
                    let tenant = Tenant(workspace: row.id(), environment: DeploymentEnvironment(code: row.int64()))
                    return row.webhook(tenant)
                }
                var endpoints: [WebhookEndpoint] = []
                for record in records {
                    let positions = try webhooks.positions.all {
                        $0.add(record.id)
                    } _: { row in
                        TrailPosition(chain: row.int64(), sequence: row.int64())
                    }
                    let open = try webhooks.open.all {
                        $0.add(record.id)
                    } _: { row in
                        row.webhookDelivery()
                    }
                    endpoints.append(WebhookEndpoint(record: record, positions: positions, open: open))
                }
                return endpoints
            }
        }
    }
#endif
