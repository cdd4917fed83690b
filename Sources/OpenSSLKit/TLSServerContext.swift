import COpenSSL
package import Platform

/// What the sessions of a server share: certificate, private key and the rules of the handshake.
///
/// TLS 1.2 with ECDHE and an AEAD, and TLS 1.3; no compression, no renegotiation, no early data; X25519 and P-256;
/// our order of suites, except for clients that put ChaCha20 first. Sessions are resumed by tickets, whose keys live and
/// die with the context; nothing is kept a session.
///
/// It never changes: to take up renewed files make another one. A ``TLSSession`` keeps the one it was made with alive.
package final class TLSServerContext: Sendable {
    /// The end of the certificate's validity (RFC 5280 section 4.1.2.5), to the second.
    package let certificateExpiry: UnixTime

    let handle: TLSContextHandle

    /// Reads both files, blocking.
    ///
    /// Throws a `TLSError` of kind `configuration` that names the file where one is missing or not the right kind of PEM,
    /// where the key is encrypted, and where it does not belong to the certificate. Expired certificates are taken: a
    /// running service is better than none, and ``certificateExpiry`` tells.
    package init(_ configuration: TLSServerConfiguration) throws(TLSError) {
        handle = try TLSContextHandle.server()
        try Self.load(configuration, into: handle)
        certificateExpiry = try Self.expiry(handle, configuration.certificateFile)
        unsafe SSL_CTX_set_options(handle.pointer, copenssl_server_options())
        // Tickets carry the state, so a cache would only be memory that clients can fill.
        unsafe copenssl_set_session_cache_off(handle.pointer)
        unsafe SSL_CTX_set_alpn_select_cb(
            handle.pointer,
            { _, chosen, chosenBytes, offered, offeredBytes, _ in
                unsafe TLSServerContext.selectProtocol(chosen, chosenBytes, offered, offeredBytes)
            },
            nil
        )
    }

    private static func load(_ configuration: TLSServerConfiguration, into handle: TLSContextHandle) throws(TLSError) {
        let certificate = "certificate file '\(configuration.certificateFile)'"
        let privateKey = "private key file '\(configuration.privateKeyFile)'"
        // Without this OpenSSL would ask for a pass phrase on the terminal.
        unsafe SSL_CTX_set_default_passwd_cb(handle.pointer) { _, _, _, _ in 0 }
        ERR_clear_error()
        guard unsafe SSL_CTX_use_certificate_chain_file(handle.pointer, configuration.certificateFile) == 1 else {
            throw TLSError.capture(.configuration, certificate)
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(handle.pointer, configuration.privateKeyFile, SSL_FILETYPE_PEM) == 1
        else {
            let reason = ERR_peek_error()
            if copenssl_is_key_mismatch(reason) == 1 { throw mismatch(certificate, privateKey) }
            throw TLSError.capture(.configuration, privateKey)
        }
        // A key of another kind than the certificate's is found out only here.
        guard unsafe SSL_CTX_check_private_key(handle.pointer) == 1 else { throw mismatch(certificate, privateKey) }
    }

    private static func mismatch(_ certificate: String, _ privateKey: String) -> TLSError {
        ERR_clear_error()
        return TLSError(.configuration, "\(privateKey): the key does not belong to the \(certificate)")
    }

    private static func expiry(_ handle: TLSContextHandle, _ file: String) throws(TLSError) -> UnixTime {
        ERR_clear_error()
        var days: CInt = 0
        var seconds: CInt = 0
        let epoch = unsafe ASN1_TIME_set(nil, 0)
        defer { unsafe ASN1_STRING_free(epoch) }
        guard let certificate = unsafe SSL_CTX_get0_certificate(handle.pointer),
            unsafe ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(certificate)) == 1
        else { throw TLSError.capture(.configuration, "certificate file '\(file)': end of validity") }
        return UnixTime(seconds: Int64(days) * 86_400 + Int64(seconds))
    }

    /// Chooses `http/1.1` from a client's list, or ends the handshake with no_application_protocol (RFC 7301 section
    /// 3.2).
    private static func selectProtocol(
        _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
        _ chosenBytes: UnsafeMutablePointer<UInt8>?,
        _ offered: UnsafePointer<UInt8>?,
        _ offeredBytes: CUnsignedInt
    ) -> CInt {
        let names = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredBytes))
        var position = 0
        while position < names.count {
            let start = position + 1
            let end = unsafe start + Int(names[position])
            guard end <= names.count else { break }
            if unsafe names[start..<end].elementsEqual(TLSSession.applicationProtocol) {
                // The choice may point into the client's list; OpenSSL copies it.
                unsafe chosen?.pointee = names.baseAddress?.advanced(by: start)
                unsafe chosenBytes?.pointee = names[position]
                return SSL_TLSEXT_ERR_OK
            }
            position = end
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
}
