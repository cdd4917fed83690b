import HTTPServer
import InviteStore
import Platform
import Telemetry
import TestSupport
import TokenService

/// One run of the service: everything that it has in memory goes with it.
///
/// Safe because: everything of a simulation runs on its one thread.
final class ServiceProcess: @unchecked Sendable {
    /// The place of a process that serves nobody: a command of the operator's.
    static let nowhere = -1

    let number: Int
    let replica: Int
    private(set) var isDead = false
    /// What answers; nil until the service is open.
    var application: Application?
    var upkeep: Upkeep?
    /// Who tells endpoints of events, and whether there was more to do when it was asked last.
    var webhooks: WebhookWorker?
    var isDelivering = false
    /// Who learns of changes of the other replica.
    var observer: (any StoreChangesObserver)?
    var feed = FeedPosition()

    init(number: Int, replica: Int) {
        self.number = number
        self.replica = replica
    }

    /// Ends it: what it had in memory is gone.
    func end() {
        isDead = true
        application = nil
        upkeep = nil
        (webhooks, isDelivering) = (nil, false)
        observer = nil
    }
}

/// Somebody who waits for time to go by.
struct Sleeper {
    let due: MonotonicInstant
    let process: ServiceProcess
    let continuation: CheckedContinuation<Void, Never>
}

/// A place where a process of the service runs, again after each crash.
struct Replica {
    var process: ServiceProcess?
    /// Until when the store is not heard of; nil where it is.
    var isCutOff = false
}
