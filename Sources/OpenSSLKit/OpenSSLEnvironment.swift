import COpenSSL

/// Facts about the OpenSSL library that the process runs with.
package enum OpenSSLEnvironment {
    /// The library's own words for its version, such as `OpenSSL 3.0.17 1 Jul 2025`.
    package static var version: String {
        guard let text = unsafe COpenSSL.OpenSSL_version(OPENSSL_VERSION) else { return "OpenSSL" }
        return unsafe String(cString: text)
    }

    /// Whether a context for one-shot EdDSA can be used again without a new initialisation.
    ///
    /// True of OpenSSL 3.0, where our tests show it; later ones may count such a context as finished.
    static let edDSAContextsAreReusable = OpenSSL_version_num() >> 20 == 0x300
}
