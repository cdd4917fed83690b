import Platform
import Telemetry

/// What is asked of a loop beyond what it can do at once.
///
/// A round does a slice of work and then looks at what has come in, so that who has to be refused hears of it soon; what is
/// taken and does not fit in the slice waits in line.
extension EventLoop {
    /// What becomes of a request.
    enum Admission {
        case perform
        case wait
        case refuse(HTTPUrgency)
    }

    /// Requests that have been taken and not answered.
    var inHand: Int { tasksUnderWay + deferred.count }

    /// Whether what waits in the sockets has to be looked at before more is done.
    var isSliceOver: Bool { shared.time.monotonicNow() >= sliceEnd }

    /// Gives what follows in this round a slice of its own.
    func beginSlice() {
        sliceEnd = shared.time.monotonicNow().adding(milliseconds: limits.workSliceMilliseconds)
    }

    /// Decides on a request before anything is done for it; asks what it is for only where that makes a difference.
    func decide(on request: borrowing HTTPRequest) -> Admission {
        let isFull = inHand >= admission.boundInHand
        let hasToWait = isSliceOver || (!deferred.isEmpty && !isServingDeferred)
        guard isFull || hasToWait else { return .perform }
        let urgency = shared.responder.urgency(method: request.method, path: request.path)
        if isFull, !admission.admits(urgency, inHand: inHand) { return .refuse(urgency) }
        return hasToWait && urgency != .always ? .wait : .perform
    }

    /// The answer to a request that there is no room for; the connection lives on.
    func refusal(of request: borrowing HTTPRequest, _ urgency: HTTPUrgency) -> HTTPResponse {
        shared.metrics.shed(urgency)
        if admission.refusedCount == 1 {
            shared.logger?.warning("overload began", ["in_hand": .integer(inHand), "room": .integer(admission.room)])
        }
        return shared.responder.refusal(of: request)
    }

    /// Runs the tasks that can go on, for a slice; the orders that have come are obeyed.
    func runJobs() {
        guard executor.hasJobs else { return }
        beginSlice()
        for order in executor.runJobs(until: { isSliceOver }) { obey(order) }
    }

    /// Does what waits in line, for a slice.
    func serveDeferred() {
        guard !deferred.isEmpty else { return }
        beginSlice()
        isServingDeferred = true
        repeat {
            guard let next = deferred.popFirst() else { break }
            // Who has gone meanwhile, or was told that it took too long, costs nothing any more.
            guard let slot = connections[next.token], slot.connection.state.phase == .awaitingReply else { continue }
            performDeferred(&slot.connection, next.request)
        } while !isSliceOver
        isServingDeferred = false
    }

    /// Has admission look back at the time since it did last.
    func takeStock() {
        guard let refused = admission.takeStock(now: now), refused > 0 else { return }
        shared.logger?.info("overload ended", ["refused": .integer(refused)])
    }
}
