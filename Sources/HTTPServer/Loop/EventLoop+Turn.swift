import OpenSSLKit
import Platform

/// A connection's turn: send what waits, receive once, serve what that brings.
extension EventLoop {
    func turn(_ connection: inout Connection) {
        if connection.isOutputWaiting { sendWaiting(&connection) }
        switch connection.state.phase {
        case .handshaking, .idle, .readingHead, .readingBody:
            takeInput(&connection)
        case .lingering:
            dropInput(&connection)
        case .awaitingReply, .finishing, .closed:
            break
        }
        if connection.state.phase != .closed { scheduleDeadline(&connection) }
    }

    private func takeInput(_ connection: inout Connection) {
        guard connection.state.takesRequests || connection.state.phase == .handshaking else { return }
        if connection.hasRequestWaiting {
            connection.hasRequestWaiting = false
            let bytes = connection.unread
            connection.unread = []
            serve(&connection, bytes, count: bytes.count)
            offerOutput(&connection)
            guard connection.state.takesRequests, !connection.hasRequestWaiting else { return }
        }
        if connection.hasSaidEnd {
            if connection.state.peerEnded() == .close { close(&connection) }
            return
        }
        guard connection.canRead else { return }
        switch Socket.receive(connection.raw, into: &scratch) {
        case .moved(let count):
            tally.bytesIn += count
            noteReceived(&connection, count)
            if let tls = connection.tls {
                serveCiphertext(&connection, tls, count)
            } else {
                serveReceived(&connection, scratch, count)
            }
            offerOutput(&connection)
        case .blocked:
            connection.canRead = false
        case .ended:
            if connection.state.peerEnded() == .close { close(&connection) }
        case .failed:
            close(&connection)
        }
    }

    /// A full buffer, or an end that was told of, means that there is more to read: the kernel tells only once.
    private func noteReceived(_ connection: inout Connection, _ count: Int) {
        if count == scratch.count || connection.hasEnded {
            list(&connection)
        } else {
            connection.canRead = false
        }
    }

    /// Decrypts, and serves what that gives; the alert of a failure is sent before the connection ends.
    private func serveCiphertext(_ connection: inout Connection, _ tls: TLSSession, _ count: Int) {
        let ciphertext = scratch
        plaintext.removeAll(keepingCapacity: true)
        let progress = unsafe ciphertext.withUnsafeBytes { bytes in
            unsafe tls.advance(
                UnsafeRawBufferPointer(rebasing: bytes[..<count]),
                into: &plaintext,
                bytesMax: Self.plaintextBytesMax
            )
        }
        if tls.isHandshakeComplete { connection.state.handshakeCompleted(now: now) }
        if !plaintext.isEmpty { serveReceived(&connection, plaintext, plaintext.count) }
        switch progress {
        case .needsMoreInput, .outputFull:
            break
        case .closed:
            connection.hasSaidEnd = true
            list(&connection)
        case .failed:
            if !tls.isHandshakeComplete { shared.metrics.handshakeFailed() }
            offerOutput(&connection)
            close(&connection)
        }
    }

    private func serveReceived(_ connection: inout Connection, _ received: [UInt8], _ count: Int) {
        if connection.unread.isEmpty {
            serve(&connection, received, count: count)
        } else {
            // The bytes of a head must lie side by side.
            var bytes = connection.unread
            connection.unread = []
            bytes.append(copying: received.span, 0..<count)
            serve(&connection, bytes, count: bytes.count)
        }
    }

    /// Parses and serves `bytes[..<count]`, and keeps what is left.
    private func serve(_ connection: inout Connection, _ bytes: [UInt8], count: Int) {
        let consumed = serveRequests(&connection, bytes.span.extracting(0..<count))
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
    private func dropInput(_ connection: inout Connection) {
        guard connection.canRead else { return }
        switch Socket.receive(connection.raw, into: &scratch) {
        case .moved(let count):
            tally.bytesIn += count
            noteReceived(&connection, count)
            if connection.state.lingered(byteCount: count) == .close { close(&connection) }
        case .blocked:
            connection.canRead = false
        case .ended, .failed:
            close(&connection)
        }
    }
}
