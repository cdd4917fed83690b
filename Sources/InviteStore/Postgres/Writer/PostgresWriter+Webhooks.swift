#if Postgres
    internal import Platform

    extension PostgresWriter {
        /// Endpoints are counted with their workspace's row locked.
        func createWebhook(_ command: CreateWebhook) throws(PostgresFailure) -> Idempotent<CreateWebhookOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<CreateWebhookOutcome> = earlier(command.claim, now: command.now) {
                return earlier
            }
            let webhook = command.webhook
            guard let tenant = try lockedNumber(of: webhook.tenant) else { throw .refused(.notInitialised) }
            guard try isActive(command.by, at: command.now) else { return .done(.keyNotActive) }
            let count = try run("SELECT count(*) FROM webhooks WHERE tenant = $1") { $0.add(tenant) }.first { $0.int() }
            guard (count ?? .max) < command.webhooksMax else { return .done(.tooManyWebhooks) }
            try write(
                """
                INSERT INTO webhooks (tenant, \(WebhookRow.columns))
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                """
            ) {
                $0.add(tenant)
                $0.add(webhook.id)
                $0.add(webhook.version)
                $0.add(ListCodec.encode(webhook.events))
                $0.add(webhook.description)
                $0.add(webhook.sealed)
                $0.add(webhook.previousUntil)
                $0.add(webhook.createdAt)
                $0.add(webhook.disabledAt)
                $0.add(webhook.disabling?.rawValue)
                $0.add(webhook.failingSince)
            }
            try startAtEnds(webhook.id)
            record(command.claim, now: command.now)
            append(command.audit)
            return .done(.created)
        }

        /// Puts what every chain has by now behind the endpoint; of this writer's own that is more than is stored yet.
        private func startAtEnds(_ webhook: RecordID) throws(PostgresFailure) {
            var ends: [Int64: Int64] = [:]
            let stored = try run(
                """
                SELECT n.chain, COALESCE((SELECT max(e.sequence) FROM audit_events AS e WHERE e.chain = n.chain), 0)
                FROM (\(PostgresReader.chainNumbers)) AS n
                """
            ).all { ($0.int64(), $0.int64()) }
            for (chain, sequence) in stored { ends[chain] = sequence }
            ends[seat.chain] = state.sequence
            try raisePositions(of: webhook, to: ends.map { TrailPosition(chain: $0.key, sequence: $0.value) })
        }

        private func raisePositions(of webhook: RecordID, to positions: [TrailPosition]) throws(PostgresFailure) {
            guard !positions.isEmpty else { return }
            var highest: [Int64: Int64] = [:]
            for position in positions {
                highest[position.chain] = max(highest[position.chain] ?? 0, position.sequence)
            }
            let rows = highest.sorted { $0.key < $1.key }
            try write(
                """
                INSERT INTO webhook_positions AS p (webhook, chain, sequence) SELECT $1, * FROM unnest($2, $3)
                ON CONFLICT (webhook, chain) DO UPDATE SET sequence = GREATEST(p.sequence, excluded.sequence)
                """
            ) {
                $0.add(webhook)
                $0.add(each: rows, \.key)
                $0.add(each: rows, \.value)
            }
        }

        /// Compares and sets: the version must still be the one that the change is based on.
        func changeWebhook(_ command: ChangeWebhook) throws(PostgresFailure) -> Idempotent<ChangeWebhookOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<ChangeWebhookOutcome> = earlier(command.claim, now: command.now) {
                return earlier
            }
            guard try isActive(command.by, at: command.now) else { return .done(.keyNotActive) }
            let wanted = command.webhook
            guard let tenant = try number(of: wanted.tenant) else { return .done(.stale) }
            let stored = try run(
                "SELECT \(WebhookRow.columns) FROM webhooks WHERE id = $1 AND tenant = $2 FOR UPDATE"
            ) {
                $0.add(wanted.id)
                $0.add(tenant)
            }.first { $0.webhook(wanted.tenant) }
            guard let stored, stored.version == wanted.version else { return .done(.stale) }
            let changed = stored.changed(as: wanted)
            let written = try write(
                """
                UPDATE webhooks SET version = $1, events = $2, description = $3, sealed = $4, previous_until = $5,
                disabled_at = $6, disabling = $7, failing_since = $8 WHERE id = $9 AND version = $10
                """
            ) {
                $0.add(changed.version)
                $0.add(ListCodec.encode(changed.events))
                $0.add(changed.description)
                $0.add(changed.sealed)
                $0.add(changed.previousUntil)
                $0.add(changed.disabledAt)
                $0.add(changed.disabling?.rawValue)
                $0.add(changed.failingSince)
                $0.add(stored.id)
                $0.add(stored.version)
            }
            guard written == 1 else { throw .overtaken }
            record(command.claim, now: command.now)
            append(command.audit)
            return .done(.changed(changed))
        }

        func deleteWebhook(
            _ id: RecordID,
            of tenant: Tenant,
            now: UnixTime,
            audit: [AuditDraft]
        ) throws(PostgresFailure) -> Bool {
            try admit(now)
            guard let number = try number(of: tenant) else { return false }
            let deleted = try write("DELETE FROM webhooks WHERE id = $1 AND tenant = $2") {
                $0.add(id)
                $0.add(number)
            }
            guard deleted == 1 else {
                batch.hasWritten = false
                return false
            }
            try write("DELETE FROM webhook_positions WHERE webhook = $1") { $0.add(id) }
            try write("DELETE FROM webhook_deliveries WHERE webhook = $1") { $0.add(id) }
            append(audit)
            return true
        }

        /// Locks the endpoints first, in one order, so that one which is gone stays gone until the commit.
        func recordWebhookProgress(_ progress: [WebhookProgress], now: UnixTime) throws(PostgresFailure) {
            try admit(now)
            let wanted = Array(Set(progress.map(\.webhook)))
            let there = Set(
                try run("SELECT id FROM webhooks WHERE id = ANY($1) ORDER BY id FOR UPDATE") {
                    $0.add(each: wanted)
                }.all { $0.id() }
            )
            for step in progress where there.contains(step.webhook) {
                try raisePositions(of: step.webhook, to: step.positions)
                if let delivery = step.delivery { try store(delivery, to: step.webhook) }
                try set(step.health, of: step.webhook)
                if let disabling = step.disabling {
                    let disabled = try write(
                        """
                        UPDATE webhooks SET disabled_at = $1, disabling = $2, version = version + 1
                        WHERE id = $3 AND disabled_at IS NULL
                        """
                    ) {
                        $0.add(now)
                        $0.add(disabling.rawValue)
                        $0.add(step.webhook)
                    }
                    guard disabled == 1 else { continue }
                }
                append(step.audit)
            }
        }

        /// Writes a delivery, and forgets the oldest of those that are done and too many.
        private func store(_ delivery: WebhookDelivery, to webhook: RecordID) throws(PostgresFailure) {
            try write(
                """
                INSERT INTO webhook_deliveries (webhook, \(WebhookDeliveryRow.columns))
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                ON CONFLICT (webhook, event) DO UPDATE SET type = excluded.type, chain = excluded.chain,
                sequence = excluded.sequence, status = excluded.status, attempts = excluded.attempts,
                last_at = excluded.last_at, next_at = excluded.next_at, response_status = excluded.response_status,
                failure = excluded.failure, duration = excluded.duration
                """
            ) {
                $0.add(webhook)
                $0.add(delivery.event)
                $0.add(delivery.type)
                $0.add(delivery.position.chain)
                $0.add(delivery.position.sequence)
                $0.add(delivery.status.rawValue)
                $0.add(delivery.attempts)
                $0.add(delivery.lastAt)
                $0.add(delivery.nextAt)
                $0.add(delivery.responseStatus)
                $0.add(delivery.failure?.rawValue)
                $0.add(delivery.durationMilliseconds)
            }
            guard !delivery.status.isOpen else { return }
            try write(
                """
                DELETE FROM webhook_deliveries WHERE webhook = $1 AND status >= 2 AND event <=
                (SELECT event FROM webhook_deliveries WHERE webhook = $1 AND status >= 2
                ORDER BY event DESC OFFSET $2 LIMIT 1)
                """
            ) {
                $0.add(webhook)
                $0.add(StoreRules.webhookDeliveriesKept)
            }
        }

        private func set(_ health: WebhookProgress.Health?, of webhook: RecordID) throws(PostgresFailure) {
            switch health {
            case .working:
                try write("UPDATE webhooks SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL") {
                    $0.add(webhook)
                }
            case .failing(let since):
                try write("UPDATE webhooks SET failing_since = $1 WHERE id = $2 AND failing_since IS NULL") {
                    $0.add(since)
                    $0.add(webhook)
                }
            case nil: return
            }
        }

        /// The row count decides which replica delivers.
        func leaseWebhooks(to holder: RecordID, until: UnixTime, now: UnixTime) throws(PostgresFailure) -> Bool {
            try admit(now)
            let granted = try write(
                """
                INSERT INTO webhook_lease AS l (id, holder, until) VALUES (1, $1, $2)
                ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until = excluded.until
                WHERE l.holder = excluded.holder OR l.until <= $3
                """
            ) {
                $0.add(holder)
                $0.add(until)
                $0.add(now)
            }
            guard granted == 1 else {
                batch.hasWritten = false
                return false
            }
            return true
        }
    }
#endif
