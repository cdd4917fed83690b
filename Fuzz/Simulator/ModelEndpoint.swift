import Platform

/// How an endpoint takes what it is sent, for a while.
enum EndpointMood: CaseIterable {
    case good
    /// Answers 500 every other time.
    case flaky
    /// Answers 503 with `Retry-After`.
    case busy
    case down
    /// Takes what it is sent, and does not answer in time.
    case hanging
    /// Answers 410: there is nothing there any more.
    case gone
}

/// An event of the trail that an endpoint has to be told of.
struct AwaitedEvent {
    let sequence: Int64
    let at: UnixTime
}

/// An endpoint that was acknowledged, and what it was told.
///
/// Safe because: everything of a simulation runs on its one thread.
final class ModelEndpoint: @unchecked Sendable {
    let id: String
    let host: String
    /// Types of events that it asked for, or starts of them.
    let events: [String]
    /// True where it takes everything at once, always.
    let isReliable: Bool
    /// Tries after which an event is given up.
    static let triesMax = 15
    /// Events of the trail up to here happened before it was made.
    let bornSequence: Int64
    /// Its newest secret, and the one before it.
    var secrets: [String]
    var isRotating = false
    /// True where a rotation may have been done of which nobody told the new secret.
    var mayHaveOther = false
    var deletion: Fact?
    var mood = EndpointMood.good
    /// What it has to be told yet, by the event's id.
    var awaited: [String: AwaitedEvent] = [:]
    /// Events that it took, as far as they may come again.
    var taken: Set<String> = []
    /// Tries of events that it did not take, those of a whole schedule where it said that it is gone.
    private(set) var refusals: [String: Int] = [:]
    /// The places in the trail of what it took, in the order in which it first did.
    var order: [String] = []
    var places: [String: Int64] = [:]

    init(
        id: String,
        host: String,
        events: [String],
        isReliable: Bool,
        bornSequence: Int64,
        secret: String
    ) {
        (self.id, self.host, self.events) = (id, host, events)
        (self.isReliable, self.bornSequence, secrets) = (isReliable, bornSequence, [secret])
    }

    /// Whether it asked for events of this type.
    func wants(_ type: String) -> Bool {
        events.contains { $0 == type || $0.last == "*" && type.hasPrefix($0.dropLast()) }
    }

    /// It has an event safely.
    func take(_ event: String) {
        guard taken.insert(event).inserted else { return }
        order.append(event)
        awaited[event] = nil
    }

    /// It did not take an event.
    func refuse(_ event: String, forGood: Bool) {
        refusals[event, default: 0] += forGood ? Self.triesMax : 1
    }

    /// True where it did not take an event so often that it is given up.
    func hasRefused(_ event: String) -> Bool { refusals[event, default: 0] >= Self.triesMax }

    /// Forgets what is too old to be told.
    func forget(before limit: UnixTime) {
        awaited = awaited.filter { $0.value.at > limit }
        if refusals.count > 500 { refusals = refusals.filter { awaited[$0.key] != nil } }
    }

    /// An event is in the trail.
    func see(_ event: String, _ sequence: Int64, at: UnixTime) {
        guard sequence > bornSequence, deletion == nil else { return }
        places[event] = sequence
        if !taken.contains(event) { awaited[event] = AwaitedEvent(sequence: sequence, at: at) }
    }

    /// Whether it was told in the order of the trail; begins anew.
    func takeOrder() -> Bool {
        let sequences = order.compactMap { places[$0] }
        order = []
        places = places.filter { awaited[$0.key] != nil }
        if taken.count > 2_000 { taken = [] }
        return zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 }
    }
}
