import TestSupport

/// What may go wrong in a simulation.
package enum Fault: String, CaseIterable, Sendable {
    /// A process loses all that it had in memory, in the middle of whatever it did.
    case crash
    /// The store does not do a command, and says so.
    case refusedCommit = "refused commit"
    /// The store does a command, and the answer is lost.
    case lostAnswer = "commit of unknown outcome, done"
    /// The store does not do a command, and the answer is lost.
    case lostCommand = "commit of unknown outcome, not done"
    /// The store says that it does not know, and does the command later.
    case lateCommit = "commit of unknown outcome, done later"
    case failedRead = "failed read"
    /// The clock is put on by a minute, and stays so.
    case clockOnAMinute = "clock on by a minute"
    case clockBackAMinute = "clock back by a minute"
    case clockOnTenYears = "clock on by ten years"
    case clockBackTenYears = "clock back by ten years"
    /// Ten years on, and some steps later as far back.
    case clockGlitch = "clock on by ten years and back"
    /// The wall clock goes faster or slower than time, by up to three seconds.
    case drift = "drift"
    /// A replica learns of a change only when it asks.
    case lostNotice = "lost notice"
    /// A replica does not hear of the store for a while.
    case cutOffReplica = "replica cut off"
    /// A replica was away for so long that what it missed is not kept for it any more.
    case missedChanges = "missed changes"
}

/// How often each of them is drawn, in thousandths.
struct FaultRates {
    // Of each write of the store.
    var refusedCommit = 25
    var lostAnswer = 25
    var lostCommand = 15
    var lateCommit = 20
    // Of each read.
    var failedRead = 6
    // Of each call of the store that goes on.
    var crash = 6
    // Of each step.
    var clockStep = 30
    var tenYears = 3
    var glitch = 6
    var drift = 100
    var lostNotice = 60
    var cutOffReplica = 25
    /// How often the operator changes signing keys: of each request, in its weight among them.
    var signingKeys = 3

    /// Rates of a seed: some have more of what else seldom meets.
    init(_ dice: inout SplitMix) {
        cutOffReplica = dice.pick([25, 25, 25, 150])
        signingKeys = dice.pick([3, 3, 12])
    }
}
