import Platform

/// A drain under way.
struct Drain {
    enum Stage: Equatable {
        /// Still accepting, until balancers have noticed.
        case accepting(until: MonotonicInstant)
        /// New connection attempts are dropped, handshakes under way complete.
        case closing(until: MonotonicInstant)
        /// The listeners are closed.
        case finishing
    }

    var stage: Stage
    var deadline: MonotonicInstant

    /// Whether connections are to end after their next answer.
    var isEnding: Bool {
        switch stage {
        case .accepting: false
        case .closing, .finishing: true
        }
    }

    /// Milliseconds until something is to be done, rounded up.
    func millisecondsUntilDue(now: MonotonicInstant) -> Int {
        let due =
            switch stage {
            case .accepting(let until), .closing(let until): min(until, deadline)
            case .finishing: deadline
            }
        return Int(clamping: (due.nanoseconds(since: now) + 999_999) / 1_000_000)
    }
}

/// The orderly end: nobody who has been accepted by the kernel is left without an answer.
extension EventLoop {
    /// How long handshakes under way may take to complete; on loopback they are complete at once.
    private static let handshakeMilliseconds = 20

    var hasFinished: Bool {
        guard let drain, drain.stage == .finishing else { return false }
        return (connections.count == 0 && tasksUnderWay == 0) || now >= drain.deadline
    }

    func obey(_ order: LoopOrder) {
        switch order {
        case .drain(let acceptingUntil, let deadline):
            // A second order can only bring the end nearer.
            if let present = drain {
                drain?.deadline = min(present.deadline, deadline)
                return
            }
            drain = Drain(stage: .accepting(until: acceptingUntil), deadline: deadline)
        }
    }

    /// Goes through the stages as their time comes.
    func advanceDrain() {
        resumeAccepting()
        guard let stage = drain?.stage else { return }
        switch stage {
        case .accepting(let until):
            guard now >= until || isDrainOverdue else { return }
            for listener in listeners { Socket.refuseNewConnections(listener.descriptor.rawValue) }
            acceptBacklog()
            for slot in connections.all {
                slot.connection.state.drainBegan(now: now)
                scheduleDeadline(&slot.connection)
            }
            drain?.stage = .closing(until: now.adding(milliseconds: Self.handshakeMilliseconds))
        case .closing(let until):
            guard now >= until || isDrainOverdue else { return }
            acceptBacklog()
            listeners = []
            drain?.stage = .finishing
        case .finishing:
            break
        }
    }

    private var isDrainOverdue: Bool { drain.map { now >= $0.deadline } ?? false }

    private func acceptBacklog() {
        for listener in listeners { acceptWaiting(listener, max: 65_536) }
    }

    /// Cuts what is left at the deadline.
    func closeAll() {
        for slot in connections.all { close(&slot.connection) }
        listeners = []
        shared.metrics.take(&tally)
    }
}
