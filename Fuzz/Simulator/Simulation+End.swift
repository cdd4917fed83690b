import InviteStore
import Platform
import TestSupport
import TokenService

extension Simulation {
    /// After the last step: what is over goes away, and the trail is whole.
    func finish() {
        isNoisy = false
        if time.now() < latest { time.setWall(latest) }
        trace.note("the end begins")
        for index in replicas.indices {
            replicas[index].isCutOff = false
            if replicas[index].process == nil { open(index) }
        }
        settle()
        checkAllTold()
        // Longer than anything is kept after its end: 30 days, and the longest life before.
        for _ in 0..<45 {
            advance(milliseconds: 86_400_000)
            if replicas.count > 1 { tellOthers(asks: true) }
            for process in processes { start { await process.upkeep?.round() } }
            settle()
            checkAudit()
        }
        start { await self.checkEmptiness() }
        settle()
        start { await self.checkTrail() }
        settle()
    }

    private func checkEmptiness() async {
        let longAgo = UnixTime(milliseconds: .min)
        let page = PageRequest(limit: 100)
        do {
            let invites = try await store.invites(of: tenant, filter: InviteFilter(), page: page, now: time.now())
            let sessions = try await store.sessions(of: tenant, page: page)
            let cutOffs = try await store.cutOffs(after: 0, now: longAgo, limit: 1_000)
            let ended = try await store.endedSessions(now: longAgo, limit: 1_000)
            let left = [invites.records.count, sessions.records.count, cutOffs.count, ended.count]
            if left != [0, 0, 0, 0] { violate("after all is over the store holds \(left)") }
            for process in processes {
                guard let counts = process.application?.services.revocations.counts else { continue }
                if counts.cutOffs + counts.endedSessions > 0 { violate("after all is over memory holds \(counts)") }
            }
            try await checkSessionsGone()
            try await checkKeysGone()
        } catch {
            violate("the store does not answer: \(error)")
        }
    }

    /// Of members' sessions nothing is left when they are over.
    private func checkSessionsGone() async throws(StoreError) {
        guard let secrets = processes.first?.application?.services.console.secrets else { return }
        for session in model.members.flatMap(\.sessions) {
            guard let digest = secrets.digest(ofCookie: session.secret) else { continue }
            guard try await store.memberSession(digest: digest) != nil else { continue }
            violate("a session of the console is kept for ever")
        }
    }

    /// The private half of a key is gone when the last token that it can have signed is over: eight days after it did.
    private func checkKeysGone() async throws(StoreError) {
        let long = time.now().adding(seconds: -9 * 86_400)
        for key in try await store.deployment()?.signingKeys ?? [] where key.state != .inUse {
            guard let last = model.signingKeys.lastSigned[key.keyID], last < long else { continue }
            violate("signing key \(key.keyID) is kept although its last token is over")
        }
    }

    private func checkTrail() async {
        do {
            _ = try await AuditVerifier(source: store, sealer: sealer).verify()
        } catch {
            violate("the audit trail does not verify: \(error)")
        }
        if audit.total == 0 { violate("the audit trail is empty") }
    }
}
