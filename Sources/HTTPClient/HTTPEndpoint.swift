/// Whom a request goes to: scheme, host and port.
package struct HTTPEndpoint: Hashable, Sendable {
    /// Whether TLS is spoken.
    package var isSecure: Bool
    /// A DNS name or an address, without brackets.
    package var host: String
    package var port: UInt16

    package init(isSecure: Bool, host: String, port: UInt16) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
    }

    /// The `Host` field.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }
}

/// One request.
package struct HTTPOrder: Sendable {
    package var method: String
    package var endpoint: HTTPEndpoint
    /// Path and query.
    package var target: String
    package var fields: [(String, String)]
    package var body: [UInt8]

    package init(
        method: String,
        endpoint: HTTPEndpoint,
        target: String,
        fields: [(String, String)],
        body: [UInt8]
    ) {
        self.method = method
        self.endpoint = endpoint
        self.target = target
        self.fields = fields
        self.body = body
    }
}
