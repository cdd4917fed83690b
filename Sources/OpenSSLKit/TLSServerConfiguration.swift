/// Where a TLS server finds its certificate and key.
package struct TLSServerConfiguration: Equatable, Sendable {
    /// PEM: the server's certificate, then the intermediate ones.
    package var certificateFile: String
    /// PEM: the private key, unencrypted.
    package var privateKeyFile: String

    package init(certificateFile: String, privateKeyFile: String) {
        self.certificateFile = certificateFile
        self.privateKeyFile = privateKeyFile
    }
}
