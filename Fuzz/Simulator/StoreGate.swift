import InviteStore
import Platform
import TestSupport

/// What a call of the store is told when it goes on.
enum Verdict {
    case goOn
    case refuse
    case doAndLoseAnswer
    case loseCommand
    case doLater
    /// The process that called is gone.
    case die
    case doAndDie
}

/// A call of the store that stands until the simulation lets it go on.
struct HeldCall {
    let name: String
    let process: ServiceProcess
    let isWrite: Bool
    /// True where the store has done it, and its answer is on the way.
    let isAnswer: Bool
    let continuation: CheckedContinuation<Verdict, Never>
}

extension Simulation {
    /// Waits until it is picked; what is neither asked of the store nor answered by it meets no fault.
    @discardableResult
    func hold(
        _ name: String,
        _ process: ServiceProcess,
        isWrite: Bool = false,
        isAnswer: Bool = true
    ) async -> Verdict {
        await withCheckedContinuation { continuation in
            held.append(
                HeldCall(name: name, process: process, isWrite: isWrite, isAnswer: isAnswer, continuation: continuation)
            )
        }
    }
}

/// Stands between one process and the store: every call waits here until the simulation picks it, and meets its fault.
///
/// Safe because: everything of a simulation runs on its one thread.
final class StoreGate: StoreConductor, @unchecked Sendable {
    static let reads: Set<String> = [
        "newestInstant", "deployment", "workspace", "workspaces", "workspaceBySlug", "tenantsWithKeys", "apiKey",
        "apiKeys", "importedPrefixes", "importedAPIKeys", "invite", "invites", "session", "sessions", "policy",
        "policies", "policyVersions", "cutOffs", "lastCutOffNumber", "endedSessions", "coverage", "recorded",
        "auditEvents", "auditChain", "auditChains", "usage", "lastUse", "expiringKeys", "member", "members",
        "memberSession", "webhook", "webhooks", "webhookDeliveries", "webhookEndpoints",
    ]
    private static let gone = StoreError.unavailable("the process is gone")

    private let simulation: Simulation
    private let process: ServiceProcess

    init(_ simulation: Simulation, _ process: ServiceProcess) {
        self.simulation = simulation
        self.process = process
    }

    func conduct<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        guard !process.isDead else { throw Self.gone }
        let isWrite = !Self.reads.contains(name)
        switch await hold(name, isWrite: isWrite, isAnswer: false) {
        case .goOn: break
        case .die: throw Self.gone
        case .doAndDie:
            _ = try await perform(name, isWrite, body)
            throw Self.gone
        case .refuse: throw .unavailable("made to fail")
        case .doAndLoseAnswer:
            _ = try await perform(name, isWrite, body)
            throw .unknownOutcome("the answer was made to be lost")
        case .loseCommand: throw .unknownOutcome("the command was made to be lost")
        case .doLater:
            later(name, body)
            throw .unknownOutcome("made to be done later")
        }
        if simulation.breakage == .acknowledgesEarly, name == "createInvites",
            let early = Idempotent<CreateOutcome>.done(.created(rev: 0)) as? Value
        {
            later(name, body)
            return early
        }
        let value = try await perform(name, isWrite, body)
        if isWrite, case .die = await hold(name, isWrite: true, isAnswer: true) { throw Self.gone }
        return simulation.altered(name, value)
    }

    private func hold(_ name: String, isWrite: Bool, isAnswer: Bool) async -> Verdict {
        await simulation.hold(name, process, isWrite: isWrite, isAnswer: isAnswer)
    }

    /// Asks the store; what it owes from before is done first, since it does one command after the other.
    private func perform<Value: Sendable>(
        _ name: String,
        _ isWrite: Bool,
        _ body: @Sendable () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        if isWrite {
            await simulation.doLateCommands()
            // An event that landed late may be over by the time of a clock that is wrong: it is seen before it goes.
            if name == "sweepAudit" { await simulation.readAudit() }
        }
        let value = try await body()
        if isWrite { await simulation.noteWrite(name) }
        return value
    }

    private func later<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () async throws(StoreError) -> Value
    ) {
        let simulation = simulation
        simulation.late.append {
            _ = try? await body()
            await simulation.noteWrite(name)
        }
    }

    // MARK: Broken on purpose

    func adjusted(_ command: CreateInvites) -> CreateInvites {
        var command = command
        if simulation.breakage == .forgetsClaims { command.claim = nil }
        if simulation.breakage == .skipsAudit { command.audit = [] }
        return command
    }

    func adjusted(_ command: ReplaceSigningKeys) -> ReplaceSigningKeys {
        var command = command
        switch simulation.breakage {
        case .signsUnpublished:
            guard let new = command.keys.first(where: { $0.state == .standby })?.id else { break }
            for index in command.keys.indices where command.keys[index].state == .inUse {
                command.keys[index].state = .previouslyUsed
            }
            for index in command.keys.indices where command.keys[index].id == new {
                command.keys[index].state = .inUse
            }
        case .dropsSigningKeys: command.keys.removeAll { $0.state == .previouslyUsed }
        case .keepsSigningKeys:
            let left = Set(command.keys.map(\.id))
            command.keys += command.expected.filter { !left.contains($0.id) }
        case .forgetsLeakedKeys:
            for index in command.keys.indices where command.keys[index].state == .revoked {
                command.keys[index].state = .previouslyUsed
            }
        default: break
        }
        return command
    }

    func adjusted(_ command: ChangeMember) -> ChangeMember {
        var command = command
        if simulation.breakage == .keepsMemberSessions { command.endsSessions = false }
        return command
    }

    func adjusted(_ command: OpenMemberSession, in store: any InviteStore) async -> OpenMemberSession {
        var command = command
        if simulation.breakage == .opensStaleSignIns,
            let member = try? await store.member(.id(command.session.member))
        {
            command.revision = member.revision
        }
        return command
    }

    func adjusted(_ change: MemberSessionChange, now: UnixTime) -> MemberSessionChange {
        if simulation.breakage == .forgetsSignOuts, case .end = change { return .seen(at: now) }
        return change
    }

    func adjusted(_ outcome: RedeemOutcome, of command: RedeemInvite) -> RedeemOutcome {
        if simulation.breakage == .forgetsBinding, case .opened(var session) = outcome {
            session.boundKey = nil
            return .opened(session)
        }
        guard simulation.breakage == .redeemsTwice else { return outcome }
        if case .opened(let session) = outcome { simulation.opened[command.invite] = session }
        guard case .used = outcome, var session = simulation.opened[command.invite] else { return outcome }
        session.id = command.session
        session.holder = command.holder
        return .opened(session)
    }

    /// What is told begins here; what came before will be read.
    func observes(_ observer: any StoreChangesObserver) {
        process.observer = observer
        process.feed.change = simulation.feed.last
        process.feed.cutOff = simulation.lastCutOff
    }
}
