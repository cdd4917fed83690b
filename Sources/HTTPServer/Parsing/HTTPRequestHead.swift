/// A request's head, checked, with the one framing that follows from it (RFC 9112 section 6.3).
package struct HTTPRequestHead: Sendable {
    /// How the end of the body is found.
    package enum Framing: Equatable, Sendable {
        /// No body.
        case none
        /// Exactly so many bytes, at least one.
        case length(Int)
        /// Chunked transfer coding.
        case chunked
    }

    package var method: HTTPMethod
    package var path: String
    package var query: String?
    package var fields: HTTPRequestFields
    package var framing: Framing
    /// Whether the client wants a `100 Continue` before it sends the body (RFC 9110 section 10.1.1).
    package var expectsContinue: Bool
    /// Whether the connection may be used again: HTTP/1.1 without `Connection: close`.
    package var keepsAlive: Bool
}
