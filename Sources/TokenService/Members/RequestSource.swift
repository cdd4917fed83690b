package import HTTPServer
import Platform

/// Which page a request comes from, as far as the browser says (Fetch standard, section 3.1 and Fetch Metadata).
package enum RequestSource: Equatable, Sendable {
    /// Neither `Origin` nor `Sec-Fetch-Site`: no browser, or an old one.
    case unknown
    /// A page of this service's own origin.
    case own
    /// Typed in or opened from a bookmark; no page has a hand in it.
    case person
    /// A page of another origin, or marks that contradict each other.
    case foreign

    /// Reads both fields; they must agree, and stand there once.
    ///
    /// - Parameter ownOrigin: how the deployment's issuer URL is reached, which holds behind any proxy.
    package init(_ request: HTTPRequest, ownOrigin: String?) {
        let fields = request.fields
        guard fields.count(of: "origin") <= 1, fields.count(of: "sec-fetch-site") <= 1 else {
            self = .foreign
            return
        }
        let site: RequestSource? = fields.first("sec-fetch-site").map { value in
            switch value {
            case "same-origin": .own
            case "none": .person
            default: .foreign
            }
        }
        let origin: RequestSource? = fields.first("origin").map { value in
            Self.isOwn(value, request, ownOrigin) ? .own : .foreign
        }
        switch (site, origin) {
        case (nil, nil): self = .unknown
        case (let one?, nil), (nil, let one?): self = one
        case (.own?, .own?): self = .own
        case (_?, _?): self = .foreign
        }
    }

    /// The issuer's origin, or that of the host that was asked for: https, or on loopback http.
    private static func isOwn(_ origin: String, _ request: HTTPRequest, _ ownOrigin: String?) -> Bool {
        if origin == ownOrigin { return true }
        guard request.fields.count(of: "host") == 1, let host = request.fields.first("host")?.lowercased(),
            !host.isEmpty
        else { return false }
        if origin == "https://" + host { return true }
        return !request.isSecure && origin == "http://" + host && isLoopback(host)
    }

    private static func isLoopback(_ host: String) -> Bool {
        guard let url = ServiceURL(parsing: "http://" + host) else { return false }
        return url.host == "localhost" || IPAddress(parsing: url.host)?.isLoopback == true
    }

    /// The origin of a URL as browsers write it: without path, and without the scheme's own port.
    ///
    /// Nil where it is no URL.
    package static func origin(of text: String) -> String? {
        guard let url = ServiceURL(parsing: text) else { return nil }
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host.lowercased()
        let port = url.port == (url.isSecure ? 443 : 80) ? "" : ":\(url.port)"
        return (url.isSecure ? "https://" : "http://") + host + port
    }
}
