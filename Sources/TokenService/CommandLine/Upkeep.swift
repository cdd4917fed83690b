import InviteStore
import Platform
import Telemetry

/// The housekeeping of a running service, every 30 seconds: forgets what is over, and sweeps the store in small steps.
struct Upkeep: Sendable {
    private static let interval = Duration.seconds(30)
    /// Rows that one step removes; a step is one transaction.
    private static let rowsPerStep = 500
    private static let stepsPerRound = 200

    let services: Services

    func start() -> Task<Void, Never> {
        Task.detached(name: "upkeep") {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                await round()
            }
        }
    }

    /// Tells the store when keys were last used.
    func recordUses() async {
        let uses = services.directory.takeUses().sorted { $0.key < $1.key }
        for start in stride(from: 0, to: uses.count, by: Self.rowsPerStep) {
            let step = uses[start..<min(start + Self.rowsPerStep, uses.count)]
            let batch = Dictionary(step.map { ($0.key, $0.value) }) { first, _ in first }
            do {
                try await services.store.recordUse(batch)
            } catch {
                services.directory.putBack(batch)
                services.log.error("last uses not stored", ["error": .string("\(error)")])
            }
        }
    }

    /// One round.
    func round() async {
        let now = services.time.now()
        await services.catchUpIfStale(now: now)
        services.revocations.forget(before: now)
        await recordUses()
        await services.imports.refresh()
        // Another process on the same store may have changed policies: no snapshot lives longer than two rounds.
        services.policies.invalidate()
        services.directory.trim(now: now)
        for _ in 0..<Self.stepsPerRound where !Task.isCancelled {
            do {
                if try await services.store.sweep(now: now, rowsMax: Self.rowsPerStep) < Self.rowsPerStep { return }
            } catch {
                services.log.error("sweep failed", ["error": .string("\(error)")])
                return
            }
        }
    }
}
