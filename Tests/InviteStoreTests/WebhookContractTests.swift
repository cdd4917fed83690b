import InviteStore
import Platform
import Testing

@Suite("Webhooks and their deliveries, in every store")
struct WebhookContractTests {
    private let start = Fixture.start

    private func webhook(_ fixture: Fixture, events: [String] = ["invite.*"], tenant: Tenant? = nil) -> WebhookRecord {
        WebhookRecord(
            id: fixture.ids.next(at: start),
            tenant: tenant ?? fixture.tenant,
            events: events,
            description: "the backend",
            sealed: [1, 2, 3],
            createdAt: start
        )
    }

    private func create(
        _ fixture: Fixture,
        _ webhook: WebhookRecord,
        max: Int = 10,
        by: RecordID? = nil,
        claim: IdempotencyClaim? = nil
    ) async throws -> Idempotent<CreateWebhookOutcome> {
        try await fixture.store.createWebhook(
            CreateWebhook(
                webhook: webhook,
                by: by,
                webhooksMax: max,
                claim: claim,
                now: start,
                audit: [fixture.draft("webhook.created")]
            )
        )
    }

    private func change(
        _ fixture: Fixture,
        _ webhook: WebhookRecord,
        by: RecordID? = nil,
        claim: IdempotencyClaim? = nil
    ) async throws -> Idempotent<ChangeWebhookOutcome> {
        try await fixture.store.changeWebhook(
            ChangeWebhook(
                webhook: webhook,
                by: by,
                claim: claim,
                now: start,
                audit: [fixture.draft("webhook.changed")]
            )
        )
    }

    private func made(_ fixture: Fixture, events: [String] = ["invite.*"]) async throws -> WebhookRecord {
        let webhook = webhook(fixture, events: events)
        #expect(try await create(fixture, webhook) == .done(.created))
        return webhook
    }

    private func events(_ fixture: Fixture) async throws -> [String] {
        try await fixture.store.auditChain(1, after: 0, limit: 1000).map(\.draft.type)
    }

    private func delivery(
        _ fixture: Fixture,
        _ status: WebhookDeliveryStatus,
        sequence: Int64 = 1,
        event: RecordID? = nil
    ) -> WebhookDelivery {
        WebhookDelivery(
            event: event ?? fixture.ids.next(at: start),
            type: "invite.created",
            position: TrailPosition(chain: 1, sequence: sequence),
            status: status,
            attempts: 3,
            lastAt: start,
            nextAt: status.isOpen ? start.adding(seconds: 5) : nil,
            responseStatus: status == .delivered ? 204 : nil,
            failure: status == .delivered ? nil : .timeout,
            durationMilliseconds: 12
        )
    }

    private func endpoint(_ fixture: Fixture, _ id: RecordID) async throws -> WebhookEndpoint? {
        try await fixture.store.webhookEndpoints(after: nil, limit: 100).first { $0.record.id == id }
    }

    @Test("A webhook reads back as it was made, for its own tenant alone", arguments: Fixture.Kind.allCases)
    func readBack(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let other = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        var full = webhook(fixture, events: ["*", "key.expiring"])
        full.previousUntil = start.adding(seconds: 9)
        full.disabledAt = start
        full.disabling = .gone
        full.failingSince = start
        let plain = webhook(fixture)
        for webhook in [full, plain] {
            #expect(try await create(fixture, webhook, by: fixture.key.id) == .done(.created))
            #expect(try await fixture.store.webhook(webhook.id, of: fixture.tenant) == webhook)
            #expect(try await fixture.store.webhook(webhook.id, of: other) == nil)
        }
        let page = try await fixture.store.webhooks(of: fixture.tenant, page: PageRequest(limit: 9))
        #expect(page == Page(records: [plain, full], next: nil))
        let first = try await fixture.store.webhooks(of: fixture.tenant, page: PageRequest(limit: 1))
        #expect(first == Page(records: [plain], next: plain.id))
        #expect(try await fixture.store.webhooks(of: other, page: PageRequest(limit: 9)).records.isEmpty)
        #expect(try await events(fixture) == ["webhook.created", "webhook.created"])
    }

