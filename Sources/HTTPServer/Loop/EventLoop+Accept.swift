import Platform
import Synchronization
import Telemetry

/// A listening socket of one loop.
final class Listener: Sendable {
    let descriptor: FileDescriptor

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
}

/// From waiting connections to served ones.
extension EventLoop {
    /// Refused connections that are answered and ended with care, at a time; more are cut short.
    private static let refusedMax = 128

    /// Accepts what waits, `max` at most; the level-triggered event tells of the rest.
    func acceptWaiting(_ listener: Listener, max: Int) {
        for _ in 0..<max {
            switch Socket.accept(listener.descriptor.rawValue) {
            case .accepted(let descriptor, let peer):
                admit(descriptor, peer.address)
            case .nobody:
                return
            case .retry:
                continue
            case .exhausted:
                guard answerExhausted(listener) else { return }
            case .failed(let error):
                shared.logger?.error("listener_failed", ["error": .string(error.description)])
                poll.remove(listener.descriptor.rawValue)
                return
            }
        }
    }

    private func admit(_ descriptor: consuming FileDescriptor, _ peer: IPAddress) {
        shared.metrics.accepted.increment()
        let isTrustedProxy = shared.configuration.trustedProxies.contains { $0.contains(peer) }
        if !isTrustedProxy, !shared.addresses.enter(peer) {
            refuse(descriptor, peer, .addressLimit)
            return
        }
        if shared.openConnections.load(ordering: .relaxed) >= limits.connectionsMax, !evictOldest() {
            if !isTrustedProxy { shared.addresses.leave(peer) }
            refuse(descriptor, peer, .connectionLimit)
            return
        }
        let state = ConnectionState(isSecure: shared.isSecure, limits: limits, now: now)
        open(descriptor, peer, isTrustedProxy: isTrustedProxy, isCounted: !isTrustedProxy, state)
    }

    /// Enters a connection in the table and has it watched; returns it, or nil where the kernel has no memory for it.
    @discardableResult
    private func open(
        _ descriptor: consuming FileDescriptor,
        _ peer: IPAddress,
        isTrustedProxy: Bool,
        isCounted: Bool,
        _ state: ConnectionState
    ) -> ConnectionSlot? {
        // Without a session there is nothing to say: a refused connection never gets here over TLS.
        let tls = shared.makeSession()
        guard tls != nil || !shared.isSecure, let token = connections.reserve() else {
            if isCounted { shared.addresses.leave(peer) }
            return nil
        }
        do throws(SystemError) {
            try poll.addEdge(descriptor.rawValue, token: token)
        } catch {
            shared.logger?.error("connection_not_watched", ["error": .string(error.description)])
            connections.release(token)
            if isCounted { shared.addresses.leave(peer) }
            return nil
        }
        var connection = Connection(
            token: token,
            peer: peer,
            isTrustedProxy: isTrustedProxy,
            isCounted: isCounted,
            descriptor: descriptor,
            tls: tls,
            state: state,
            limits: limits
        )
        if drain?.isEnding == true { connection.state.drainBegan(now: now) }
        scheduleDeadline(&connection)
        let slot = ConnectionSlot(connection)
        connections.insert(slot)
        shared.openConnections.add(1, ordering: .relaxed)
        shared.metrics.opened()
        return slot
    }

    // MARK: No room

    /// Makes room by closing the connection that has been idle longest; false where none is idle.
    private func evictOldest() -> Bool {
        guard let slot = eviction.next(connections, now: now) else { return false }
        shared.metrics.refused(.evicted)
        close(&slot.connection)
        return true
    }

    /// Answers 503 and ends the connection; over TLS there is no answer without a handshake, so it just ends.
    private func refuse(
        _ descriptor: consuming FileDescriptor,
        _ peer: IPAddress,
        _ reason: HTTPServerMetrics.Refusal
    ) {
        shared.metrics.refused(reason)
        guard !shared.isSecure else { return }
        guard connections.count < limits.connectionsMax + Self.refusedMax else {
            answerAndDrop(descriptor)
            return
        }
        let state = ConnectionState(refusedWith: limits, now: now)
        guard let slot = open(descriptor, peer, isTrustedProxy: false, isCounted: false, state) else { return }
        sayNoRoom(&slot.connection)
    }

    private func sayNoRoom(_ connection: inout Connection) {
        append(&connection, shared.responder.response(to: HTTPRejection(.overloaded), of: nil), closing: true)
        offerOutput(&connection)
        if connection.state.phase != .closed { scheduleDeadline(&connection) }
    }

    /// With no descriptor left, gives up the reserve for the time of one answer.
    ///
    /// Otherwise the connection would stay in the backlog and the event would come again at once, for ever.
    private func answerExhausted(_ listener: Listener) -> Bool {
        shared.metrics.refused(.descriptors)
        guard reserve.giveUp() else {
            pauseAccepting()
            return false
        }
        if case .accepted(let descriptor, _) = Socket.accept(listener.descriptor.rawValue), !shared.isSecure {
            answerAndDrop(descriptor)
        }
        if !reserve.takeBack() {
            pauseAccepting()
            return false
        }
        return true
    }

    private func answerAndDrop(_ descriptor: consuming FileDescriptor) {
        let response = shared.responder.response(to: HTTPRejection(.overloaded), of: nil)
        var bytes: [UInt8] = []
        encoder.append(response, closing: true, isToHead: false, now: shared.time.now(), to: &bytes)
        _ = Socket.send(descriptor.rawValue, bytes.span)
        Socket.shutdownSending(descriptor.rawValue)
        // Unread bytes at the close would reset the connection under the answer.
        _ = Socket.receive(descriptor.rawValue, into: &scratch)
    }

    /// Stops listening for a moment: somebody else has taken the last descriptor.
    private func pauseAccepting() {
        guard reserve.pause(until: now.adding(milliseconds: 100)) else { return }
        for listener in listeners { poll.remove(listener.descriptor.rawValue) }
    }

    /// Listens again after a pause that is over.
    func resumeAccepting() {
        guard reserve.resume(now: now) else { return }
        for (index, listener) in listeners.enumerated() {
            let token = Self.firstListenerToken + UInt64(index)
            try? poll.addLevel(listener.descriptor.rawValue, token: token)
        }
    }
}
