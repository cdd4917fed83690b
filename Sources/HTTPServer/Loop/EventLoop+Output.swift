import OpenSSLKit
import Platform

/// From answers to the socket.
extension EventLoop {
    /// Sends what this turn has produced, or queues it behind what waits already.
    func offerOutput(_ connection: Connection) {
        guard connection.state.phase != .closed else {
            out.removeAll(keepingCapacity: true)
            return
        }
        if let tls = connection.tls {
            let isAlive = out.isEmpty || tls.send(out)
            out.removeAll(keepingCapacity: true)
            guard isAlive else {
                close(connection)
                return
            }
            tls.takeCiphertext(into: &out)
        }
        if out.isEmpty {
            // Nothing was said; a connection in its last phase may still have to be ended.
            if connection.state.phase != .finishing || connection.isOutputWaiting { return }
        } else if connection.isOutputWaiting {
            connection.output.append(contentsOf: out)
        } else {
            switch Socket.send(connection.raw, out.span) {
            case .moved(let count):
                tally.bytesOut += count
                if count < out.count { keep(connection, from: count) }
            case .blocked, .ended:
                keep(connection, from: 0)
            case .failed:
                close(connection)
            }
        }
        // One great answer must not hold its memory for ever.
        out.removeAll(keepingCapacity: out.capacity <= 4 * limits.outputQueueBytesMax)
        outputOffered(connection)
    }

    /// Ends the TLS session with a close_notify, where the socket takes it (RFC 8446 section 6.1).
    func sayGoodbye(_ connection: Connection) {
        guard let tls = connection.tls, !connection.isOutputWaiting else { return }
        tls.shutdown()
        var notice: [UInt8] = []
        tls.takeCiphertext(into: &notice)
        if !notice.isEmpty { _ = Socket.send(connection.raw, notice.span) }
    }

    private func keep(_ connection: Connection, from count: Int) {
        connection.output = Array(out[count...])
        connection.outputSent = 0
    }

    /// Goes on with what the client would not take before.
    func sendWaiting(_ connection: Connection) {
        while connection.isOutputWaiting {
            let output = connection.output
            switch Socket.send(connection.raw, output.span, from: connection.outputSent) {
            case .moved(let count):
                tally.bytesOut += count
                connection.outputSent += count
            case .blocked, .ended:
                return
            case .failed:
                close(connection)
                return
            }
        }
        connection.output = []
        connection.outputSent = 0
        outputOffered(connection)
    }

    private func outputOffered(_ connection: Connection) {
        switch connection.state.outputOffered(isBlocked: connection.isOutputWaiting, now: now) {
        case .wait:
            break
        case .proceed:
            // Requests may have waited for the client to read.
            list(connection)
        case .linger:
            sayGoodbye(connection)
            Socket.shutdownSending(connection.raw)
            // What is unread already counts as well.
            connection.canRead = true
            list(connection)
        case .close:
            close(connection)
        }
    }
}
