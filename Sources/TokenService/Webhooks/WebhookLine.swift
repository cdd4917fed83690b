import InviteStore
import Platform

/// One endpoint as whoever delivers sees it: what waits for it, what is open, how far it has come.
struct WebhookLine: Sendable {
    private(set) var record: WebhookRecord
    private(set) var filter: WebhookFilter
    /// The id as events name it.
    let name: String
    /// What the store was told last, for each chain.
    private(set) var stored: [Int64: Int64]
    /// How far the trail was read for this endpoint, for each chain.
    private(set) var scanned: [Int64: Int64]
    /// Events that were read and not tried yet, in the order of the trail.
    private(set) var queue: [AuditRecord] = []
    /// Deliveries that were tried and failed, or that the owner asked for again.
    private(set) var open: [RecordID: WebhookDelivery]
    /// The event that is being tried.
    private(set) var inFlight: RecordID?
    /// Whether the last try failed or took long; so does one count that was not tried yet.
    private(set) var isSlow = true

    init(_ endpoint: WebhookEndpoint) {
        record = endpoint.record
        filter = WebhookFilter(record.events)
        name = TypeID.text(.webhook, record.id)
        stored = Dictionary(endpoint.positions.map { ($0.chain, $0.sequence) }) { max($0, $1) }
        scanned = stored
        open = Dictionary(endpoint.open.map { ($0.event, $0) }) { $1 }
    }

    /// Takes over what the store knows now: its record, and the open deliveries but the one that is being tried.
    mutating func refresh(_ endpoint: WebhookEndpoint) {
        if record.events != endpoint.record.events { filter = WebhookFilter(endpoint.record.events) }
        record = endpoint.record
        let tried = inFlight.flatMap { open[$0] }
        open = Dictionary(endpoint.open.map { ($0.event, $0) }) { $1 }
        if let inFlight { open[inFlight] = tried }
    }

    /// Takes the next links of a chain, up to `through`, as far as there is room; `own` are those of its tenant.
    ///
    /// Gives the number of events that are too old to be told.
    mutating func take(
        _ own: [AuditRecord],
        of chain: Int64,
        through: Int64,
        room: Int,
        now: UnixTime
    ) -> Int {
        var tooOld = 0
        var left = min(room, ServiceLimits.webhookQueueMax - queue.count)
        for event in own where event.sequence > scanned[chain, default: 0] {
            let draft = event.draft
            // A chain that is new to the endpoint may hold what happened before it was made.
            guard draft.at >= record.createdAt, open[draft.id] == nil, filter.matches(draft, target: name) else {
                continue
            }
            if WebhookRetry.isTooOld(draft.at, at: now) {
                tooOld += 1
                continue
            }
            guard left > 0 else {
                scanned[chain] = event.sequence - 1
                return tooOld
            }
            queue.append(event)
            left -= 1
        }
        scanned[chain] = max(through, scanned[chain, default: 0])
        return tooOld
    }

    var hasRoom: Bool { queue.count < ServiceLimits.webhookQueueMax }

    /// When the next try is due: the distant past for at once, nil for none as things are.
    var nextAt: UnixTime? {
        guard inFlight == nil else { return nil }
        let due = open.values.compactMap(\.nextAt).min()
        guard !queue.isEmpty, !isHeldUp else { return due }
        return UnixTime(milliseconds: .min)
    }

    /// When the oldest event that waits happened, the failed ones among them by the time in their ids.
    var oldestAt: UnixTime? {
        let failed = open.values.lazy.filter { $0.status == .retrying }
            .map { UnixTime(milliseconds: Int64(clamping: $0.event.high >> 16)) }
        return [failed.min(), queue.first?.draft.at].compactMap { $0 }.min()
    }

    /// Whether untried events wait for one that failed.
    private var isHeldUp: Bool {
        open.count >= ServiceLimits.webhookAsideMax || open.values.contains(where: WebhookRetry.holdsUpOthers)
    }

    /// Begins the next try that is due: the oldest open delivery, else the first untried event.
    mutating func begin(now: UnixTime) -> (delivery: WebhookDelivery, event: AuditDraft?)? {
        guard inFlight == nil else { return nil }
        let due = open.values.filter { $0.nextAt.map { $0 <= now } ?? false }
            .min { ($0.position.chain, $0.position.sequence) < ($1.position.chain, $1.position.sequence) }
        if let due {
            inFlight = due.event
            return (due, nil)
        }
        while let event = queue.first, !isHeldUp {
            guard filter.matches(event.draft, target: name) else {
                queue.removeFirst()
                continue
            }
            inFlight = event.draft.id
            let position = TrailPosition(chain: event.chain, sequence: event.sequence)
            let delivery = WebhookDelivery(
                event: event.draft.id,
                type: event.draft.type,
                position: position,
                status: .queued
            )
            return (delivery, event.draft)
        }
        return nil
    }

    /// Ends the try that is under way; the delivery is as it is after it.
    mutating func finish(_ delivery: WebhookDelivery, isSlow: Bool, failingSince: UnixTime?) {
        if queue.first?.draft.id == delivery.event { queue.removeFirst() }
        open[delivery.event] = delivery.status.isOpen ? delivery : nil
        self.isSlow = isSlow
        record.failingSince = failingSince
        inFlight = nil
    }

    /// Ends the try that is under way without having made it.
    mutating func abandon() { inFlight = nil }

    /// Positions that are ahead of what the store was told: behind them everything was tried, or is open.
    mutating func takeProgress() -> [TrailPosition] {
        var positions: [TrailPosition] = []
        for (chain, through) in scanned {
            let waiting = queue.first { $0.chain == chain }
            let done = waiting.map { $0.sequence - 1 } ?? through
            guard done > stored[chain, default: 0] else { continue }
            stored[chain] = done
            positions.append(TrailPosition(chain: chain, sequence: done))
        }
        return positions
    }
}
