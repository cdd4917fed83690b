import Glibc
package import Platform

/// A blocking TLS connection of a client over a connected socket, for command-line use.
///
/// Every call ends at the latest at ``deadline``, whether the socket itself blocks or not. One owner, used by one thread
/// at a time; dropping it closes the socket, without close_notify unless ``close()`` was called.
package final class TLSClientConnection {
    /// When reading and writing give up; may be moved for every exchange.
    package var deadline: MonotonicInstant

    private let socket: FileDescriptor
    private let clock: any TimeSource
    private let session: TLSSession
    private var received = [UInt8](repeating: 0, count: 16_384)
    private var outgoing: [UInt8] = []

    /// Takes over a connected socket and completes the handshake with `host`, a DNS name or an IP address.
    ///
    /// Throws a `TLSError`: `untrustedPeer` where the certificate is not signed by a trusted root, not valid now or not
    /// for this host; `handshake` where the server does not speak TLS 1.2 or later; `connection`; `deadline`;
    /// `configuration` for a host that is neither a name nor an address.
    package init(
        owning socket: consuming FileDescriptor,
        context: TLSClientContext,
        host: String,
        deadline: MonotonicInstant,
        clock: any TimeSource
    ) throws(TLSError) {
        session = try TLSSession(client: context, host: host)
        self.socket = socket
        self.deadline = deadline
        self.clock = clock
        var early: [UInt8] = []
        var progress = session.advance([], into: &early, bytesMax: 0)
        try flush()
        while !session.isHandshakeComplete {
            try throwIfFailed(progress)
            let count = try receive()
            progress = advance(count, into: &early, bytesMax: 0)
            // An alert that cannot be sent must not hide why it was to be sent.
            if case .failed(let error) = progress {
                try? flush()
                throw error
            }
            try flush()
        }
    }

    /// Encrypts and sends all of `bytes`.
    package func write(_ bytes: [UInt8]) throws(TLSError) {
        guard session.send(bytes) else { throw TLSError(.connection, "the TLS connection is closed for sending") }
        try flush()
    }

    /// Waits for plaintext and appends at least one and at most `bytesMax` bytes of it; 0 after the server's
    /// close_notify.
    ///
    /// A socket that ends without close_notify is an error of kind `connection`: what came may have been cut short (RFC
    /// 8446 section 6.1).
    package func read(into bytes: inout [UInt8], bytesMax: Int) throws(TLSError) -> Int {
        precondition(bytesMax > 0, "a read needs room")
        let start = bytes.count
        var progress = advance(0, into: &bytes, bytesMax: bytesMax)
        while true {
            // A failure comes back at the next call; what was decrypted before it is handed out first.
            if bytes.count > start { return bytes.count - start }
            if progress == .closed { return 0 }
            try throwIfFailed(progress)
            try flush()
            let count = try receive()
            progress = advance(count, into: &bytes, bytesMax: bytesMax)
        }
    }

    /// Says close_notify as far as the socket takes it before the deadline; nothing can be written after it.
    package func close() {
        session.shutdown()
        try? flush()
    }

    private func advance(_ receivedBytes: Int, into bytes: inout [UInt8], bytesMax: Int) -> TLSProgress {
        unsafe received.withUnsafeBytes { buffer in
            unsafe session.advance(
                UnsafeRawBufferPointer(rebasing: buffer[..<receivedBytes]),
                into: &bytes,
                bytesMax: bytesMax
            )
        }
    }

    private func throwIfFailed(_ progress: TLSProgress) throws(TLSError) {
        switch progress {
        case .failed(let error): throw error
        case .closed: throw TLSError(.connection, "the server closed the connection")
        case .needsMoreInput, .outputFull: return
        }
    }

    /// Sends everything that waits for the server.
    private func flush() throws(TLSError) {
        session.takeCiphertext(into: &outgoing)
        var sent = 0
        while sent < outgoing.count {
            let count = unsafe outgoing.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    socket.rawValue,
                    bytes.baseAddress?.advanced(by: sent),
                    bytes.count - sent,
                    CInt(MSG_DONTWAIT | MSG_NOSIGNAL)
                )
            }
            if count >= 0 { sent += count } else { try waitFor(POLLOUT, after: errno, "send") }
        }
        outgoing.removeAll(keepingCapacity: true)
    }

    /// Waits for ciphertext and gives the number of bytes, never 0.
    private func receive() throws(TLSError) -> Int {
        while true {
            let count = unsafe received.withUnsafeMutableBytes { buffer in
                unsafe recv(socket.rawValue, buffer.baseAddress, buffer.count, CInt(MSG_DONTWAIT))
            }
            if count > 0 { return count }
            guard count < 0 else {
                throw TLSError(
                    .connection,
                    session.isHandshakeComplete
                        ? "the server cut the connection without ending it properly"
                        : "the server closed the connection during the TLS handshake"
                )
            }
            try waitFor(POLLIN, after: errno, "recv")
        }
    }

    /// Waits until the socket is ready, where `code` says that waiting helps.
    private func waitFor(_ events: CInt, after code: CInt, _ call: String) throws(TLSError) {
        if code == EINTR { return }
        guard code == EAGAIN || code == EWOULDBLOCK else {
            throw TLSError(.connection, "\(call): \(TLSError.systemReason(code))")
        }
        while true {
            let restNanoseconds = deadline.nanoseconds(since: clock.monotonicNow())
            guard restNanoseconds > 0 else {
                throw TLSError(.deadline, "the server did not answer in time")
            }
            var entry = pollfd(fd: socket.rawValue, events: Int16(truncatingIfNeeded: events), revents: 0)
            let restMilliseconds = CInt(clamping: restNanoseconds / 1_000_000 + 1)
            let ready = unsafe poll(&entry, 1, restMilliseconds)
            if ready > 0 { return }
            if ready < 0, errno != EINTR {
                throw TLSError(.connection, "poll: \(TLSError.systemReason(errno))")
            }
        }
    }
}