    @Test("Of many made at once a tenant keeps as many as it may have", arguments: Fixture.Kind.allCases)
    func limit(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let outcomes = try await withThrowingTaskGroup(of: Idempotent<CreateWebhookOutcome>.self) { group in
            for _ in 0..<20 {
                let webhook = webhook(fixture)
                group.addTask { try await create(fixture, webhook, max: 3) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .done(.created) } == 3)
        #expect(outcomes.count { $0 == .done(.tooManyWebhooks) } == 17)
        #expect(try await events(fixture).count == 3)
        let other = webhook(fixture, tenant: Tenant(workspace: fixture.tenant.workspace, environment: .test))
        #expect(try await create(fixture, other, max: 3) == .done(.created))
    }

    @Test("A key that was ended makes and changes nothing", arguments: Fixture.Kind.allCases)
    func endedKey(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let webhook = try await made(fixture)
        let change = APIKeyChange.revoke(at: start)
        _ = try await fixture.store.changeAPIKey(
            fixture.key.id,
            of: fixture.tenant,
            change: change,
            now: start,
            audit: []
        )
        #expect(try await create(fixture, self.webhook(fixture), by: fixture.key.id) == .done(.keyNotActive))
        #expect(try await self.change(fixture, webhook, by: fixture.key.id) == .done(.keyNotActive))
        #expect(try await events(fixture) == ["webhook.created"])
    }

    @Test("Of two changes on the grounds of one version one is done", arguments: Fixture.Kind.allCases)
    func versions(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        var wanted = try await made(fixture)
        wanted.events = ["key.*"]
        wanted.description = "another"
        wanted.sealed = [9]
        wanted.previousUntil = start
        wanted.disabledAt = start
        wanted.disabling = .owner
        guard case .done(.changed(let changed)) = try await change(fixture, wanted) else {
            Issue.record("not changed")
            return
        }
        var expected = wanted
        expected.version = 2
        #expect(changed == expected)
        #expect(try await fixture.store.webhook(wanted.id, of: fixture.tenant) == expected)
        #expect(try await change(fixture, wanted) == .done(.stale))
        var foreign = expected
        foreign.tenant = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        #expect(try await change(fixture, foreign) == .done(.stale))
        #expect(try await events(fixture) == ["webhook.created", "webhook.changed"])
    }

    @Test("Making and changing under one claim happen once", arguments: Fixture.Kind.allCases)
    func claims(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let end = start.adding(seconds: 60)
        let first = webhook(fixture)
        #expect(try await create(fixture, first, claim: fixture.claim(1, expiresAt: end)) == .done(.created))
        let again = try await create(fixture, webhook(fixture), claim: fixture.claim(1, expiresAt: end))
        #expect(again == .replay(result: [1, 1]))
        let other = try await create(fixture, webhook(fixture), claim: fixture.claim(1, request: 2, expiresAt: end))
        #expect(other == .mismatch)
        guard case .done(.changed) = try await change(fixture, first, claim: fixture.claim(2, expiresAt: end)) else {
            Issue.record("not changed")
            return
        }
        let replayed = try await change(fixture, first, claim: fixture.claim(2, expiresAt: end))
        #expect(replayed == .replay(result: [2, 1]))
        #expect(try await fixture.store.webhooks(of: fixture.tenant, page: PageRequest(limit: 9)).records.count == 1)
    }

    @Test("A webhook starts at the end of the trail, before its own event", arguments: Fixture.Kind.allCases)
    func startsAtTheEnd(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        try await fixture.store.appendAudit([fixture.draft(), fixture.draft()], now: start)
        let webhook = try await made(fixture)
        let endpoint = try #require(try await endpoint(fixture, webhook.id))
        let start = [TrailPosition(chain: 1, sequence: 2)]
        #expect(endpoint == WebhookEndpoint(record: webhook, positions: start, open: []))
        let next = try await fixture.store.auditChain(1, after: 2, limit: 9)
        #expect(next.map(\.draft.type) == ["webhook.created"])
    }

    @Test("Positions only go forward, and what is done is kept to a hundred", arguments: Fixture.Kind.allCases)
    func progress(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let webhook = try await made(fixture)
        func record(_ sequence: Int64, _ delivery: WebhookDelivery?) async throws {
            let positions = [TrailPosition(chain: 1, sequence: sequence), TrailPosition(chain: 2, sequence: 7)]
            let step = WebhookProgress(webhook: webhook.id, positions: positions, delivery: delivery)
            try await fixture.store.recordWebhookProgress([step], now: start)
        }
        try await record(5, nil)
        try await record(3, nil)
        let positions = try await endpoint(fixture, webhook.id)?.positions
        #expect(positions == [TrailPosition(chain: 1, sequence: 5), TrailPosition(chain: 2, sequence: 7)])

        let open = [delivery(fixture, .retrying), delivery(fixture, .queued, sequence: 2)]
        for delivery in open { try await record(5, delivery) }
        var done: [WebhookDelivery] = []
        for number in 0..<103 {
            let delivery = delivery(fixture, number % 2 == 0 ? .delivered : .failed, sequence: Int64(number))
            done.append(delivery)
            try await record(5, delivery)
        }
        #expect(try await endpoint(fixture, webhook.id)?.open == open)
        var listed: [WebhookDelivery] = []
        var page = PageRequest(limit: 40)
        while true {
            let found = try await fixture.store.webhookDeliveries(to: webhook.id, of: fixture.tenant, page: page)
            listed += found.records
            guard let next = found.next else { break }
            page.before = next
        }
        #expect(listed == done.suffix(100).reversed() + open.reversed())
        let other = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        let foreign = try await fixture.store.webhookDeliveries(to: webhook.id, of: other, page: PageRequest(limit: 9))
        #expect(foreign.records.isEmpty)

        var settled = open[0]
        settled.status = .delivered
        settled.nextAt = nil
        try await record(5, settled)
        #expect(try await endpoint(fixture, webhook.id)?.open == [open[1]])
    }

    @Test("Failing begins once, ends with the first success, and with enabling", arguments: Fixture.Kind.allCases)
    func health(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let webhook = try await made(fixture)
        func record(
            _ health: WebhookProgress.Health?,
            _ disabling: WebhookDisabling? = nil
        ) async throws -> WebhookRecord {
            let step = WebhookProgress(
                webhook: webhook.id,
                health: health,
                disabling: disabling,
                audit: [fixture.draft("alert.webhook_disabled")]
            )
            try await fixture.store.recordWebhookProgress([step], now: start.adding(seconds: 4))
            return try #require(try await fixture.store.webhook(webhook.id, of: fixture.tenant))
        }
        #expect(try await record(.failing(since: start)).failingSince == start)
        #expect(try await record(.failing(since: start.adding(seconds: 1))).failingSince == start)
        #expect(try await record(nil).failingSince == start)
        #expect(try await record(.working).failingSince == nil)
        let disabled = try await record(.failing(since: start), .failing)
        #expect(disabled.disabling == .failing && disabled.disabledAt == start.adding(seconds: 4))
        #expect(disabled.version == 2)
        #expect(try await endpoint(fixture, webhook.id) == nil)
        let count = try await events(fixture).count
        #expect(try await record(nil, .gone) == disabled)
        #expect(try await events(fixture).count == count)
        var enabled = disabled
        (enabled.disabledAt, enabled.disabling) = (nil, nil)
        guard case .done(.changed(let now)) = try await change(fixture, enabled) else {
            Issue.record("not changed")
            return
        }
        #expect(now.failingSince == nil && now.disabledAt == nil && now.version == 3)
        #expect(try await endpoint(fixture, webhook.id)?.record == now)
    }

    @Test("A deleted webhook leaves nothing, and what comes later is passed over", arguments: Fixture.Kind.allCases)
    func deletion(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let (gone, stays) = (try await made(fixture), try await made(fixture))
        let other = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        func delete(_ tenant: Tenant) async throws -> Bool {
            let audit = [fixture.draft("webhook.deleted")]
            return try await fixture.store.deleteWebhook(gone.id, of: tenant, now: start, audit: audit)
        }
        let open = delivery(fixture, .retrying)
        let step = WebhookProgress(webhook: gone.id, delivery: open, audit: [fixture.draft("late")])
        try await fixture.store.recordWebhookProgress([step], now: start)
        #expect(try await !delete(other))
        #expect(try await delete(fixture.tenant))
        #expect(try await !delete(fixture.tenant))
        try await fixture.store.recordWebhookProgress(
            [step, WebhookProgress(webhook: stays.id, delivery: open)],
            now: start
        )
        #expect(try await fixture.store.webhook(gone.id, of: fixture.tenant) == nil)
        #expect(try await change(fixture, gone) == .done(.stale))
        #expect(try await endpoint(fixture, stays.id)?.open == [open])
        let page = PageRequest(limit: 9)
        let left = try await fixture.store.webhookDeliveries(to: gone.id, of: fixture.tenant, page: page)
        #expect(left.records.isEmpty)
        #expect(try await events(fixture) == ["webhook.created", "webhook.created", "late", "webhook.deleted"])
    }

    @Test("Endpoints of all tenants are walked through by their ids", arguments: Fixture.Kind.allCases)
    func walk(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let other = Tenant(workspace: fixture.tenant.workspace, environment: .test)
        var all: [WebhookRecord] = []
        for tenant in [fixture.tenant, other, fixture.tenant] {
            let webhook = webhook(fixture, tenant: tenant)
            #expect(try await create(fixture, webhook) == .done(.created))
            all.append(webhook)
        }
        let first = try await fixture.store.webhookEndpoints(after: nil, limit: 2)
        #expect(first.map(\.record) == Array(all.prefix(2)))
        let rest = try await fixture.store.webhookEndpoints(after: first.last?.record.id, limit: 2)
        #expect(rest.map(\.record) == [all[2]])
    }

    @Test("The right to deliver is one process's until its time is over", arguments: Fixture.Kind.allCases)
    func lease(kind: Fixture.Kind) async throws {
        let fixture = try await Fixture.make(kind)
        let (one, two) = (fixture.ids.next(at: start), fixture.ids.next(at: start))
        func lease(_ holder: RecordID, at seconds: Int64) async throws -> Bool {
            let now = start.adding(seconds: seconds)
            return try await fixture.store.leaseWebhooks(to: holder, until: now.adding(seconds: 20), now: now)
        }
        #expect(try await lease(one, at: 0))
        #expect(try await !lease(two, at: 19))
        #expect(try await lease(one, at: 19))
        #expect(try await !lease(two, at: 38))
        #expect(try await lease(two, at: 39))
        #expect(try await !lease(one, at: 40))
    }
}
