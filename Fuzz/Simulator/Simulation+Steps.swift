import Platform
import TestSupport
import TokenService

extension Simulation {
    /// Some time goes by, and then some requests come at once.
    func step() {
        let milliseconds = drawPause()
        passTime(milliseconds)
        trace.note("step \(report.steps), \(milliseconds) ms later")
        drawStepFaults()
        drawMoods()
        if !isNoisy { quieten() }
        let wasDown = replicas.contains { $0.process == nil }
        for index in replicas.indices where replicas[index].process == nil {
            if !isNoisy || dice.below(5) > 0 { open(index) }
        }
        settle()
        if !isNoisy, processes.count != replicas.count { violate("a process does not open, with no fault") }
        if replicas.count > 1 { tellOthers(asks: milliseconds >= FeedPosition.askMilliseconds) }
        if milliseconds >= 30_000 {
            for process in processes { start { await process.upkeep?.round() } }
            // Housekeeping goes on beside requests as often as before them.
            if dice.below(2) == 0 { settle() }
        }
        if breakage == .forgetsProofs { forgetProofs() }
        if replicas.count == 1, dice.below(80) < rates.signingKeys { commandInPlaceOfService() }
        // What a new process does not know shows at once or never: tokens do not live for long.
        if wasDown {
            for _ in 0..<3 { start { await self.validateRevoked() } }
            start { await self.useEndedSession() }
        }
        // A copy is tried as long as its nonce is good.
        if !freshProofs.isEmpty { start { await self.replayProof() } }
        for _ in 0...dice.below(4) { startRequest() }
        settle()
        catchUp()
        deliver(turns: 4)
        checkAudit()
        if report.steps % 25 == 0 { checkReliable() }
        if report.steps % 50 == 0 { workAllDay() }
        if report.steps % 40 == 0 { model.trim(now) }
    }

    private static let openCommitMilliseconds = 60_000

    /// Lets time go by; what goes on by itself all the while is done a few times, the last with some time left for it.
    private func passTime(_ milliseconds: Int) {
        let left = 6_000
        guard milliseconds > 2 * left else { return advance(milliseconds: milliseconds) }
        var rest = milliseconds - left
        for part in stride(from: 3, to: 0, by: -1) {
            advance(milliseconds: rest / part)
            rest -= rest / part
            // No commit stays open for long: every one has a deadline.
            if milliseconds > Self.openCommitMilliseconds { start { await self.doLateCommands() } }
            if replicas.count > 1 { tellOthers(asks: true) }
            settle()
            deliver(turns: 3)
        }
        advance(milliseconds: left)
        settle()
    }

    private func drawPause() -> Int {
        switch dice.below(20) {
        case 0..<10: dice.below(3_000)
        case 10..<15: dice.below(600_000)
        case 15..<18: dice.below(8 * 3_600_000)
        case 18: 30_000
        default: dice.below(5 * 86_400_000)
        }
    }

    /// Ends every fault that lasts: from here on all has to go well.
    private func quieten() {
        if time.now() < latest { time.setWall(latest) }
        for index in replicas.indices { replicas[index].isCutOff = false }
        if replicas.count > 1 { tellOthers(asks: true) }
        start { await self.doLateCommands() }
        settle()
        catchUp()
        // The longest pause between two tries.
        if processes.contains(where: { $0.application?.services.issuance.keyrings.isStale == true }) {
            advance(milliseconds: 6_000)
            if replicas.count > 1 { tellOthers(asks: true) }
            settle()
        }
        for process in processes {
            guard let services = process.application?.services else { continue }
            if services.revocations.isStale {
                violate("process \(process.number) does not catch up with revocations, with no fault")
            }
            if services.issuance.keyrings.isStale {
                violate("process \(process.number) does not learn of signing keys, with no fault")
            }
        }
    }

    /// What a process does at once when it may have missed a revocation.
    private func catchUp() {
        for process in processes {
            guard let services = process.application?.services, services.revocations.isStale else { continue }
            start { await services.catchUpIfStale(now: services.time.now()) }
        }
        settle()
    }

    // MARK: Requests

    /// Starts what somebody wants now.
    private func startRequest() {
        let kinds: [(Int, String, @Sendable (Simulation) async -> Void)] = [
            (12, "mint", { await $0.mint() }),
            (8, "mint again", { await $0.mintAgain() }),
            (3, "make session", { await $0.makeSession() }),
            (4, "read invite", { await $0.readInvite() }),
            (2, "list invites", { await $0.listInvites() }),
            (4, "verify token", { await $0.verifyToken() }),
            (14, "redeem", { await $0.redeem() }),
            (6, "redeem again", { await $0.redeemAgain() }),
            (4, "race for an invite", { await $0.race() }),
            (16, "validate", { await $0.validate() }),
            (8, "validate what was revoked", { await $0.validateRevoked() }),
            (8, "renew", { await $0.renew() }),
            (4, "replay proof", { await $0.replayProof() }),
            (4, "end session", { await $0.endSession() }),
            (9, "revoke", { await $0.revoke() }),
            (8, "sign in", { await $0.signIn() }),
            (1, "sign in often", { await $0.signInOften() }),
            (1, "guess", { await $0.guess() }),
            (16, "act as a member", { await $0.actAsMember() }),
            (6, "use an ended session", { await $0.useEndedSession() }),
            (4, "change member", { await $0.changeMember() }),
            (3, "race for a password", { await $0.raceForPassword() }),
            (1, "make member", { await $0.makeMemberIfFew() }),
            (2, "read member", { await $0.readMember() }),
            (2, "change endpoint", { await $0.changeEndpoint() }),
            (2, "rotate key", { await $0.rotateKey() }),
            (3, "make key", { await $0.makeKeyIfFew() }),
            (2, "suspend or resume", { await $0.suspendOrResume() }),
            (1, "end key", { await $0.endKey() }),
            (1, "change policy", { await $0.changePolicy() }),
            (5, "fetch public keys", { await $0.fetchKeys() }),
            // Where there is one process only, the operator stops it for that.
            (replicas.count > 1 ? rates.signingKeys : 0, "change signing keys", { await $0.changeSigningKeys() }),
        ]
        var drawn = dice.below(kinds.reduce(0) { $0 + $1.0 })
        for (weight, name, body) in kinds {
            if drawn < weight {
                report.operations[name, default: 0] += 1
                start { await body(self) }
                return
            }
            drawn -= weight
        }
    }

    /// One of the last of a list, the newest more often than the others; nil for an empty list.
    func recent<Element>(_ elements: [Element], _ count: Int = 40) -> Element? {
        let last = Array(elements.suffix(dice.below(2) == 0 ? min(count, 6) : count))
        guard !last.isEmpty else { return nil }
        return last[last.count - 1 - min(dice.below(last.count), dice.below(last.count))]
    }

    /// A number that nothing else has.
    func nextNumber() -> Int {
        number += 1
        return number
    }
}
