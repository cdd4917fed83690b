import InviteStore
import Platform
import Telemetry

/// The housekeeping of a running service.
///
/// Every 30 seconds: forgets what is over, stores what was counted, gives the signing keys their turns, tells of keys that
/// end soon, writes down the heads of the audit chains, and sweeps the store in small steps. At once: what a bell asks for, such as catching up with
/// revocations that may be missing.
package struct Upkeep: Sendable {
    private static let interval = Duration.seconds(30)
    /// Rows that one step removes; a step is one transaction.
    private static let rowsPerStep = 500
    private static let stepsPerRound = 200

    let services: Services
    /// Days for which audit events are kept.
    let auditDays: Int64
    /// Days after which a signing key gets a successor; nil where only the operator makes one.
    let signingKeyDays: Int64?
    private let notices = ExpiryNotices()
    private let heads = AuditHeadRecorder()

    package init(
        services: Services,
        auditDays: Int64 = ServiceLimits.auditDaysDefault,
        signingKeyDays: Int64? = nil
    ) {
        self.services = services
        self.auditDays = auditDays
        self.signingKeyDays = signingKeyDays
    }

    func start() -> Task<Void, Never> {
        Task.detached(name: "upkeep") {
            await withDiscardingTaskGroup { group in
                group.addTask { await rounds() }
                group.addTask {
                    await services.keepCaughtUp { milliseconds in
                        try? await Task.sleep(for: .milliseconds(milliseconds))
                    }
                }
                group.addTask { for await _ in services.usage.doorbell.rings { await services.storeUsage() } }
            }
        }
    }

    private func rounds() async {
        // A key may have become due while nothing ran.
        await services.rotateSigningKeys(now: services.time.now(), afterDays: signingKeyDays)
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            if Task.isCancelled { return }
            await round()
        }
    }

    /// Stores what is only known in memory: when keys were last used, and how much.
    func storeCounts() async {
        await services.storeUsage()
        await recordUses()
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
    package func round() async {
        let now = services.time.now()
        await services.catchUpIfStale(now: now)
        if services.issuance.keyrings.isStale { await services.reloadKeyring() }
        // Not by the time of before: the clock may have been set right while the round waited.
        services.revocations.forget(before: services.time.now())
        services.validated.removeExpired(now: services.time.now())
        await services.rotateSigningKeys(now: now, afterDays: signingKeyDays)
        await storeCounts()
        await services.imports.refresh()
        // Another process on the same store may have changed policies: no snapshot lives longer than two rounds.
        services.policies.invalidate()
        services.directory.trim(now: now)
        await notices.round(services, now: now)
        await heads.record(services, now: now)
        await sweep(now)
    }

    private func sweep(_ now: UnixTime) async {
        let limit = now.adding(seconds: -auditDays * 86_400)
        for step in 0..<Self.stepsPerRound where !Task.isCancelled {
            do {
                let swept = try await services.store.sweep(now: now, rowsMax: Self.rowsPerStep)
                let aged = try await services.store.sweepAudit(before: limit, rowsMax: Self.rowsPerStep)
                if swept < Self.rowsPerStep, aged == 0 { return }
            } catch {
                services.log.error("sweep failed", ["error": .string("\(error)"), "step": .integer(step)])
                return
            }
        }
    }
}
