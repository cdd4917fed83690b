#if SQLite
    internal import Platform

    extension Writer {
        /// The row count of the INSERT decides.
        func createWebhook(_ command: CreateWebhook) throws(SQLiteFailure) -> Idempotent<CreateWebhookOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<CreateWebhookOutcome> = try earlier(command.claim, now: command.now) {
                return earlier
            }
            let webhook = command.webhook
            guard let tenant = try number(of: webhook.tenant) else { throw .refused(.notInitialised) }
            guard try isActive(command.by, at: command.now) else { return .done(.keyNotActive) }
            let inserted = try webhooks.insert.run {
                WebhookRow.bind(webhook, tenant: tenant, to: &$0)
                $0.add(tenant)
                $0.add(command.webhooksMax)
            }
            guard inserted == 1 else { return .done(.tooManyWebhooks) }
            let start = state.chain.lastSequence
            try webhooks.raisePosition.run {
                $0.add(webhook.id)
                $0.add(AuditChain.number)
                $0.add(start)
            }
            try record(command.claim, now: command.now)
            try append(command.audit)
            return .done(.created)
        }

        /// Compares and sets: the version must still be the one that the change is based on.
        func changeWebhook(_ command: ChangeWebhook) throws(SQLiteFailure) -> Idempotent<ChangeWebhookOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<ChangeWebhookOutcome> = try earlier(command.claim, now: command.now) {
                return earlier
            }
            guard try isActive(command.by, at: command.now) else { return .done(.keyNotActive) }
            let wanted = command.webhook
            guard let tenant = try number(of: wanted.tenant) else { return .done(.stale) }
            let stored = try webhooks.byID.first {
                $0.add(wanted.id)
                $0.add(tenant)
            } _: { row in
                row.webhook(wanted.tenant)
            }
            guard let stored, stored.version == wanted.version else { return .done(.stale) }
            let changed = stored.changed(as: wanted)
            let written = try webhooks.change.run {
                $0.add(changed.version)
                $0.add(ListCodec.encode(changed.events))
                $0.add(changed.description)
                $0.add(changed.sealed)
                $0.add(changed.previousUntil)
                $0.add(changed.disabledAt)
                $0.add(changed.disabling?.rawValue)
                $0.add(changed.failingSince)
                $0.add(stored.id)
                $0.add(tenant)
                $0.add(stored.version)
            }
            guard written == 1 else { throw .damaged("a webhook changed inside a transaction") }
            try record(command.claim, now: command.now)
            try append(command.audit)
            return .done(.changed(changed))
        }

        func deleteWebhook(
            _ id: RecordID,
            of tenant: Tenant,
            now: UnixTime,
            audit: [AuditDraft]
        ) throws(SQLiteFailure) -> Bool {
            try admit(now)
            guard let number = try number(of: tenant) else { return false }
            let deleted = try webhooks.delete.run {
                $0.add(id)
                $0.add(number)
            }
            guard deleted == 1 else { return false }
            try webhooks.deletePositions.run { $0.add(id) }
            try webhooks.deleteDeliveries.run { $0.add(id) }
            try append(audit)
            return true
        }

        func recordWebhookProgress(_ progress: [WebhookProgress], now: UnixTime) throws(SQLiteFailure) {
            try admit(now)
            for step in progress {
                guard try webhooks.exists.first({ $0.add(step.webhook) }, { row in row.int64() }) != nil else {
                    continue
                }
                for position in step.positions {
                    try webhooks.raisePosition.run {
                        $0.add(step.webhook)
                        $0.add(position.chain)
                        $0.add(position.sequence)
                    }
                }
                if let delivery = step.delivery { try store(delivery, to: step.webhook) }
                try set(step.health, of: step.webhook)
                if let disabling = step.disabling {
                    let disabled = try webhooks.disable.run {
                        $0.add(now)
                        $0.add(disabling.rawValue)
                        $0.add(step.webhook)
                    }
                    guard disabled == 1 else { continue }
                }
                try append(step.audit)
            }
        }

        /// Writes a delivery, and forgets the oldest of those that are done and too many.
        private func store(_ delivery: WebhookDelivery, to webhook: RecordID) throws(SQLiteFailure) {
            try webhooks.recordDelivery.run { WebhookDeliveryRow.bind(delivery, to: webhook, &$0) }
            guard !delivery.status.isOpen else { return }
            try webhooks.forgetDeliveries.run {
                $0.add(webhook)
                $0.add(StoreRules.webhookDeliveriesKept)
            }
        }

        private func set(_ health: WebhookProgress.Health?, of webhook: RecordID) throws(SQLiteFailure) {
            switch health {
            case .working: try webhooks.works.run { $0.add(webhook) }
            case .failing(let since):
                try webhooks.fails.run {
                    $0.add(since)
                    $0.add(webhook)
                }
            case nil: return
            }
        }
    }
#endif
