import Platform

/// Finds the connection that has been idle longest, without cost while there is room.
///
/// The oldest are looked up in one pass over all connections and then used one by one; whoever has been busy since is
/// passed over. Connections that became idle after the pass are younger than all that it found.
struct EvictionQueue {
    private struct Candidate {
        var token: UInt64
        var idleSince: MonotonicInstant
    }

    private static let candidatesMax = 256
    /// A pass that finds nothing is not repeated sooner.
    private static let pauseMilliseconds = 10

    /// Youngest first, so that the oldest is cheap to take.
    private var candidates: [Candidate] = []
    private var nextPass = MonotonicInstant(nanoseconds: 0)

    /// The connection to close, or nil where none is idle.
    mutating func next(_ connections: ConnectionTable, now: MonotonicInstant) -> ConnectionSlot? {
        if let slot = takeValid(connections) { return slot }
        guard now >= nextPass else { return nil }
        fill(connections)
        if candidates.isEmpty { nextPass = now.adding(milliseconds: Self.pauseMilliseconds) }
        return takeValid(connections)
    }

    private mutating func takeValid(_ connections: ConnectionTable) -> ConnectionSlot? {
        while let candidate = candidates.popLast() {
            guard let slot = connections[candidate.token], slot.connection.state.isEvictable,
                slot.connection.state.idleSince == candidate.idleSince
            else { continue }
            return slot
        }
        return nil
    }

    private mutating func fill(_ connections: ConnectionTable) {
        let idle = connections.all
            .filter { $0.connection.state.isEvictable }
            .map { Candidate(token: $0.connection.token, idleSince: $0.connection.state.idleSince) }
            .sorted { $0.idleSince < $1.idleSince }
        candidates = idle.prefix(Self.candidatesMax).reversed()
    }
}
