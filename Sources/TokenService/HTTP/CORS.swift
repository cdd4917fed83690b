package import HTTPServer

/// Cross-origin answers for widget routes (Fetch Standard, CORS protocol).
///
/// Never with credentials.
package enum CORS {
    /// How the browser's origin stands to what was asked for.
    package enum Verdict: Equatable, Sendable {
        /// No list stands anywhere: any origin may read the answer.
        case anyOrigin
        /// A list stands and holds this origin.
        case listed(String)
        /// A list stands and does not hold the origin: the browser must not read the answer.
        case refused
    }

    /// The longest `Origin` that is looked at, in bytes.
    private static let originBytesMax = 512

    /// The request's `Origin`, as the browser set it; nil where there is none.
    ///
    /// Given twice, or longer than 512 bytes, it is a bad request.
    package static func origin(of request: HTTPRequest) throws(Problem) -> String? {
        let values = request.fields.values("origin")
        guard let origin = values.first else { return nil }
        guard values.count == 1, !origin.isEmpty, origin.utf8.count <= originBytesMax else {
            throw Problem(.invalidRequest, "Origin must be given once, with at most \(originBytesMax) bytes.")
        }
        return origin
    }

    /// Adds the fields that let a page read an answer.
    package static func apply(_ verdict: Verdict, to response: inout HTTPResponse) {
        switch verdict {
        case .anyOrigin:
            response.append(forAnyOrigin)
        case .listed(let origin):
            response.append("Access-Control-Allow-Origin", origin)
            response.append(forListedOrigin)
        case .refused:
            response.append(forRefusedOrigin)
        }
    }

    private static let exposed: (StaticString, String) = (
        "Access-Control-Expose-Headers", "Request-Id, Retry-After, RateLimit, RateLimit-Policy, DPoP-Nonce, Date"
    )
    private static let forAnyOrigin = HTTPFieldLines([("Access-Control-Allow-Origin", "*"), exposed])
    private static let forListedOrigin = HTTPFieldLines([("Vary", "Origin"), exposed])
    private static let forRefusedOrigin = HTTPFieldLines([("Vary", "Origin")])

    /// The answer to a preflight for a path with these methods.
    package static func preflight(allow: String) -> HTTPResponse {
        var response = Responses.noContent()
        response.set("Access-Control-Allow-Origin", "*")
        response.set("Access-Control-Allow-Methods", allow)
        response.set("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP")
        response.set("Access-Control-Max-Age", "600")
        return response
    }
}

extension CORS.Verdict {
    /// The verdict for a session that was opened, or would be, from `origin`.
    package init(origin: String?, hasList: Bool) {
        if hasList, let origin { self = .listed(origin) } else { self = .anyOrigin }
    }
}
