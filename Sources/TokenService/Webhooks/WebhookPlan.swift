import InviteStore
import Platform

/// One try that is to be made.
struct WebhookTry: Sendable {
    let record: WebhookRecord
    let delivery: WebhookDelivery
    /// Nil where the event must be read from the trail.
    let event: AuditDraft?
}

/// Who is told what, and when: all endpoints with what waits for them, as a value.
///
/// Bounds: one try at a time for each endpoint, some for all, half of these for endpoints that fail or take long, and a
/// few of those for each tenant, so that whoever answers quickly never waits for whoever does not.
struct WebhookPlan: Sendable {
    private var lines: [WebhookLine] = []
    private var places: [RecordID: Int] = [:]
    /// Where the next search for something to do begins, so that everybody has a turn.
    private var turn = 0
    /// Tries under way, with what they count against.
    private var underWay: [RecordID: (tenant: Tenant, isSlow: Bool)] = [:]

    var isEmpty: Bool { lines.isEmpty }
    var endpointCount: Int { lines.count }
    var inFlightCount: Int { underWay.count }
    /// Events in memory.
    var queuedCount: Int { lines.reduce(0) { $0 + $1.queue.count } }

    // MARK: Endpoints

    /// Takes over the endpoints as the store has them now; those that are missing are gone or switched off.
    mutating func load(_ endpoints: [WebhookEndpoint]) {
        let known = Dictionary(lines.map { ($0.record.id, $0) }) { $1 }
        lines = endpoints.map { endpoint in
            guard var line = known[endpoint.record.id] else { return WebhookLine(endpoint) }
            line.refresh(endpoint)
            return line
        }
        places = Dictionary(lines.enumerated().map { ($1.record.id, $0) }) { $1 }
        turn = 0
    }

    /// Forgets all endpoints, as when another process has the right to deliver.
    mutating func clear() { load([]) }

    // MARK: Events

    /// Behind which link each chain is to be read next: for those who are furthest, and for those who are least far.
    func readings(of chain: Int64) -> [Int64] {
        let places = lines.lazy.filter(\.hasRoom).map { $0.scanned[chain, default: 0] }
        guard let furthest = places.max(), let least = places.min() else { return [] }
        return furthest == least ? [furthest] : [furthest, least]
    }

    /// Hands out the links that follow `sequence` in a chain; gives the number of events that are too old to be told.
    mutating func take(_ events: [AuditRecord], of chain: Int64, after sequence: Int64, now: UnixTime) -> Int {
        guard let last = events.last?.sequence else { return 0 }
        var own: [Tenant: [AuditRecord]] = [:]
        for event in events {
            if let tenant = event.draft.tenant { own[tenant, default: []].append(event) }
        }
        var room = ServiceLimits.webhookQueuesMax - queuedCount
        var tooOld = 0
        for index in lines.indices {
            let scanned = lines[index].scanned[chain, default: 0]
            guard scanned >= sequence, scanned < last else { continue }
            let before = lines[index].queue.count
            // One event fits always, so that a full memory stops nobody.
            tooOld += lines[index].take(
                own[lines[index].record.tenant] ?? [],
                of: chain,
                through: last,
                room: max(room, before == 0 ? 1 : 0),
                now: now
            )
            room -= lines[index].queue.count - before
        }
        return tooOld
    }

    // MARK: Tries

    /// Begins every try that is due and has room.
    mutating func begin(now: UnixTime) -> [WebhookTry] {
        var tries: [WebhookTry] = []
        var slow = underWay.values.count(where: \.isSlow)
        let start = turn
        for offset in lines.indices {
            guard underWay.count < ServiceLimits.webhooksInFlightMax else { break }
            let index = (start + offset) % lines.count
            guard let due = lines[index].nextAt, due <= now else { continue }
            let line = lines[index]
            let tenant = line.record.tenant
            if line.isSlow {
                let own = underWay.values.count { $0.isSlow && $0.tenant == tenant }
                guard slow < ServiceLimits.webhooksSlowInFlightMax, own < ServiceLimits.webhooksTenantSlowInFlightMax
                else { continue }
            }
            guard underWay[line.record.id] == nil, let next = lines[index].begin(now: now) else { continue }
            underWay[line.record.id] = (tenant, line.isSlow)
            if line.isSlow { slow += 1 }
            tries.append(WebhookTry(record: line.record, delivery: next.delivery, event: next.event))
            turn = (index + 1) % lines.count
        }
        return tries
    }

    /// Ends a try; what the store has to be told of it.
    ///
    /// - Parameter eventAt: when the event happened; nil where it is gone from the trail, and so is the delivery then.
    mutating func finish(
        _ attempt: WebhookTry,
        _ outcome: WebhookOutcome,
        eventAt: UnixTime?,
        now: UnixTime,
        jitter: Double
    ) -> WebhookProgress {
        underWay[attempt.record.id] = nil
        var delivery = attempt.delivery
        if let eventAt {
            delivery = WebhookRetry.after(outcome, delivery, eventAt: eventAt, now: now, jitter: jitter)
        } else {
            (delivery.status, delivery.failure, delivery.nextAt) = (.failed, .eventExpired, nil)
        }
        var progress = WebhookProgress(webhook: attempt.record.id, delivery: delivery)
        let place = places[attempt.record.id]
        let before = place.map { lines[$0].record } ?? attempt.record
        var failingSince = before.failingSince
        if eventAt != nil {
            if outcome.failure == nil {
                if failingSince != nil { progress.health = .working }
                failingSince = nil
            } else {
                if failingSince == nil { progress.health = .failing(since: now) }
                failingSince = failingSince ?? now
            }
        }
        if outcome.status == 410 { progress.disabling = .gone }
        let limit = ServiceLimits.webhookFailingSecondsMax
        if progress.disabling == nil, let failingSince, failingSince.adding(seconds: limit) <= now {
            progress.disabling = .failing
        }
        guard let place else { return progress }
        let isSlow = outcome.failure != nil || outcome.durationMilliseconds > 1_000
        lines[place].finish(delivery, isSlow: isSlow, failingSince: failingSince)
        progress.positions = lines[place].takeProgress()
        return progress
    }

    /// Ends a try that was not made, because the endpoint was switched off or removed.
    mutating func abandon(_ attempt: WebhookTry) {
        underWay[attempt.record.id] = nil
        if let place = places[attempt.record.id] { lines[place].abandon() }
    }

    /// What the store has to be told of endpoints for which there was nothing to do.
    mutating func takeProgress() -> [WebhookProgress] {
        lines.indices.compactMap { index in
            let positions = lines[index].takeProgress()
            guard !positions.isEmpty else { return nil }
            return WebhookProgress(webhook: lines[index].record.id, positions: positions)
        }
    }

    // MARK: Looking

    /// When the oldest event that was not told yet happened; nil where there is none.
    var oldestAt: UnixTime? { lines.compactMap(\.oldestAt).min() }
}
