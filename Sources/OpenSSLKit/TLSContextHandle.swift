import COpenSSL

/// The one owner of an `SSL_CTX`.
@safe
final class TLSContextHandle: @unchecked Sendable {
    // Safe because: a context is set up by one initialiser and never changed after it; OpenSSL allows SSL_new on one
    // context from several threads and counts references atomically.
    let pointer: OpaquePointer

    /// The suites of TLS 1.2 that give forward secrecy and authenticated encryption (RFC 9325 section 4.2).
    private static let suites12 = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
    ].joined(separator: ":")

    private static let suites13 = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"

    /// The common ground of server and client: TLS 1.2 and later, the suites above, no compression (RFC 9325 section
    /// 3.3), no renegotiation (section 3.5), buffers freed while a session is idle.
    private init(owning pointer: OpaquePointer?) throws(TLSError) {
        guard let pointer = unsafe pointer else { throw TLSError.capture(.configuration, "TLS context") }
        unsafe self.pointer = pointer
        unsafe SSL_CTX_set_options(pointer, copenssl_common_options())
        unsafe copenssl_set_mode(pointer, CLong(SSL_MODE_RELEASE_BUFFERS))
        guard unsafe copenssl_set_min_version(pointer, TLS1_2_VERSION) == 1,
            unsafe SSL_CTX_set_cipher_list(pointer, Self.suites12) == 1,
            unsafe SSL_CTX_set_ciphersuites(pointer, Self.suites13) == 1,
            unsafe copenssl_set_groups(pointer, "X25519:P-256") == 1
        else { throw TLSError.capture(.configuration, "TLS versions, suites and curves") }
    }

    /// A context for servers, still without a certificate.
    static func server() throws(TLSError) -> TLSContextHandle {
        ERR_clear_error()
        return try unsafe TLSContextHandle(owning: SSL_CTX_new(TLS_server_method()))
    }

    /// A context for clients, still without trusted roots.
    static func client() throws(TLSError) -> TLSContextHandle {
        ERR_clear_error()
        return try unsafe TLSContextHandle(owning: SSL_CTX_new(TLS_client_method()))
    }

    deinit { unsafe SSL_CTX_free(pointer) }
}
