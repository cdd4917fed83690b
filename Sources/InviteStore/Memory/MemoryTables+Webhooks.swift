internal import Platform

extension MemoryTables {
    mutating func createWebhook(_ command: CreateWebhook) throws(StoreError) -> Idempotent<CreateWebhookOutcome> {
        try admit(rows: 3 + command.audit.count, now: command.now)
        if let earlier: Idempotent<CreateWebhookOutcome> = earlier(command.claim, now: command.now) { return earlier }
        let webhook = command.webhook
        guard workspaces[webhook.tenant.workspace] != nil else { throw .notInitialised }
        guard isActive(command.by, at: command.now) else { return .done(.keyNotActive) }
        guard webhooks[webhook.id] == nil else { throw .unavailable("a webhook with this id is stored already") }
        let count = webhooks.ascending.count { $0.tenant == webhook.tenant }
        guard count < command.webhooksMax else { return .done(.tooManyWebhooks) }
        webhooks[webhook.id] = webhook
        webhookPositions[webhook.id] = [1: auditHead.sequence]
        rows += 2
        record(command.claim)
        append(command.audit)
        return .done(.created)
    }

    mutating func changeWebhook(_ command: ChangeWebhook) throws(StoreError) -> Idempotent<ChangeWebhookOutcome> {
        try admit(rows: 1 + command.audit.count, now: command.now)
        if let earlier: Idempotent<ChangeWebhookOutcome> = earlier(command.claim, now: command.now) { return earlier }
        guard isActive(command.by, at: command.now) else { return .done(.keyNotActive) }
        let wanted = command.webhook
        guard let stored = webhooks[wanted.id], stored.tenant == wanted.tenant, stored.version == wanted.version else {
            return .done(.stale)
        }
        let changed = stored.changed(as: wanted)
        webhooks[wanted.id] = changed
        record(command.claim)
        append(command.audit)
        return .done(.changed(changed))
    }

    mutating func deleteWebhook(
        _ id: RecordID,
        of tenant: Tenant,
        now: UnixTime,
        audit: [AuditDraft]
    ) throws(StoreError) -> Bool {
        try admit(rows: audit.count, now: now)
        guard webhooks[id]?.tenant == tenant else { return false }
        webhooks[id] = nil
        rows -= 1 + (webhookPositions.removeValue(forKey: id)?.count ?? 0)
        rows -= webhookDeliveries.removeValue(forKey: id)?.count ?? 0
        append(audit)
        return true
    }

    func webhook(_ id: RecordID, of tenant: Tenant) throws(StoreError) -> WebhookRecord? {
        try admitRead()
        return webhooks[id].flatMap { $0.tenant == tenant ? $0 : nil }
    }

    func webhooks(of tenant: Tenant, page: PageRequest) throws(StoreError) -> Page<WebhookRecord> {
        try admitRead()
        return webhooks.page(page, id: \.id, where: { $0.tenant == tenant })
    }

    func webhookDeliveries(
        to id: RecordID,
        of tenant: Tenant,
        page: PageRequest
    ) throws(StoreError) -> Page<WebhookDelivery> {
        try admitRead()
        guard webhooks[id]?.tenant == tenant else { return Page(records: [], next: nil) }
        return (webhookDeliveries[id] ?? OrderedTable()).page(page, id: \.event)
    }

    func webhookEndpoints(after id: RecordID?, limit: Int) throws(StoreError) -> [WebhookEndpoint] {
        try admitRead()
        let enabled = webhooks.ascending.filter { webhook in
            webhook.disabledAt == nil && (id.map { $0 < webhook.id } ?? true)
        }
        return enabled.prefix(max(0, limit)).map { webhook in
            WebhookEndpoint(
                record: webhook,
                positions: (webhookPositions[webhook.id] ?? [:]).sorted { $0.key < $1.key }
                    .map { TrailPosition(chain: $0.key, sequence: $0.value) },
                open: (webhookDeliveries[webhook.id]?.ascending ?? []).filter(\.status.isOpen)
            )
        }
    }

    mutating func recordWebhookProgress(_ progress: [WebhookProgress], now: UnixTime) throws(StoreError) {
        try admit(rows: progress.reduce(0) { $0 + 1 + $1.positions.count + $1.audit.count }, now: now)
        for step in progress {
            guard var webhook = webhooks[step.webhook] else { continue }
            for position in step.positions { raise(position, of: step.webhook) }
            if let delivery = step.delivery { store(delivery, to: step.webhook) }
            switch step.health {
            case .working: webhook.failingSince = nil
            case .failing(let since): webhook.failingSince = webhook.failingSince ?? since
            case nil: break
            }
            var changesNothing = false
            if let disabling = step.disabling {
                changesNothing = webhook.disabledAt != nil
                if !changesNothing {
                    (webhook.disabledAt, webhook.disabling) = (now, disabling)
                    webhook.version += 1
                }
            }
            webhooks[step.webhook] = webhook
            if !changesNothing { append(step.audit) }
        }
    }

    private mutating func raise(_ position: TrailPosition, of webhook: RecordID) {
        let old = webhookPositions[webhook, default: [:]].updateValue(position.sequence, forKey: position.chain)
        guard let old else {
            rows += 1
            return
        }
        if old > position.sequence { webhookPositions[webhook]?[position.chain] = old }
    }

    /// Writes a delivery, and forgets the oldest of those that are done and too many.
    private mutating func store(_ delivery: WebhookDelivery, to webhook: RecordID) {
        var table = webhookDeliveries[webhook] ?? OrderedTable()
        let before = table.count
        table[delivery.event] = delivery
        let done = table.ascending.filter { !$0.status.isOpen }
        for old in done.prefix(max(0, done.count - StoreRules.webhookDeliveriesKept)) { table[old.event] = nil }
        rows += table.count - before
        webhookDeliveries[webhook] = table
    }
}
