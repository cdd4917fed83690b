package import InviteStore
import OpenSSLKit
import Platform

/// The first place where the trail is not what the service wrote.
package struct AuditDamage: Error, Equatable, Sendable {
    package var chain: Int64
    /// The position in the chain; nil where the chain as a whole is meant.
    package var sequence: Int64?
    package var what: String

    package var sentence: String {
        "chain \(chain)" + (sequence.map { ", event \($0)" } ?? "") + ": " + what
    }
}

/// One chain that was walked from end to end.
package struct VerifiedChain: Equatable, Sendable {
    /// The last event that was removed because its time was over; 0 for none.
    package var removedThrough: Int64
    /// Events that were checked.
    package var events: Int64
    package var head: AuditHeadMark
}

/// Walks the chains of an audit trail and finds what was edited, deleted, inserted, swapped or cut off.
///
/// Each event's MAC covers all of the event and the MAC before it, under a key that the data base does not hold. So who
/// can write to the data base can neither change an event nor take one out of the middle. The end of a chain is held by
/// the heads that the chains record of each other, and by a head that was kept elsewhere.
package struct AuditVerifier: Sendable {
    private static let linksPerRead = 500
    /// A chain is begun anew when old events were removed beneath the walk.
    private static let attemptsMax = 3

    private let source: any AuditSource
    private let sealer: any AuditSealer

    package init(source: any AuditSource, sealer: any AuditSealer) {
        self.source = source
        self.sealer = sealer
    }

    /// Checks everything, and that each of `expected` is still there.
    ///
    /// - Throws: ``AuditDamage`` for the first bad place, ``StoreError`` where the trail can not be read at all.
    package func verify(expecting expected: [AuditHeadMark] = []) async throws -> [VerifiedChain] {
        let states = try await chains()
        guard states.contains(where: { $0.chain == 1 }) else {
            throw AuditDamage(chain: 1, sequence: nil, what: "the chain is missing")
        }
        var verified: [VerifiedChain] = []
        var recorded: [Int64: Recorded] = [:]
        for state in states { verified.append(try await walk(state, &recorded)) }
        for (_, record) in recorded.sorted(by: { $0.key < $1.key }) {
            let place = "event \(record.sequence) of chain \(record.chain)"
            try await find(record.mark, in: verified, "\(place) recorded")
        }
        for mark in expected { try await find(mark, in: verified, "the expected head has") }
        return verified
    }

    // MARK: Reading

    private func chains() async throws -> [AuditChainState] {
        do {
            return try await source.auditChains()
        } catch {
            guard case .corrupt = error else { throw error }
            throw AuditDamage(chain: 1, sequence: nil, what: "the ends of the chains can not be read")
        }
    }

    /// The links after a position; a damaged one is named.
    private func links(_ chain: Int64, after sequence: Int64) async throws -> [AuditRecord] {
        if let all = try await read(chain, after: sequence, limit: Self.linksPerRead) { return all }
        var readable: [AuditRecord] = []
        while true {
            let last = readable.last?.sequence ?? sequence
            guard let next = try await read(chain, after: last, limit: 1) else {
                if !readable.isEmpty { return readable }
                throw AuditDamage(chain: chain, sequence: max(0, last) + 1, what: "it can not be read")
            }
            guard let link = next.first else { return readable }
            readable.append(link)
        }
    }

    /// Nil where one of the links is no event at all.
    private func read(_ chain: Int64, after sequence: Int64, limit: Int) async throws -> [AuditRecord]? {
        do {
            return try await source.auditChain(chain, after: sequence, limit: limit)
        } catch {
            if case .corrupt = error { return nil }
            throw error
        }
    }

    // MARK: Walking

    /// How far a chain was, as an event of a chain says.
    private struct Recorded {
        let mark: AuditHeadMark
        let chain: Int64
        let sequence: Int64
    }

    private func walk(_ state: AuditChainState, _ recorded: inout [Int64: Recorded]) async throws -> VerifiedChain {
        var state = state
        for attempt in 1...Self.attemptsMax {
            do {
                return try await walkOnce(state, &recorded)
            } catch let damage as AuditDamage {
                let fresh = try await chains().first { $0.chain == state.chain }
                guard let fresh, fresh.checkpoint != state.checkpoint, attempt < Self.attemptsMax else { throw damage }
                state = fresh
            }
        }
        throw AuditDamage(chain: state.chain, sequence: nil, what: "its start keeps changing")
    }

    private func walkOnce(_ state: AuditChainState, _ recorded: inout [Int64: Recorded]) async throws -> VerifiedChain {
        let chain = state.chain
        var end = try start(of: state)
        var events: Int64 = 0
        // From before the first, so that nothing can hide in front of what stands for the removed events.
        var position = Int64.min
        while true {
            let links = try await links(chain, after: position)
            guard let last = links.last else { break }
            for link in links {
                try check(link, follows: end)
                end = AuditHeadMark(chain: chain, sequence: link.sequence, mac: link.mac)
                events += 1
                if link.draft.type == AuditHeadRecorder.eventType { note(link, in: &recorded) }
            }
            position = last.sequence
        }
        guard events > 0 else {
            throw AuditDamage(chain: chain, sequence: end.sequence + 1, what: "it and all after it are missing")
        }
        return VerifiedChain(removedThrough: state.checkpoint?.sequence ?? 0, events: events, head: end)
    }

    /// What the first event must follow.
    private func start(of state: AuditChainState) throws -> AuditHeadMark {
        guard let checkpoint = state.checkpoint else {
            return AuditHeadMark(chain: state.chain, sequence: 0, mac: [UInt8](repeating: 0, count: 32))
        }
        let isSound =
            checkpoint.chain == state.chain && checkpoint.sequence > 0 && checkpoint.mac.count == 32
            && constantTimeEquals(checkpoint.seal, sealer.seal(checkpoint.canonicalBytes))
        guard isSound else {
            let what = "the checkpoint that stands for the events up to this one was changed"
            throw AuditDamage(chain: state.chain, sequence: checkpoint.sequence, what: what)
        }
        return AuditHeadMark(chain: state.chain, sequence: checkpoint.sequence, mac: checkpoint.mac)
    }

    private func check(_ link: AuditRecord, follows end: AuditHeadMark) throws {
        let next = end.sequence + 1
        guard link.sequence == next else {
            let what =
                link.sequence > next
                ? "it is missing; event \(link.sequence) stands in its place"
                : "event \(link.sequence) stands in its place"
            throw AuditDamage(chain: end.chain, sequence: next, what: what)
        }
        let canonical = AuditRecord.canonicalBytes(
            previous: end.mac,
            chain: end.chain,
            sequence: link.sequence,
            draft: link.draft
        )
        guard constantTimeEquals(link.mac, sealer.seal(canonical)) else {
            let what = "it was changed, or does not follow the one before it"
            throw AuditDamage(chain: end.chain, sequence: link.sequence, what: what)
        }
    }

    // MARK: Heads

    private func note(_ link: AuditRecord, in recorded: inout [Int64: Recorded]) {
        for mark in AuditHeadList.parse(link.draft.detail) ?? [] {
            if let known = recorded[mark.chain], known.mark.sequence >= mark.sequence { continue }
            recorded[mark.chain] = Recorded(mark: mark, chain: link.chain, sequence: link.sequence)
        }
    }

    private func find(_ mark: AuditHeadMark, in chains: [VerifiedChain], _ who: String) async throws {
        guard let chain = chains.first(where: { $0.head.chain == mark.chain }) else {
            throw AuditDamage(
                chain: mark.chain,
                sequence: nil,
                what: "the chain is missing; \(who) event \(mark.sequence)"
            )
        }
        guard mark.sequence > chain.removedThrough else { return }
        guard let link = try await links(mark.chain, after: mark.sequence - 1).first, link.sequence == mark.sequence
        else {
            let what = "the end of the chain is missing; \(who) event \(mark.sequence)"
            throw AuditDamage(chain: mark.chain, sequence: chain.head.sequence + 1, what: what)
        }
        guard constantTimeEquals(link.mac, mark.mac) else {
            let what = "it is another than \(who)"
            throw AuditDamage(chain: mark.chain, sequence: mark.sequence, what: what)
        }
    }
}
