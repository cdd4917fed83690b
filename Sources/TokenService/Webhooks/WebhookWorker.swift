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

    /// What came of an attempt to try.
    private enum Result: Sendable {
        case tried(WebhookOutcome, eventAt: UnixTime)
        /// The event is no longer in the trail.
        case eventGone
        /// Nothing was sent, for the endpoint is switched off or gone.
        case abandoned
        /// Nothing was sent, for the store could not be asked.
        case storeFailed
    }

    private let services: Services
    private let transport: any WebhookTransport
    private let holder: RecordID
    private let results = Mutex<[(WebhookTry, Result)]>([])

    private var plan = WebhookPlan()
    private var chains: [Int64] = []
    /// What the store did not take yet; nothing new is tried before it does.
    private var unsaved: [WebhookProgress] = []
    private var leaseUntil = UnixTime(milliseconds: .min)
    private var loadedAt = UnixTime(milliseconds: .min)
    private var savedAt = UnixTime(milliseconds: .min)
    /// Until when nothing is tried, because the store failed a moment ago.
    private var pausedUntil = UnixTime(milliseconds: .min)
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
        if unsaved.isEmpty, !isStopping, now >= pausedUntil { for attempt in plan.begin(now: now) { begin(attempt) } }
        desk.metrics.observe(plan)
        if hasMore { desk.doorbell.ring() }
        return hasMore || plan.inFlightCount > 0 || !results.withLock(\.isEmpty)
    }

    // MARK: Steps of a turn

    private func pause(_ now: UnixTime) { pausedUntil = now.adding(seconds: 1) }

    /// Ends the tries that came back.
    private func collect(_ now: UnixTime) {
        let finished = results.withLock { results in
            defer { results = [] }
            return results
        }
        for (attempt, result) in finished {
            let outcome: WebhookOutcome
            var eventAt: UnixTime?
            switch result {
            case .tried(let tried, let at): (outcome, eventAt) = (tried, at)
            case .eventGone: outcome = WebhookOutcome(status: nil, failure: .eventExpired)
            case .abandoned, .storeFailed:
                plan.abandon(attempt)
                desk.markStale()
                if case .storeFailed = result { pause(now) }
                continue
            }
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
            pause(now)
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
        services.background.start("webhook") { [self] in
            let result = await send(attempt)
            results.withLock { $0.append((attempt, result)) }
            services.webhooks.doorbell.ring()
        }
    }

    nonisolated private func send(_ attempt: WebhookTry) async -> Result {
        let webhook: WebhookRecord
        let event: AuditDraft
        do {
            // As it is now: a secret that was rotated signs from the answer on, and who was removed hears no more.
            let id = attempt.record.id
            let stored = try await services.store.webhook(id, of: attempt.record.tenant)
            guard let stored, stored.disabledAt == nil else { return .abandoned }
            webhook = stored
            if let read = attempt.event {
                event = read
            } else {
                let position = attempt.delivery.position
                let found = try await services.store.auditChain(position.chain, after: position.sequence - 1, limit: 1)
                guard let draft = found.first?.draft, draft.id == attempt.delivery.event else { return .eventGone }
                event = draft
            }
        } catch {
            services.log.error("webhook not tried", ["error": .string("\(error)")])
            return .storeFailed
        }
        let outcome = await send(event, to: webhook)
        if let failure = outcome.failure {
            services.log.info(
                "webhook delivery failed",
                [
                    "webhook_id": .string(TypeID.text(.webhook, webhook.id)),
                    "event_id": .string(TypeID.text(.event, event.id)), "reason": .string(failure.rawValue),
                    "status": .integer(outcome.status ?? 0),
                ]
            )
        }
        return .tried(outcome, eventAt: event.at)
    }

    nonisolated private func send(_ event: AuditDraft, to webhook: WebhookRecord) async -> WebhookOutcome {
        guard let secrets = services.webhooks.sealer.open(webhook) else {
            let name = TypeID.text(.webhook, webhook.id)
            services.log.error("webhook can not be opened", ["webhook_id": .string(name)])
            return WebhookOutcome(status: nil, failure: .unreachable)
        }
        do {
            // Once more: what may be reached is the operator's choice, and may have changed.
            let url = try WebhookURL(secrets.url, rules: services.webhooks.rules)
            let now = services.time.now()
            let message = try WebhookMessage(event, to: webhook, secrets: secrets, url: url, now: now)
            return await transport.send(message)
        } catch {
            return WebhookOutcome(status: nil, failure: error is Problem ? .addressRefused : .unreachable)
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
