import Platform

/// A connection's turn: send what waits, receive once, serve what that brings.
extension EventLoop {
    func turn(_ connection: Connection) {
        if connection.isOutputWaiting { sendWaiting(connection) }
        switch connection.state.phase {
        case .handshaking, .idle, .readingHead, .readingBody:
            takeInput(connection)
        case .lingering:
            dropInput(connection)
        case .awaitingReply, .finishing, .closed:
            break
        }
        if connection.state.phase != .closed { scheduleDeadline(connection) }
    }

    private func takeInput(_ connection: Connection) {
        guard connection.state.takesRequests else { return }
        if connection.hasRequestWaiting {
            connection.hasRequestWaiting = false
            let bytes = connection.unread
            connection.unread = []
            serve(connection, bytes, count: bytes.count)
            offerOutput(connection)
            guard connection.state.takesRequests, !connection.hasRequestWaiting else { return }
        }
        guard connection.canRead else { return }
        switch Socket.receive(connection.raw, into: &scratch) {
        case .moved(let count):
            tally.bytesIn += count
            noteReceived(connection, count)
            serveReceived(connection, count)
            offerOutput(connection)
        case .blocked:
            connection.canRead = false
        case .ended:
            if connection.state.peerEnded() == .close { close(connection) }
        case .failed:
            close(connection)
        }
    }

    /// A full buffer, or an end that was told of, means that there is more to read: the kernel tells only once.
    private func noteReceived(_ connection: Connection, _ count: Int) {
        if count == scratch.count || connection.hasEnded {
            list(connection)
        } else {
            connection.canRead = false
        }
    }

    private func serveReceived(_ connection: Connection, _ count: Int) {
        if connection.unread.isEmpty {
            serve(connection, scratch, count: count)
        } else {
            // The bytes of a head must lie side by side.
            var bytes = connection.unread
            connection.unread = []
            bytes.append(copying: scratch.span, 0..<count)
            serve(connection, bytes, count: bytes.count)
        }
    }

    /// Parses and serves `bytes[..<count]`, and keeps what is left.
    private func serve(_ connection: Connection, _ bytes: [UInt8], count: Int) {
        let consumed = serveRequests(connection, bytes.span.extracting(0..<count))
        switch connection.state.phase {
        case .finishing, .lingering, .closed:
            connection.hasRequestWaiting = false
        case .handshaking, .idle, .readingHead, .readingBody, .awaitingReply:
            if consumed < count {
                connection.unread = [UInt8](copying: bytes.span, consumed..<count)
            } else {
                connection.hasRequestWaiting = false
            }
        }
    }

    /// Reads and forgets, so that closing does not reset the connection under the last answer.
    private func dropInput(_ connection: Connection) {
        guard connection.canRead else { return }
        switch Socket.receive(connection.raw, into: &scratch) {
        case .moved(let count):
            tally.bytesIn += count
            noteReceived(connection, count)
            if connection.state.lingered(byteCount: count) == .close { close(connection) }
        case .blocked:
            connection.canRead = false
        case .ended, .failed:
            close(connection)
        }
    }
}
