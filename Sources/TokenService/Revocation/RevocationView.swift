package import InviteStore
package import Platform
import Synchronization

/// What is revoked, in memory: the cut-offs and the ended sessions that can still hit a living token.
///
/// Validation looks here and nowhere else. The view only ever grows wider in effect between two upkeeps: an entry goes
/// when the last token that it can hit has expired. It is filled from the store at the start, and at once by this
/// process's own revocations, after their commit and before their answer.
package final class RevocationView: Sendable {
    /// At most this many cut-offs and as many ended sessions; each costs about 100 bytes.
    ///
    /// Clients never get the last of it: what several replicas take in at once always fits, and a start finds room for all
    /// that is stored.
    package static let entriesMax = 1_600_000

    private struct CutOffKey: Hashable {
        let tenant: Tenant
        let target: CutOffTarget
    }

    private struct CutOffEntry {
        var number: Int64
        var forgetAt: UnixTime
    }

    private struct EndedEntry {
        var forgetAt: UnixTime
        /// Nil where another process ended it, or this one before its start: such a session counts for nobody.
        var tenant: Tenant?
    }

    private struct State {
        var lastNumber: Int64 = 0
        var cutOffs: [CutOffKey: CutOffEntry] = [:]
        var endedSessions: [RecordID: EndedEntry] = [:]
        var cutOffsHeld = RevocationShares.Holdings()
        var endedSessionsHeld = RevocationShares.Holdings()
    }

    /// Read without the lock on every validation.
    private let lastNumberFast = Atomic<Int64>(0)
    private let state = Mutex(State())
    /// How often the view was marked as stale, and which of these marks was made good.
    private let staleMarks = Atomic<Int>(0)
    private let clearedMarks = Atomic<Int>(0)
    private let cutOff = Atomic<Bool>(false)
    /// Rings when the view becomes stale.
    package let staleness = Doorbell()
    private let entriesMax: Int
    private let shares: RevocationShares

    /// Holds at most `entriesMax` cut-offs and as many ended sessions.
    package init(entriesMax: Int = RevocationView.entriesMax) {
        self.entriesMax = entriesMax
        shares = RevocationShares(entriesMax: entriesMax)
    }

    /// True while the store may hold revocations that are not known here: then nothing is accepted.
    package var isStale: Bool { clearedMarks.load(ordering: .acquiring) < staleMark || isCutOff }

    /// True while other processes on the same store have not been heard of for too long.
    package var isCutOff: Bool { cutOff.load(ordering: .acquiring) }

    package func setCutOff(_ isCutOff: Bool) { cutOff.store(isCutOff, ordering: .releasing) }

    /// The latest mark; to be read before the store is, and given to ``clearStale(_:)`` afterwards.
    package var staleMark: Int { staleMarks.load(ordering: .acquiring) }

    /// Says that the store may hold a revocation that is not known here.
    package func markStale() {
        staleMarks.add(1, ordering: .acquiringAndReleasing)
        staleness.ring()
    }

    /// Says that all was read that led to this mark; a later one still stands.
    package func clearStale(_ mark: Int) {
        clearedMarks.max(mark, ordering: .acquiringAndReleasing)
    }

    /// The number of the newest cut-off known here: the `rev` of what is minted now.
    package var lastNumber: Int64 { lastNumberFast.load(ordering: .acquiring) }

    /// Whether a tenant may have one more target cut off.
    ///
    /// One that is cut off already takes no more room, and a whole workspace always may be.
    package func hasRoom(for target: CutOffTarget, of tenant: Tenant) -> Bool {
        state.withLock { state in
            if target == .workspace || state.cutOffs[CutOffKey(tenant: tenant, target: target)] != nil {
                return state.cutOffs.count < entriesMax
            }
            return shares.allow(one: state.cutOffsHeld[tenant], all: state.cutOffs.count)
        }
    }

    /// Whether a tenant may have one more session ended, which is nothing new where it has ended before.
    package func hasRoom(forEndOf session: RecordID, of tenant: Tenant) -> Bool {
        state.withLock { state in
            state.endedSessions[session] != nil
                || shares.allow(one: state.endedSessionsHeld[tenant], all: state.endedSessions.count)
        }
    }

    /// Takes in cut-offs, in any order, also repeatedly; false where one found no room.
    @discardableResult
    package func insert(_ records: [CutOffRecord]) -> Bool {
        guard !records.isEmpty else { return true }
        return state.withLock { state in
            var isWhole = true
            for record in records {
                let key = CutOffKey(tenant: record.tenant, target: record.target)
                state.lastNumber = max(state.lastNumber, record.number)
                if var entry = state.cutOffs[key] {
                    entry.number = max(entry.number, record.number)
                    entry.forgetAt = max(entry.forgetAt, record.forgetAt)
                    state.cutOffs[key] = entry
                } else if state.cutOffs.count < entriesMax {
                    state.cutOffs[key] = CutOffEntry(number: record.number, forgetAt: record.forgetAt)
                    state.cutOffsHeld.add(record.tenant)
                } else {
                    isWhole = false
                }
            }
            lastNumberFast.store(state.lastNumber, ordering: .releasing)
            return isWhole
        }
    }

    /// Raises the last number, where the store knows of later cut-offs that are forgotten already.
    package func advance(toNumber number: Int64) {
        state.withLock { state in
            state.lastNumber = max(state.lastNumber, number)
            lastNumberFast.store(state.lastNumber, ordering: .releasing)
        }
    }

    /// Takes in ended sessions, of one tenant where that is known; false where one found no room.
    @discardableResult
    package func insert(_ ended: [EndedSession], of tenant: Tenant? = nil) -> Bool {
        guard !ended.isEmpty else { return true }
        return state.withLock { state in
            var isWhole = true
            for session in ended {
                if let entry = state.endedSessions[session.session] {
                    state.endedSessions[session.session]?.forgetAt = max(entry.forgetAt, session.forgetAt)
                } else if state.endedSessions.count < entriesMax {
                    state.endedSessions[session.session] = EndedEntry(forgetAt: session.forgetAt, tenant: tenant)
                    state.endedSessionsHeld.add(tenant)
                } else {
                    isWhole = false
                }
            }
            return isWhole
        }
    }

    /// Why a participant token is dead, or nil.
    package func refusal(of claims: ParticipantClaims) -> TokenRefusal? {
        state.withLock { state in
            if state.endedSessions[claims.session] != nil { return .sessionEnded }
            guard claims.rev < state.lastNumber else { return nil }
            var targets: [CutOffTarget] = [
                .token(claims.token), .session(claims.session), .participant(claims.participant),
                .campaign(claims.campaign), .apiKey(claims.seal.apiKey), .workspace,
            ]
            if let invite = claims.seal.invite { targets.append(.invite(invite)) }
            return Self.isCut(targets, claims.tenant, claims.rev, state) ? .revoked : nil
        }
    }

    /// True where a cut-off covers an invite token, as far as the token itself tells; its key is known to the store.
    package func isCut(_ claims: InviteClaims, apiKey: RecordID?) -> Bool {
        state.withLock { state in
            guard claims.rev < state.lastNumber else { return false }
            var targets: [CutOffTarget] = [
                .token(claims.invite), .invite(claims.invite), .participant(claims.participant),
                .campaign(claims.campaign), .workspace,
            ]
            if let apiKey { targets.append(.apiKey(apiKey)) }
            return Self.isCut(targets, claims.tenant, claims.rev, state)
        }
    }

    /// Forgets what can hit nothing any more.
    package func forget(before now: UnixTime) {
        state.withLock { state in
            let (cutOffs, ended) = (state.cutOffs, state.endedSessions)
            for (key, entry) in cutOffs where entry.forgetAt <= now { state.cutOffsHeld.remove(key.tenant) }
            for (_, entry) in ended where entry.forgetAt <= now { state.endedSessionsHeld.remove(entry.tenant) }
            state.cutOffs = cutOffs.filter { $0.value.forgetAt > now }
            state.endedSessions = ended.filter { $0.value.forgetAt > now }
        }
    }

    /// How many entries are held, for the metrics.
    package var counts: (cutOffs: Int, endedSessions: Int) {
        state.withLock { ($0.cutOffs.count, $0.endedSessions.count) }
    }

    private static func isCut(_ targets: [CutOffTarget], _ tenant: Tenant, _ rev: Int64, _ state: State) -> Bool {
        targets.contains { target in
            if let entry = state.cutOffs[CutOffKey(tenant: tenant, target: target)], rev < entry.number { return true }
            // A platform key's family lives in many workspaces; what ends it stands with the deployment.
            guard case .apiKey = target else { return false }
            let everywhere = CutOffKey(tenant: .deployment(tenant.environment), target: target)
            return state.cutOffs[everywhere].map { rev < $0.number } ?? false
        }
    }
}
