import Platform
import Telemetry

/// What is asked of a loop beyond what it can do at once.
///
/// A round does a slice of work and then looks at what has come in: a long one as long as everybody is served, a short one while
/// some have to be refused, so that they hear of it soon. What is taken and does not fit in the slice waits in line.
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

    /// How much is done between two looks at what has come in.
    var sliceMilliseconds: Int { admission.isRefusing ? limits.workRefusingMilliseconds : limits.workMilliseconds }

    /// Whether others come first, or the time of this round is over.
    private var hasToWait: Bool { (!deferred.isEmpty && !isServingDeferred) || isSliceOver }

    /// Decides on a request before anything is done for it; asks what it is for only where that makes a difference.
    func decide(on request: borrowing HTTPRequest) -> Admission {
        let isFull = inHand >= admission.boundInHand
        guard isFull || hasToWait else { return .perform }
        let urgency = shared.responder.urgency(method: request.method, path: request.path)
        if isFull, !admission.admits(urgency, inHand: inHand) { return .refuse(urgency) }
        return urgency != .always && hasToWait ? .wait : .perform
    }

    /// The answer to a request that there is no room for; the connection lives on.
    func refusal(of request: borrowing HTTPRequest, _ urgency: HTTPUrgency) -> HTTPResponse {
        shared.metrics.shed(urgency)
        if admission.refusedCount == 1 {
            shared.logger?.warning("overload began", ["in_hand": .integer(inHand), "room": .integer(admission.room)])
        }
        return shared.responder.refusal(of: request)
    }

    /// Goes on with what has been taken: first the tasks that can, then what waits in line.
    ///
    /// For a slice, or for twice as long as what has come in took this time: however much comes in to be refused, two thirds of
    /// the time are for what was taken.
    func work() {
        guard executor.hasJobs || !deferred.isEmpty else { return }
        let begun = shared.time.monotonicNow()
        let half = max(UInt64(clamping: sliceMilliseconds) * 500_000, begun.nanoseconds(since: now))
        sliceEnd = MonotonicInstant(nanoseconds: begun.nanoseconds &+ half)
        for order in executor.runJobs(until: { isSliceOver }) { obey(order) }
        sliceEnd = MonotonicInstant(nanoseconds: begun.nanoseconds &+ half &+ half)
        serveDeferred()
    }

    private func serveDeferred() {
        isServingDeferred = true
        while let next = deferred.popFirst() {
            // Who has gone meanwhile, or was told that it took too long, costs nothing any more.
            if let slot = connections[next.token], slot.connection.state.phase == .awaitingReply {
                performDeferred(&slot.connection, next.request)
            }
            if isSliceOver { break }
        }
        isServingDeferred = false
    }

    /// Has admission look back at the time since it did last.
    func takeStock() {
        guard let refused = admission.takeStock(now: now), refused > 0 else { return }
        shared.logger?.info("overload ended", ["refused": .integer(refused)])
    }
}
