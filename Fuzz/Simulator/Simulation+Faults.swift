import InviteStore
import Platform
import TestSupport

extension Simulation {
    /// Counts a fault that was done.
    func note(_ fault: Fault) {
        report.faults[fault, default: 0] += 1
        faultCount += 1
    }

    /// What becomes of a call that goes on now.
    func verdict(on call: HeldCall) -> Verdict {
        guard isNoisy, !call.isAnswer else { return .goOn }
        let drawn = dice.below(1000)
        guard call.isWrite else {
            guard drawn < rates.failedRead else { return .goOn }
            note(.failedRead)
            return .refuse
        }
        var limit = rates.refusedCommit
        if drawn < limit {
            note(.refusedCommit)
            return .refuse
        }
        limit += rates.lostAnswer
        if drawn < limit {
            note(.lostAnswer)
            return .doAndLoseAnswer
        }
        limit += rates.lostCommand
        if drawn < limit {
            note(.lostCommand)
            return .loseCommand
        }
        limit += rates.lateCommit
        if drawn < limit {
            note(.lateCommit)
            return .doLater
        }
        return .goOn
    }

    /// Ends a process as a power cut would: what it asked of the store may be done, its answers reach nobody.
    func crash(_ process: ServiceProcess) {
        guard !process.isDead else { return }
        note(.crash)
        trace.note("  process \(process.number) crashes")
        // What it had in hand is answered first by its own death.
        defer { forget(process) }
        process.end()
        if replicas.indices.contains(process.replica) { replicas[process.replica].process = nil }
        if breakage == .acknowledgesEarly || dice.below(2) == 0 { late = [] }
        noteLosses()
        while let index = held.firstIndex(where: { $0.process === process }) {
            let call = held.remove(at: index)
            let isDone = call.isWrite && !call.isAnswer && dice.below(2) == 0
            call.continuation.resume(returning: isDone ? .doAndDie : .die)
            executor.run()
        }
    }

    /// Lets whatever of a process waits for time to go by see that it is over.
    func forget(_ process: ServiceProcess) {
        let waiting = sleepers.filter { $0.process === process }
        sleepers.removeAll { $0.process === process }
        for sleeper in waiting { sleeper.continuation.resume() }
        executor.run()
    }

    /// Moves the clock, or cuts replicas off, between two steps.
    func drawStepFaults() {
        let decade: Int64 = 10 * 365 * 86_400 * 1000
        if stepsOfGlitch > 0 {
            stepsOfGlitch -= 1
            if stepsOfGlitch == 0 { move(by: -decade, .clockGlitch) }
        }
        guard isNoisy else { return }
        if stepsOfGlitch == 0, dice.below(1000) < rates.glitch {
            stepsOfGlitch = 1 + dice.below(3)
            move(by: decade, .clockGlitch)
        }
        if dice.below(1000) < rates.clockStep {
            let isForward = dice.below(2) == 0
            move(by: isForward ? 60_000 : -60_000, isForward ? .clockOnAMinute : .clockBackAMinute)
        }
        if dice.below(1000) < rates.tenYears {
            let isForward = dice.below(2) == 0
            move(by: isForward ? decade : -decade, isForward ? .clockOnTenYears : .clockBackTenYears)
        }
        if dice.below(1000) < rates.drift { move(by: Int64(dice.below(6_001)) - 3_000, .drift) }
        guard replicas.count > 1 else { return }
        for index in replicas.indices {
            if replicas[index].isCutOff {
                if dice.below(3) == 0 { replicas[index].isCutOff = false }
            } else if dice.below(1000) < rates.cutOffReplica {
                note(.cutOffReplica)
                replicas[index].isCutOff = true
            }
        }
    }

    private func move(by milliseconds: Int64, _ fault: Fault) {
        note(fault)
        let wall = UnixTime(milliseconds: time.now().milliseconds + milliseconds)
        time.setWall(wall)
        latest = max(latest, wall)
        trace.note("clock: \(fault.rawValue), \(wall.milliseconds)")
    }

    // MARK: Broken on purpose

    /// Has each process forget what it knows of proofs: all that it has in memory, behind everybody's back.
    func forgetProofs() {
        for process in processes {
            process.end()
            forget(process)
            open(process.replica, as: process.number)
            settle()
        }
    }

    /// What a store that loses revocations has lost with this crash.
    private func noteLosses() {
        guard breakage == .losesRevocations else { return }
        start {
            self.lostCutOff = (try? await self.store.lastCutOffNumber()) ?? 0
            let ended = (try? await self.store.endedSessions(now: UnixTime(milliseconds: .min), limit: .max)) ?? []
            self.lostSessions = Set(ended.map(\.session))
        }
        executor.run()
    }

    private static func farther(_ endpoint: WebhookEndpoint) -> WebhookEndpoint {
        var endpoint = endpoint
        for index in endpoint.positions.indices { endpoint.positions[index].sequence += 5 }
        return endpoint
    }

    private static func sooner(_ mark: EndedSession) -> EndedSession {
        EndedSession(session: mark.session, forgetAt: UnixTime(milliseconds: .min))
    }

    /// What a broken store knows of who is signed in.
    private func altered(_ signedIn: SignedIn) -> SignedIn {
        var signedIn = signedIn
        switch breakage {
        case .remembersRoles:
            let id = signedIn.member.id
            signedIn.member.memberships = rolesOfOld[id] ?? signedIn.member.memberships
            rolesOfOld[id] = signedIn.member.memberships
        case .forgetsIdleness: signedIn.session.lastSeenAt = signedIn.session.expiresAt
        case .prolongsMemberSessions: signedIn.session.expiresAt = signedIn.session.expiresAt.adding(seconds: 86_400)
        default: break
        }
        return signedIn
    }

    /// An answer of the store as a broken one gives it.
    func altered<Value>(_ name: String, _ value: Value) -> Value {
        if name == "memberSession", let signedIn = value as? SignedIn { return altered(signedIn) as? Value ?? value }
        if breakage == .skipsEvents, let endpoints = value as? [WebhookEndpoint] {
            return endpoints.map(Self.farther) as? Value ?? value
        }
        if breakage == .forgetsEndedSessions {
            if let mark = value as? EndedSession? { return mark.map(Self.sooner) as? Value ?? value }
            if let marks = value as? [EndedSession] { return marks.map(Self.sooner) as? Value ?? value }
        }
        guard breakage == .losesRevocations else { return value }
        if name == "cutOffs", let all = value as? [CutOffRecord] {
            return all.filter { $0.number > lostCutOff } as? Value ?? value
        }
        if name == "endedSessions", let all = value as? [EndedSession] {
            return all.filter { !lostSessions.contains($0.session) } as? Value ?? value
        }
        return value
    }
}
