import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import TestSupport
import TokenService

/// The whole service above its seams, on virtual time, with clients, operators and faults that one seed decides.
///
/// Replicas share one store; each runs until it crashes and is opened anew. A step starts a few requests at once; every
/// call that they make to the store waits until it is picked, and may fail then. What is answered is held against the
/// ``Model``. The first promise that is not kept ends the run.
///
/// Safe because: everything runs on the one thread that calls ``run(steps:)``; tasks run on ``SimulatedExecutor``, which
/// that thread drives.
package final class Simulation: @unchecked Sendable {
    let executor = SimulatedExecutor()
    let time = ManualTimeSource()
    let breakage: Breakage?
    let store: MemoryInviteStore
    let sealer = DeferredAuditSealer()
    let random: SeededRandomSource
    var dice: SplitMix
    let rates: FaultRates

    var replicas: [Replica]
    var processCount = 0
    var master: MasterKey?
    var tenant = Tenant(workspace: RecordID(high: 0, low: 0), environment: .test)
    var admin = ""
    /// What is known of the admin key, from which descends what members mint.
    var adminKey = ModelKey(id: "", secret: "", born: Fact(.start))
    /// The platform key, which makes and changes members.
    var platform = ""
    /// The workspaces' ids by slug.
    var workspaces: [String: String] = [:]

    /// Calls of the store that wait.
    var held: [HeldCall] = []
    var sleepers: [Sleeper] = []
    /// Commands that the store does before the next one.
    var late: [@Sendable () async -> Void] = []
    var running = 0
    var tick = 0
    /// False in the quiet times between, in which everything has to go well.
    var isNoisy = false
    /// After how many steps a clock that is ten years ahead goes back.
    var stepsOfGlitch = 0
    /// Faults so far, to know whether one fell into a request.
    var faultCount = 0
    /// What the store tells the replicas.
    var feed = StoreFeed()
    /// The number of the newest cut-off.
    var lastCutOff: Int64 = 0
    /// The latest time that any clock showed.
    var latest = UnixTime(milliseconds: 0)
    /// The latest time at which something was acknowledged as issued.
    var latestIssue = UnixTime(milliseconds: 0)

    var model = Model()
    var audit = AuditTally()
    var trace = Trace()
    var report: SeedReport
    var number = 0
    /// The newest nonce for proofs that the service gave to anybody.
    var proofNonce: String?

    /// Cut-offs up to this number, and sessions ended until then, are gone with a crash of a store that loses them.
    var lostCutOff: Int64 = 0
    var lostSessions: Set<RecordID> = []
    var opened: [RecordID: SessionRecord] = [:]
    /// What a store that remembers roles takes members' for.
    var rolesOfOld: [RecordID: [Membership]] = [:]

    /// - Parameters:
    ///   - replicas: processes on the one store.
    ///   - breakage: how the store is broken on purpose; nil for a good one.
    package init(seed: UInt64, replicas: Int = 1, breakage: Breakage? = nil) {
        self.breakage = breakage
        dice = SplitMix(seed: seed)
        rates = FaultRates(&dice)
        random = SeededRandomSource(seed: seed ^ 0x5EED)
        store = MemoryInviteStore(auditSealer: sealer, rowsMax: 2_000_000)
        self.replicas = Array(repeating: Replica(), count: max(1, replicas))
        report = SeedReport(seed: seed)
    }

    /// Runs so many steps, and then whether everything that is past its use goes away.
    ///
    /// `shouldGoOn` is asked after each step.
    package func run(steps: Int, while shouldGoOn: (SeedReport) -> Bool = { _ in true }) -> SeedReport {
        do {
            try setUp()
            for step in 0..<steps {
                report.steps = step + 1
                // Of 25 steps the last 6 are quiet.
                isNoisy = step % 25 < 19
                self.step()
                if report.violation != nil || !shouldGoOn(report) { break }
            }
            if report.violation == nil { finish() }
        } catch {
            violate("the simulation itself failed: \(error)")
        }
        report.signingKeys = model.signingKeys.lastSigned.count
        report.digest = trace.digest.hexadecimal
        if report.violation != nil { report.trace = trace.tail }
        return report
    }

    /// Notes the first promise that is not kept.
    func violate(_ what: String) {
        guard report.violation == nil else { return }
        report.violation = what
        trace.note("!! " + what)
    }

    // MARK: Time

    var now: Moment { Moment(tick: tick, wall: time.now(), monotonic: time.monotonicNow()) }

    func advance(milliseconds: Int) {
        time.advance(milliseconds: milliseconds)
        report.virtualMilliseconds += Int64(milliseconds)
        latest = max(latest, time.now())
        wake()
    }

    /// Waits for time to go by; for ever, where the process has ended.
    func sleep(_ milliseconds: Int, _ process: ServiceProcess) async {
        let due = time.monotonicNow().adding(milliseconds: milliseconds)
        await withCheckedContinuation { sleepers.append(Sleeper(due: due, process: process, continuation: $0)) }
    }

    private func wake() {
        let now = time.monotonicNow()
        while let index = sleepers.firstIndex(where: { $0.due <= now && !$0.process.isDead }) {
            sleepers.remove(at: index).continuation.resume()
        }
    }

    // MARK: Tasks

    /// Starts something that runs beside all else.
    func start(_ body: @escaping @Sendable () async -> Void) {
        running += 1
        Task(executorPreference: executor) {
            await body()
            self.running -= 1
        }
    }

    /// Lets everything run to its end, one call of the store after the other in an order that the seed decides.
    func settle() {
        while true {
            executor.run()
            guard !held.isEmpty else { break }
            tick += 1
            advance(milliseconds: dice.below(25))
            if isNoisy, dice.below(1000) < rates.crash, let call = held.randomElement(using: &dice) {
                crash(call.process)
                continue
            }
            let call = held.remove(at: dice.below(held.count))
            let verdict = verdict(on: call)
            if verdict != .goOn { trace.note("  \(call.name) at \(call.process.number): \(verdict)") }
            call.continuation.resume(returning: verdict)
            executor.run()
            if replicas.count > 1, dice.below(3) == 0 { tellOthers(asks: false) }
        }
        if running != 0 { violate("\(running) tasks wait for something that is not the store") }
    }

    /// Does what the store still owes.
    func doLateCommands() async {
        // Before any of them is begun, so that none is done twice.
        let commands = late
        late = []
        for command in commands { await command() }
    }
}
