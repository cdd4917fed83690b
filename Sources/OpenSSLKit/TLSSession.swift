import COpenSSL

/// Why ``TLSSession/advance(_:into:bytesMax:)`` came to a stop.
package enum TLSProgress: Equatable, Sendable {
    /// Everything fed so far is used up; go on when the peer has sent more.
    case needsMoreInput
    /// The limit of plaintext is reached; call again, with no new ciphertext, for the rest.
    case outputFull
    /// The peer sent close_notify (RFC 8446 section 6.1): no plaintext follows; sending is still allowed.
    case closed
    /// The session is dead; send what ``TLSSession/takeCiphertext(into:)`` gives (the alert) and close the socket.
    case failed(TLSError)
}

/// One TLS connection as a pump between two pairs of byte queues: it never touches a socket and never waits.
///
/// Turn of the crank: read from the socket, ``advance(_:into:bytesMax:)``, answer with ``send(_:)``, then write what
/// ``takeCiphertext(into:)`` gives to the socket, after every one of these calls. A client cranks once with no input to
/// start. One owner, used by one thread at a time.
///
/// Memory: ciphertext held is what was fed since the last `needsMoreInput`; output held is what was sent and not taken,
/// with some 22 bytes a record of 16 KiB on top. OpenSSL holds one incomplete record (≤ 18 KiB), and during the handshake
/// a message: it takes a ClientHello of up to 128 KiB at its word, so bound the handshakes under way. A peer that is not
/// through after ``handshakeBytesMax`` is refused. A server's session is nothing but what was fed until that is a whole record,
/// some 47 KiB until the handshake is complete, and about 14 KiB when it is idle, queues included. Deadlines are the
/// caller's, and so is a socket that ends without close_notify.
@safe
package final class TLSSession {
    /// The only protocol spoken inside (RFC 7301 section 6).
    static let applicationProtocol = Array("http/1.1".utf8)

    /// Most bytes taken from a peer before the handshake is complete; honest ones need a few thousand.
    package static let handshakeBytesMax = 65_536

    private enum State {
        case handshaking
        case open
        case closedByPeer
        case failed(TLSError)
    }

    /// Whether application data may flow.
    package private(set) var isHandshakeComplete = false

    private let context: TLSContextHandle
    private let transport = TLSTransport()
    private let isServer: Bool
    /// Nil on a server that has not been sent a whole record yet.
    private var handle: TLSSessionHandle?
    private var state = State.handshaking
    private var isShutDown = false

    /// The server's side of a new connection.
    package init(server context: TLSServerContext) {
        self.context = context.handle
        isServer = true
    }

    /// The client's side of a new connection to a host: a DNS name or an IP address (IPv6 with or without brackets).
    ///
    /// The peer's certificate must be valid for the host (RFC 6125, RFC 9525); a name is also sent to the server (SNI,
    /// RFC 6066 section 3), an address never. Throws for a host that can be neither, and where the system's trusted
    /// certificates can not be read; the first session blocks for those.
    package init(client context: TLSClientContext, host: String) throws(TLSError) {
        self.context = try context.handleWithRoots()
        isServer = false
        let handle = try TLSSessionHandle(self.context, transport)
        unsafe SSL_set_connect_state(handle.pointer)
        try Self.expect(host, handle)
        self.handle = handle
    }

    /// Whether OpenSSL knows of this session yet.
    var isEngaged: Bool { handle != nil }

    /// Whether the peer has to be sent something now.
    package var hasCiphertext: Bool { transport.outgoingBytes > 0 }

    /// The negotiated version in OpenSSL's words, such as `TLSv1.3`; nil before the handshake is complete.
    package var protocolVersion: String? {
        guard isHandshakeComplete, let handle, let name = unsafe SSL_get_version(handle.pointer) else { return nil }
        return unsafe String(cString: name)
    }

    /// Whether the handshake was shortened by a ticket.
    package var isResumed: Bool { handle.map { unsafe SSL_session_reused($0.pointer) == 1 } ?? false }

    /// Takes ciphertext of the peer and appends the plaintext in it, at most `bytesMax` bytes, to `plaintext`.
    ///
    /// Also drives the handshake. Ciphertext is read in place; only what the limit leaves over is copied. Whatever the
    /// result, plaintext may have been appended and there may be ciphertext to send. A failure repeats for ever.
    package func advance(
        _ ciphertext: UnsafeRawBufferPointer,
        into plaintext: inout [UInt8],
        bytesMax: Int
    ) -> TLSProgress {
        let start = plaintext.count
        let roomBytes = max(0, bytesMax)
        return unsafe transport.lending(ciphertext) { () -> TLSProgress in
            ERR_clear_error()
            guard let handle = engaged() else {
                if case .failed(let error) = state { return .failed(error) }
                return .needsMoreInput
            }
            if let stop = shakeHands(handle) { return stop }
            while plaintext.count - start < roomBytes {
                if let stop = read(handle, into: &plaintext, bytesMax: roomBytes - (plaintext.count - start)) {
                    return stop
                }
            }
            return .outputFull
        }
    }

    /// The same for a whole array.
    package func advance(_ ciphertext: [UInt8], into plaintext: inout [UInt8], bytesMax: Int) -> TLSProgress {
        unsafe ciphertext.withUnsafeBytes { unsafe advance($0, into: &plaintext, bytesMax: bytesMax) }
    }

    /// Encrypts plaintext of any length for the peer; the result waits in ``takeCiphertext(into:)``.
    ///
    /// False, with nothing sent, before the handshake is complete, after ``shutdown()`` and after a failure.
    package func send(_ plaintext: UnsafeRawBufferPointer) -> Bool {
        guard isHandshakeComplete, !isShutDown, let handle else { return false }
        if case .failed = state { return false }
        guard plaintext.count > 0 else { return true }
        ERR_clear_error()
        var written = 0
        if unsafe SSL_write_ex(handle.pointer, plaintext.baseAddress, plaintext.count, &written) == 1,
            written == plaintext.count
        {
            return true
        }
        state = .failed(TLSError.capture(.protocolViolation, "TLS write"))
        return false
    }

    /// The same for a whole array.
    package func send(_ plaintext: [UInt8]) -> Bool {
        unsafe plaintext.withUnsafeBytes { unsafe send($0) }
    }

    /// Moves everything that must go to the peer now to the end of `bytes`.
    ///
    /// An empty array changes storage with the session instead of being copied into.
    package func takeCiphertext(into bytes: inout [UInt8]) { transport.takeOutgoing(into: &bytes) }

    /// Says to the peer that no plaintext follows (close_notify); its own may still come.
    ///
    /// Does nothing before the handshake is complete, after a failure and the second time.
    package func shutdown() {
        guard isHandshakeComplete, !isShutDown, let handle else { return }
        if case .failed = state { return }
        isShutDown = true
        ERR_clear_error()
        // A negative result would only mean that the peer's own notice is not there yet.
        _ = unsafe SSL_shutdown(handle.pointer)
        ERR_clear_error()
    }

    /// OpenSSL's side; nil on a server that was not sent a whole record yet, or where there is no memory.
    ///
    /// It costs many times what a peer pays who opens a connection and stops there.
    private func engaged() -> TLSSessionHandle? {
        if let handle { return handle }
        guard case .handshaking = state, transport.holdsRecord else { return nil }
        do {
            let handle = try TLSSessionHandle(context, transport)
            unsafe SSL_set_accept_state(handle.pointer)
            self.handle = handle
            return handle
        } catch {
            _ = fail(error)
            return nil
        }
    }

    /// Goes on with the handshake; nil once it is complete and reading may start.
    private func shakeHands(_ handle: TLSSessionHandle) -> TLSProgress? {
        switch state {
        case .open: return nil
        case .closedByPeer: return .closed
        case .failed(let error): return .failed(error)
        case .handshaking: break
        }
        let result = unsafe SSL_do_handshake(handle.pointer)
        if result == 1 {
            isHandshakeComplete = true
            state = .open
            return nil
        }
        let progress = stop(handle, result, .handshake, "TLS handshake")
        if progress == .needsMoreInput, transport.consumedBytes > Self.handshakeBytesMax {
            return fail(TLSError(.handshake, "TLS handshake: more than \(Self.handshakeBytesMax) bytes"))
        }
        return progress
    }

    /// Appends at most one record's plaintext; nil where there may be more.
    private func read(
        _ handle: TLSSessionHandle,
        into plaintext: inout [UInt8],
        bytesMax: Int
    ) -> TLSProgress? {
        // A look at one byte decrypts the record, so that the array grows by just what is there.
        var first: UInt8 = 0
        var readBytes = 0
        let isReady = unsafe SSL_peek_ex(handle.pointer, &first, 1, &readBytes)
        guard isReady == 1 else { return stop(handle, isReady, .protocolViolation, "TLS record") }
        let count = plaintext.count
        let roomBytes = min(bytesMax, max(1, unsafe Int(SSL_pending(handle.pointer))))
        plaintext.append(contentsOf: repeatElement(0, count: roomBytes))
        readBytes = 0
        let result = unsafe plaintext.withUnsafeMutableBytes { bytes in
            unsafe SSL_read_ex(handle.pointer, bytes.baseAddress?.advanced(by: count), roomBytes, &readBytes)
        }
        plaintext.removeLast(roomBytes - readBytes)
        return result == 1 ? nil : stop(handle, result, .protocolViolation, "TLS record")
    }

    /// Sorts the result of a call that did not succeed.
    private func stop(
        _ handle: TLSSessionHandle,
        _ result: CInt,
        _ kind: TLSError.Kind,
        _ subject: String
    ) -> TLSProgress {
        switch unsafe SSL_get_error(handle.pointer, result) {
        case SSL_ERROR_WANT_READ:
            return .needsMoreInput
        case SSL_ERROR_ZERO_RETURN:
            state = .closedByPeer
            transport.endInput()
            return .closed
        default:
            let verification = unsafe SSL_get_verify_result(handle.pointer)
            if !isServer, !isHandshakeComplete, verification != CLong(X509_V_OK),
                let text = unsafe X509_verify_cert_error_string(verification)
            {
                ERR_clear_error()
                return unsafe fail(TLSError(.untrustedPeer, "certificate of the server: \(String(cString: text))"))
            }
            return fail(TLSError.capture(kind, subject))
        }
    }

    private func fail(_ error: TLSError) -> TLSProgress {
        state = .failed(error)
        transport.endInput()
        return .failed(error)
    }

    /// Binds the client to the host that the peer's certificate must be made for.
    private static func expect(_ host: String, _ handle: TLSSessionHandle) throws(TLSError) {
        var name = host
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        guard !name.isEmpty, name.utf8.count <= 255, !name.utf8.contains(0) else {
            throw TLSError(.configuration, "not a host name: '\(host)'")
        }
        ERR_clear_error()
        let parameters = unsafe SSL_get0_param(handle.pointer)
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1 { return }
        ERR_clear_error()
        unsafe SSL_set_hostflags(handle.pointer, CUnsignedInt(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        guard unsafe SSL_set1_host(handle.pointer, name) == 1,
            unsafe copenssl_set_server_name(handle.pointer, name) == 1
        else {
            throw TLSError.capture(.configuration, "host name '\(host)'")
        }
    }
}

/// The one owner of an `SSL`, joined to a transport.
@safe
private final class TLSSessionHandle {
    let pointer: OpaquePointer
    /// The `SSL` only borrows it.
    private let transport: TLSTransport

    /// Throws only where memory is wanting.
    init(_ context: TLSContextHandle, _ transport: TLSTransport) throws(TLSError) {
        ERR_clear_error()
        guard let pointer = unsafe SSL_new(context.pointer) else { throw TLSError.capture(.configuration, "SSL_new") }
        unsafe self.pointer = pointer
        self.transport = transport
        guard let bio = unsafe TLSTransportBIO.make(transport) else {
            throw TLSError.capture(.configuration, "BIO_new")
        }
        unsafe SSL_set_bio(pointer, bio, bio)
    }

    deinit { unsafe SSL_free(pointer) }
}
