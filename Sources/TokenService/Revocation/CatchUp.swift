package import InviteStore
package import Platform
import Telemetry

extension Services {
    /// Runs a revocation, and learns from the store what became of it where its commit is unknown.
    ///
    /// A revocation that was committed without an answer must hold in this process too. Until the store has told, the
    /// view is stale, and nothing is accepted.
    package func revoking<Value: Sendable>(_ call: Call, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch {
            if case StoreError.unknownOutcome = error {
                revocations.markStale()
                await catchUpIfStale(now: call.now)
            }
            throw error
        }
    }

    /// Reads what the store knows of revocations, where that may be more than is known here.
    package func catchUpIfStale(now: UnixTime) async {
        guard revocations.isStale else { return }
        let mark = revocations.staleMark
        do {
            try await waitForOpenCommits(now: now)
            try await revocations.fill(from: store, now: now)
            revocations.clearStale(mark)
        } catch {
            log.error("revocations not read", ["error": .string("\(error)")])
        }
    }
}

extension Services {
    /// Returns when no commit of this process that was begun before is still open.
    ///
    /// A commit that was answered as unknown because it took too long may still land, behind the back of whoever reads
    /// now. The store does one command after the other, so an empty one that was answered stands behind it; one that was
    /// turned away because the store writes nothing at all does too.
    private func waitForOpenCommits(now: UnixTime) async throws {
        do {
            try await store.appendAudit([], now: now)
        } catch {
            switch error {
            case .unavailable, .clockBehind: return
            default: throw error
            }
        }
    }

    /// Catches up each time that the view has become stale, at once and then with growing pauses, until the task ends.
    ///
    /// `pause` waits for so many milliseconds.
    package func keepCaughtUp(_ pause: @Sendable (_ milliseconds: Int) async -> Void) async {
        for await _ in revocations.staleness.rings { await catchUp(pause) }
    }

    /// Tries until the view is whole again.
    package func catchUp(_ pause: @Sendable (_ milliseconds: Int) async -> Void) async {
        var delay = RetryDelay()
        while revocations.isStale, !Task.isCancelled {
            await catchUpIfStale(now: time.now())
            if revocations.isStale { await pause(delay.next()) }
        }
    }
}

extension RevocationView {
    /// Loads every cut-off and ended session that can still hit something.
    ///
    /// Each part is a read of its own with a deadline of its own, so that any number can be loaded. More than memory may
    /// hold is an error: a view with a hole would let dead tokens live. What is revoked while this reads is told to the
    /// view by whoever does it.
    package func fill(
        from store: any InviteStore,
        now: UnixTime,
        rowsPerRead: Int = ServiceLimits.revocationsPerRead
    ) async throws {
        var number: Int64 = 0
        while true {
            let batch = try await store.cutOffs(after: number, now: now, limit: rowsPerRead)
            guard insert(batch) else { throw StoreError.overloaded }
            guard let last = batch.last else { break }
            number = last.number
        }
        advance(toNumber: try await store.lastCutOffNumber())
        var ended: EndedSession?
        while true {
            let batch = try await store.endedSessions(after: ended, now: now, limit: rowsPerRead)
            guard insert(batch) else { throw StoreError.overloaded }
            guard let last = batch.last else { break }
            ended = last
        }
    }
}
