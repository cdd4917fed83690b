import OpenSSLKit
import Platform

/// From answers to the socket.
extension EventLoop {
    /// Sends what this turn has produced, or queues it behind what waits already.
    func offerOutput(_ connection: inout Connection) {
        // Taken out of the loop and given back, so that its storage stays and is not copied.
        var bytes: [UInt8] = []
        swap(&bytes, &out)
        var body: [UInt8] = []
        swap(&body, &lentBody)
        offer(&bytes, body, &connection)
        // One great answer must not hold its memory for ever.
        bytes.removeAll(keepingCapacity: bytes.capacity <= 4 * limits.outputQueueBytesMax)
        swap(&bytes, &out)
    }

    private func offer(_ bytes: inout [UInt8], _ body: [UInt8], _ connection: inout Connection) {
        guard connection.state.phase != .closed else { return }
        if connection.output.hasBody {
            // Over TLS the order of the plain bytes is what counts.
            connection.output.appendBehindBody(bytes)
            connection.output.appendBehindBody(body)
            return outputOffered(&connection)
        }
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
            connection.output.append(bytes[...])
        } else {
            switch Socket.send(connection.raw, bytes.span) {
            case .moved(let count):
                tally.bytesOut += count
                if count < bytes.count { connection.output.append(bytes[count...]) }
            case .blocked, .ended:
                connection.output.append(bytes[...])
            case .failed:
                close(&connection)
            }
        }
        if !body.isEmpty, connection.state.phase != .closed {
            let isBlocked = connection.isOutputWaiting
            connection.output.lend(body)
            if !isBlocked { sendOutput(&connection) }
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

    /// Goes on with what the client would not take before.
    func sendWaiting(_ connection: inout Connection) {
        sendOutput(&connection)
        if !connection.isOutputWaiting { outputOffered(&connection) }
    }

    /// Sends until the client takes no more, or nothing waits.
    private func sendOutput(_ connection: inout Connection) {
        while connection.isOutputWaiting {
            if !connection.output.hasBytes, let tls = connection.tls {
                var ciphertext: [UInt8] = []
                guard tls.send(connection.output.takePiece()) else { return close(&connection) }
                tls.takeCiphertext(into: &ciphertext)
                connection.output.append(ciphertext[...])
            }
            let isBody = !connection.output.hasBytes
            let bytes = isBody ? connection.output.body : connection.output.bytes
            let start = isBody ? connection.output.bodySent : connection.output.bytesSent
            switch Socket.send(connection.raw, bytes.span, from: start) {
            case .moved(let count):
                tally.bytesOut += count
                if isBody { connection.output.tookBody(count) } else { connection.output.tookBytes(count) }
            case .blocked, .ended:
                return
            case .failed:
                return close(&connection)
            }
        }
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
