import OpenSSLKit
import Platform

/// From answers to the socket.
extension EventLoop {
    /// Sends what this turn has produced, or queues it behind what waits already.
    func offerOutput(_ connection: inout Connection) {
        // Taken out of the loop and given back, so that its storage stays and is not copied.
        var bytes: [UInt8] = []
        swap(&bytes, &out)
        offer(&bytes, &connection)
        // One great answer must not hold its memory for ever.
        bytes.removeAll(keepingCapacity: bytes.capacity <= 4 * limits.outputQueueBytesMax)
        swap(&bytes, &out)
    }

    private func offer(_ bytes: inout [UInt8], _ connection: inout Connection) {
        guard connection.state.phase != .closed else { return }
        if let tls = connection.tls {
            guard bytes.isEmpty || tls.send(bytes) else {
                close(&connection)
                return
            }
            bytes.removeAll(keepingCapacity: true)
            tls.takeCiphertext(into: &bytes)
        }
        if bytes.isEmpty {
            // Nothing was said; a connection in its last phase may still have to be ended.
            if connection.state.phase != .finishing || connection.isOutputWaiting { return }
        } else if connection.isOutputWaiting {
            connection.output.append(contentsOf: bytes)
        } else {
            switch Socket.send(connection.raw, bytes.span) {
            case .moved(let count):
                tally.bytesOut += count
                if count < bytes.count { keep(&connection, bytes[count...]) }
            case .blocked, .ended:
                keep(&connection, bytes[...])
            case .failed:
                close(&connection)
            }
        }
        outputOffered(&connection)
    }

    /// Ends the TLS session with a close_notify, where the socket takes it (RFC 8446 section 6.1).
    func sayGoodbye(_ connection: inout Connection) {
        guard let tls = connection.tls, !connection.isOutputWaiting else { return }
        tls.shutdown()
        var notice: [UInt8] = []
        tls.takeCiphertext(into: &notice)
        if !notice.isEmpty { _ = Socket.send(connection.raw, notice.span) }
    }

    private func keep(_ connection: inout Connection, _ rest: ArraySlice<UInt8>) {
        connection.output = Array(rest)
        connection.outputSent = 0
    }

    /// Goes on with what the client would not take before.
    func sendWaiting(_ connection: inout Connection) {
        while connection.isOutputWaiting {
            let output = connection.output
            switch Socket.send(connection.raw, output.span, from: connection.outputSent) {
            case .moved(let count):
                tally.bytesOut += count
                connection.outputSent += count
            case .blocked, .ended:
                return
            case .failed:
                close(&connection)
                return
            }
        }
        connection.output = []
        connection.outputSent = 0
        outputOffered(&connection)
    }

    private func outputOffered(_ connection: inout Connection) {
        switch connection.state.outputOffered(isBlocked: connection.isOutputWaiting, now: now) {
        case .wait:
            break
        case .proceed:
            // Requests may have waited for the client to read.
            list(&connection)
        case .linger:
            sayGoodbye(&connection)
            Socket.shutdownSending(connection.raw)
            // What is unread already counts as well.
            connection.canRead = true
            list(&connection)
        case .close:
            close(&connection)
        }
    }
}
