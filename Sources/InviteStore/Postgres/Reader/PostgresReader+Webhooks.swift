#if Postgres
    internal import Platform

    extension PostgresReader {
        func webhook(_ id: RecordID, of tenant: Tenant) throws(PostgresFailure) -> WebhookRecord? {
            guard let number = try number(of: tenant) else { return nil }
            return try run("SELECT \(WebhookRow.columns) FROM webhooks WHERE id = $1 AND tenant = $2") {
                $0.add(id)
                $0.add(number)
            }.first { $0.webhook(tenant) }
        }

        func webhooks(of tenant: Tenant, page: PageRequest) throws(PostgresFailure) -> Page<WebhookRecord> {
            guard let number = try number(of: tenant) else { return Page(records: [], next: nil) }
            let found = try run(
                "SELECT \(WebhookRow.columns) FROM webhooks WHERE tenant = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
            ) {
                $0.add(number)
                $0.add(page.before ?? .highest)
                $0.add(page.boundedLimit + 1)
            }.all { $0.webhook(tenant) }
            return Page(found, of: page, id: \.id)
        }

        func webhookDeliveries(
            to id: RecordID,
            of tenant: Tenant,
            page: PageRequest
        ) throws(PostgresFailure) -> Page<WebhookDelivery> {
            guard let number = try number(of: tenant) else { return Page(records: [], next: nil) }
            let found = try run(
                """
                SELECT \(WebhookDeliveryRow.columns) FROM webhook_deliveries WHERE webhook = $1 AND event < $2
                AND EXISTS (SELECT 1 FROM webhooks WHERE id = $1 AND tenant = $3) ORDER BY event DESC LIMIT $4
                """
            ) {
                $0.add(id)
                $0.add(page.before ?? .highest)
                $0.add(number)
                $0.add(page.boundedLimit + 1)
            }.all { $0.webhookDelivery() }
            return Page(found, of: page, id: \.event)
        }

        func webhookEndpoints(after id: RecordID?, limit: Int) throws(PostgresFailure) -> [WebhookEndpoint] {
            let which = "WHERE id > $1 AND disabled_at IS NULL ORDER BY id LIMIT $2"
            let bind: (inout PostgresParameters) -> Void = {
                $0.add(id ?? RecordID(high: 0, low: 0))
                $0.add(max(0, limit))
            }
            let columns = PostgresWriter.columns(WebhookRow.columns, of: "h")
            let these = "(SELECT id FROM webhooks \(which))"
            let results = try snapshot([
                PostgresStatement(
                    """
                    SELECT w.id, h.tenant, \(columns) FROM webhooks AS h JOIN workspaces AS w ON w.number = h.tenant >> 1
                    WHERE h.id IN \(these) ORDER BY h.id
                    """,
                    bind
                ),
                PostgresStatement(
                    "SELECT webhook, chain, sequence FROM webhook_positions WHERE webhook IN \(these) ORDER BY chain",
                    bind
                ),
                PostgresStatement(
                    """
                    SELECT webhook, \(WebhookDeliveryRow.columns) FROM webhook_deliveries
                    WHERE webhook IN \(these) AND status < 2 ORDER BY event
                    """,
                    bind
                ),
            ])
            guard results.count == 3 else { throw .connection("the answers are out of step") }
            var positions: [RecordID: [TrailPosition]] = [:]
            for (webhook, position) in try results[1].all({
                ($0.id(), TrailPosition(chain: $0.int64(), sequence: $0.int64()))
            }) { positions[webhook, default: []].append(position) }
            var open: [RecordID: [WebhookDelivery]] = [:]
            for (webhook, delivery) in try results[2].all({ ($0.id(), $0.webhookDelivery()) }) {
                open[webhook, default: []].append(delivery)
            }
            return try results[0].all { row in
                let tenant = Tenant(workspace: row.id(), environment: DeploymentEnvironment(code: row.int64()))
                return row.webhook(tenant)
            }.map { WebhookEndpoint(record: $0, positions: positions[$0.id] ?? [], open: open[$0.id] ?? []) }
        }
    }
#endif
