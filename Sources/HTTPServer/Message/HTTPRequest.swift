package import Platform

/// A whole request, body included, as the responder sees it.
package struct HTTPRequest: Sendable {
    package var method: HTTPMethod
    /// The target before "?", still percent-encoded, always beginning with "/" (or `*` for OPTIONS).
    package var path: String
    /// The target after the first "?", still percent-encoded; nil where there is no "?".
    package var query: String?
    package var fields: HTTPRequestFields
    /// The content, with any chunked coding removed.
    package var body: [UInt8]
    /// Who asks: the socket's address, or what trusted proxies report.
    package var clientAddress: IPAddress
    /// Whether the peer is a trusted proxy, whose `X-Forwarded-…` fields are believed.
    package var isFromTrustedProxy: Bool
    /// Whether the request came over TLS to this server.
    package var isSecure: Bool
    /// When the head was complete.
    package var receivedAt: MonotonicInstant

    /// The target in origin-form, as sent.
    package var target: String { query.map { "\(path)?\($0)" } ?? path }

    /// A request from its parts; `target` is split at its first "?".
    package init(
        method: HTTPMethod,
        target: String,
        fields: HTTPRequestFields = HTTPRequestFields(),
        body: [UInt8] = [],
        clientAddress: IPAddress = .loopback,
        isFromTrustedProxy: Bool = false,
        isSecure: Bool = false,
        receivedAt: MonotonicInstant = MonotonicInstant(nanoseconds: 0)
    ) {
        let mark = target.firstIndex(of: "?")
        self.init(
            method: method,
            path: String(target[..<(mark ?? target.endIndex)]),
            query: mark.map { String(target[target.index(after: $0)...]) },
            fields: fields,
            body: body,
            clientAddress: clientAddress,
            isFromTrustedProxy: isFromTrustedProxy,
            isSecure: isSecure,
            receivedAt: receivedAt
        )
    }

    init(
        method: HTTPMethod,
        path: String,
        query: String?,
        fields: HTTPRequestFields,
        body: [UInt8],
        clientAddress: IPAddress,
        isFromTrustedProxy: Bool,
        isSecure: Bool,
        receivedAt: MonotonicInstant
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.fields = fields
        self.body = body
        self.clientAddress = clientAddress
        self.isFromTrustedProxy = isFromTrustedProxy
        self.isSecure = isSecure
        self.receivedAt = receivedAt
    }
}
