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
                revocations.setStale(true)
                await catchUpIfStale(now: call.now)
            }
            throw error
        }
    }

    /// Reads what the store knows of revocations, where that may be more than is known here.
    package func catchUpIfStale(now: UnixTime) async {
        guard revocations.isStale else { return }
        do {
            try await revocations.fill(from: store, now: now)
            revocations.setStale(false)
        } catch {
            log.error("revocations not read", ["error": .string("\(error)")])
        }
    }
}

extension RevocationView {
    /// Loads every cut-off and ended session that can still hit something.
    ///
    /// More than memory may hold is an error: a view with a hole would let dead tokens live.
    package func fill(from store: any InviteStore, now: UnixTime) async throws {
        var number: Int64 = 0
        while true {
            let batch = try await store.cutOffs(after: number, now: now, limit: 10_000)
            insert(batch)
            guard let last = batch.last else { break }
            number = last.number
            guard hasRoom else { throw StoreError.overloaded }
        }
        advance(toNumber: try await store.lastCutOffNumber())
        insert(try await store.endedSessions(now: now, limit: Self.entriesMax))
    }
}
