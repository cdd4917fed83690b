package import OpenSSLKit
package import Platform

/// Why a request got no answer that counts.
///
/// The words are our own or the system's; nothing of what the server sent stands in them.
package enum HTTPClientError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknownHost(String)
    /// The host has an address that must not be reached; no connection was tried.
    case addressRefused(IPAddress)
    case unreachable(String, SystemError)
    case tls(TLSError)
    /// The endpoint wants TLS, and the client was given nobody to trust.
    case nobodyTrusted
    /// A deadline passed, of the look-up, the connection, the handshake or the whole.
    case timedOut
    /// The connection broke or ended before the answer was complete.
    case cutOff
    case malformed(HTTPAnswerFault)
    /// A field of the request holds what can not stand in one.
    case badField(String)

    package var description: String {
        switch self {
        case .unknownHost(let host): "the host \(host) is not known"
        case .addressRefused(let address): "the address \(address) must not be reached"
        case .unreachable(let place, let error): "\(place) can not be reached: \(error)"
        case .tls(let error): error.description
        case .nobodyTrusted: "no trusted certificates were given"
        case .timedOut: "no answer in time"
        case .cutOff: "the connection ended before the answer was complete"
        case .malformed(let fault): "the answer is malformed: \(fault.rawValue)"
        case .badField(let name): "the \(name) field holds a control character"
        }
    }
}

/// What is wrong with an answer.
package enum HTTPAnswerFault: String, Error, Sendable, CaseIterable {
    case notHTTP = "no HTTP/1.1 status line"
    case badStatus = "a status outside of 100 to 599"
    case badLineEnd = "a line that does not end with CR and LF"
    case badField = "a malformed field"
    case badLength = "a malformed or repeated Content-Length"
    case badTransferEncoding = "a Transfer-Encoding other than chunked"
    case badChunk = "a malformed chunk"
    case headTooLong = "a head over its limit"
    case bodyTooLong = "a body over its limit"
    case tooManyInterim = "too many interim answers"
    case upgraded = "a change of protocol that nobody asked for"
}
