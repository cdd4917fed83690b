import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import Synchronization
import Telemetry

/// Tells endpoints of events: reads the audit trail behind what each endpoint was told, and sends what it finds.
///
/// At least once: how far an endpoint has come is stored after it took an event, so that a crash in between tells it
/// again. Tries run beside each other, bounded by ``WebhookPlan``; all that decides runs here, one turn at a time. Of
/// several processes on one store the one with the lease works.
package actor WebhookWorker {
    private static let leaseSeconds: Int64 = 20
    /// How often the lease is prolonged, endpoints are read anew, and progress without tries is stored.
    private static let leaseEverySeconds: Int64 = 5
    private static let loadEverySeconds: Int64 = 30
    private static let saveEverySeconds: Int64 = 30
    /// Stretches of the trail read in one turn for each chain.
    private static let readsPerTurn = 8
    private static let endpointsPerRead = 500
    /// Endpoints whose progress is stored in one transaction.
    private static let progressPerCommit = 256

    private let services: Services
    private let transport: any WebhookTransport
    private let holder: RecordID
    private let results = Mutex<[(WebhookTry, WebhookOutcome, UnixTime?)]>([])

    private var plan = WebhookPlan()
    private var chains: [Int64] = []
    /// What the store did not take yet; nothing new is tried before it does.
    private var unsaved: [WebhookProgress] = []
    private var leaseUntil = UnixTime(milliseconds: .min)
    private var loadedAt = UnixTime(milliseconds: .min)
    private var savedAt = UnixTime(milliseconds: .min)
    private var isStopping = false

    package init(services: Services, transport: any WebhookTransport) {
        self.services = services
        self.transport = transport
        holder = services.identifiers.next(at: services.time.now())
    }

    private var desk: WebhookDesk { services.webhooks }

    /// Works until the task is cancelled: a turn whenever the bell rings, and twice a second.
    nonisolated package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [doorbell = services.webhooks.doorbell] in
                while !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(500))
                    doorbell.ring()
                }
            }
            for await _ in services.webhooks.doorbell.rings {
                if Task.isCancelled { break }
                await turn()
            }
            group.cancelAll()
        }
    }

    /// Begins nothing more, waits a little for what is under way, and stores how far everybody has come.
    ///
    /// - Parameter run: the task of ``run()``, cancelled.
    package func stop(after run: Task<Void, Never>, waitMilliseconds: Int) async {
        isStopping = true
        await run.value
        var waited = 0
        while plan.inFlightCount > 0, waited < waitMilliseconds {
            try? await Task.sleep(for: .milliseconds(20))
            waited += 20
            await turn()
        }
        unsaved += plan.takeProgress()
        await save()
    }

    /// Everything that can be done at this instant; true where something is under way or waits to be read.
    @discardableResult
    package func turn() async -> Bool {
        let now = services.time.now()
        collect(now)
        guard await save(), await hold(now) else { return plan.inFlightCount > 0 }
        await load(now)
        var hasMore = false
        if !plan.isEmpty, !isStopping { hasMore = await read(now) }
        if now >= savedAt.adding(seconds: Self.saveEverySeconds) {
            unsaved += plan.takeProgress()
            savedAt = now
            await save()
        }
        if unsaved.isEmpty, !isStopping { for attempt in plan.begin(now: now) { begin(attempt) } }
        desk.metrics.observe(plan)
        if hasMore { desk.doorbell.ring() }
        return hasMore || plan.inFlightCount > 0 || !results.withLock(\.isEmpty)
    }

    // MARK: Steps of a turn

    /// Ends the tries that came back.
    private func collect(_ now: UnixTime) {
        let finished = results.withLock { results in
            defer { results = [] }
            return results
        }
        for (attempt, outcome, eventAt) in finished {
            let jitter = Double(services.random.words().0 >> 11) / Double(UInt64(1) << 53)
            var progress = plan.finish(attempt, outcome, eventAt: eventAt, now: now, jitter: jitter)
            if let delivery = progress.delivery { desk.metrics.counted(delivery) }
            if let disabling = progress.disabling {
                progress.audit = [disabledAudit(attempt.record, disabling, now)]
                desk.metrics.switchedOff()
                desk.changed()
                let name = TypeID.text(.webhook, attempt.record.id)
                services.log.warning(
                    "webhook disabled",
                    ["webhook_id": .string(name), "reason": .string(disabling.rawValue)]
                )
            }
            unsaved.append(progress)
        }
    }

    /// Stores what became of tries; false where the store does not take it, and then nothing new is begun.
    @discardableResult
    private func save() async -> Bool {
        while !unsaved.isEmpty {
            let step = Array(unsaved.prefix(Self.progressPerCommit))
            do {
                try await services.store.recordWebhookProgress(step, now: services.time.now())
                unsaved.removeFirst(step.count)
            } catch {
                services.log.error("webhook progress not stored", ["error": .string("\(error)")])
                return false
            }
        }
        return true
    }

    /// Whether this process may deliver.
    private func hold(_ now: UnixTime) async -> Bool {
        if now < leaseUntil.adding(seconds: Self.leaseEverySeconds - Self.leaseSeconds) { return true }
        let until = now.adding(seconds: Self.leaseSeconds)
        do {
            if try await services.store.leaseWebhooks(to: holder, until: until, now: now) {
                leaseUntil = until
                return true
            }
        } catch {
            services.log.error("webhook lease not held", ["error": .string("\(error)")])
            if now < leaseUntil { return true }
        }
        plan.clear()
        loadedAt = UnixTime(milliseconds: .min)
        return false
    }

    /// Reads the endpoints where one may have changed.
    private func load(_ now: UnixTime) async {
        guard desk.takeStale() || now >= loadedAt.adding(seconds: Self.loadEverySeconds) else { return }
        do {
            var endpoints: [WebhookEndpoint] = []
            var after: RecordID?
            repeat {
                let read = try await services.store.webhookEndpoints(after: after, limit: Self.endpointsPerRead)
                endpoints += read
                after = read.count == Self.endpointsPerRead ? read.last?.record.id : nil
            } while after != nil && endpoints.count < ServiceLimits.webhookEndpointsMax
            if after != nil { services.log.error("too many webhooks: some are not told of anything") }
            if !endpoints.isEmpty { chains = try await services.store.auditChains().map(\.chain) }
            plan.load(endpoints)
            loadedAt = now
        } catch {
            services.log.error("webhooks not read", ["error": .string("\(error)")])
            desk.markStale()
        }
    }

    /// Reads what follows in the trail; true where there is more.
    private func read(_ now: UnixTime) async -> Bool {
        var hasMore = false
        for chain in chains {
            for _ in 0..<Self.readsPerTurn {
                hasMore = false
                for sequence in plan.readings(of: chain) {
                    do {
                        let limit = ServiceLimits.webhookReadMax
                        let events = try await services.store.auditChain(chain, after: sequence, limit: limit)
                        desk.metrics.expired(plan.take(events, of: chain, after: sequence, now: now))
                        hasMore = hasMore || events.count == limit
                    } catch {
                        services.log.error("audit trail not read", ["error": .string("\(error)")])
                        return false
                    }
                }
                if !hasMore { break }
            }
        }
        return hasMore
    }

    // MARK: Tries

    /// Has one message sent, and its result looked at in a later turn.
    private func begin(_ attempt: WebhookTry) {
        Task.detached { [self] in
            let (outcome, eventAt) = await send(attempt)
            results.withLock { $0.append((attempt, outcome, eventAt)) }
            services.webhooks.doorbell.ring()
        }
    }

    nonisolated private func send(_ attempt: WebhookTry) async -> (WebhookOutcome, UnixTime?) {
        let unreachable = WebhookOutcome(status: nil, failure: .unreachable)
        var event = attempt.event
        if event == nil {
            let position = attempt.delivery.position
            do {
                let found = try await services.store.auditChain(position.chain, after: position.sequence - 1, limit: 1)
                event = found.first.flatMap { $0.draft.id == attempt.delivery.event ? $0.draft : nil }
            } catch {
                services.log.error("audit trail not read", ["error": .string("\(error)")])
                return (unreachable, services.time.now())
            }
        }
        guard let event else { return (WebhookOutcome(status: nil, failure: .eventExpired), nil) }
        let name = TypeID.text(.webhook, attempt.record.id)
        guard let secrets = services.webhooks.sealer.open(attempt.record) else {
            services.log.error("webhook can not be opened", ["webhook_id": .string(name)])
            return (unreachable, event.at)
        }
        do {
            // Once more: what may be reached is the operator's choice, and may have changed.
            let url = try WebhookURL(secrets.url, rules: services.webhooks.rules)
            let now = services.time.now()
            let message = try WebhookMessage(event, to: attempt.record, secrets: secrets, url: url, now: now)
            let outcome = await transport.send(message)
            if let failure = outcome.failure {
                services.log.info(
                    "webhook delivery failed",
                    [
                        "webhook_id": .string(name), "event_id": .string(TypeID.text(.event, event.id)),
                        "reason": .string(failure.rawValue), "status": .integer(outcome.status ?? 0),
                    ]
                )
            }
            return (outcome, event.at)
        } catch is Problem {
            return (WebhookOutcome(status: nil, failure: .addressRefused), event.at)
        } catch {
            return (unreachable, event.at)
        }
    }

    private func disabledAudit(_ webhook: WebhookRecord, _ reason: WebhookDisabling, _ now: UnixTime) -> AuditDraft {
        var detail = JSONWriter(capacity: 64)
        detail.beginObject()
        detail.member("reason", reason.rawValue)
        detail.endObject()
        return AuditDraft(
            id: services.identifiers.next(at: now),
            type: "alert.webhook_disabled",
            at: now,
            tenant: webhook.tenant,
            actor: "service",
            target: TypeID.text(.webhook, webhook.id),
            requestID: TypeID.text(.request, services.identifiers.next(at: now)),
            detail: detail.bytes
        )
    }
}
