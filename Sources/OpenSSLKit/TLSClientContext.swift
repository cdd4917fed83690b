import COpenSSL
import Synchronization

/// What the sessions of a client share: the roots it trusts and the rules of the handshake.
///
/// TLS 1.2 with ECDHE and an AEAD, and TLS 1.3; the peer is always verified; `http/1.1` is offered (RFC 7301).
package final class TLSClientContext: Sendable {
    /// Where trusted roots come from.
    package enum Trust: Hashable, Sendable {
        /// The system's store, or what the environment's `SSL_CERT_FILE` and `SSL_CERT_DIR` say.
        case system
        /// A PEM file of certificates and nothing else.
        case file(String)
    }

    private let handle: TLSContextHandle
    private let lacksSystemRoots: Mutex<Bool>

    /// Reads the roots of a file, blocking; throws a `TLSError` of kind `configuration` that names it.
    ///
    /// The system's are read for the first session: that takes tens of milliseconds and megabytes, and most services never
    /// send anything.
    package init(trust: Trust) throws(TLSError) {
        handle = try TLSContextHandle.client()
        lacksSystemRoots = Mutex(trust == .system)
        unsafe SSL_CTX_set_verify(handle.pointer, SSL_VERIFY_PEER, nil)
        ERR_clear_error()
        if case .file(let path) = trust, unsafe SSL_CTX_load_verify_file(handle.pointer, path) != 1 {
            throw TLSError.capture(.configuration, "file of trusted certificates '\(path)'")
        }
        let name = TLSSession.applicationProtocol
        let offer = [UInt8(truncatingIfNeeded: name.count)] + name
        // Unlike its siblings this function gives 0 for success.
        guard unsafe SSL_CTX_set_alpn_protos(handle.pointer, offer, CUnsignedInt(offer.count)) == 0 else {
            throw TLSError.capture(.configuration, "application protocol")
        }
    }

    /// What a session is made from, with its roots; blocks for the first one.
    func handleWithRoots() throws(TLSError) -> TLSContextHandle {
        try lacksSystemRoots.withLock { lacksSystemRoots throws(TLSError) in
            guard lacksSystemRoots else { return }
            ERR_clear_error()
            guard unsafe SSL_CTX_set_default_verify_paths(handle.pointer) == 1 else {
                throw TLSError.capture(.configuration, "the system's trusted certificates")
            }
            lacksSystemRoots = false
        }
        return handle
    }
}
