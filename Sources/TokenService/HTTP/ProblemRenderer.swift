package import HTTPServer
import StrictJSON

/// The form in which a route's errors are written.
package enum ProblemForm: Sendable {
    /// The service's own: the seeds' envelope, or RFC 9457 where the client prefers it.
    case envelope
    /// RFC 6749 section 5.2, for routes that OAuth clients call.
    case oauth
}

/// Writes problems as answers.
///
/// What is answered by the ten thousand a second is made beforehand instead: ``BusyAnswers``.
package enum ProblemRenderer {
    /// `accept` is the request's `Accept` field; `requestID` is the text form.
    package static func response(
        _ problem: Problem,
        requestID: String,
        accept: String?,
        form: ProblemForm = .envelope
    ) -> HTTPResponse {
        let isOAuth = form == .oauth && oauthCode(problem) != nil
        let isProblemJSON = !isOAuth && prefersProblemJSON(accept)
        let body =
            isOAuth ? oauth(problem) : isProblemJSON ? problemJSON(problem, requestID) : envelope(problem, requestID)
        var response = HTTPResponse(
            status: problem.code.status,
            body: body,
            contentType: isProblemJSON ? "application/problem+json" : "application/json"
        )
        response.set("Cache-Control", "no-store")
        switch problem.code {
        case .unauthorized: response.set("WWW-Authenticate", #"Bearer realm="token-service""#)
        case .invalidToken where problem.needsProof: response.append(unprovenToken)
        case .invalidToken:
            response.set("WWW-Authenticate", #"Bearer realm="token-service", error="invalid_token""#)
        case .invalidDPoPProof: response.append(invalidProof)
        case .useDPoPNonce: response.append(missingNonce)
        case .insufficientScope:
            let scope = problem.scope.map { #", scope="\#($0)""# } ?? ""
            response.set(
                "WWW-Authenticate",
                #"Bearer realm="token-service", error="insufficient_scope"\#(scope)"#
            )
        default: break
        }
        if let nonce = problem.dpopNonce { response.set("DPoP-Nonce", nonce) }
        if let allow = problem.allow { response.set("Allow", allow) }
        if problem.code == .rateLimited || problem.code == .unavailable || problem.retryAfterSeconds != nil {
            response.set("Retry-After", String(max(1, problem.retryAfterSeconds ?? 1)))
        }
        return response
    }

    /// The challenges of RFC 9449 sections 7.1 and 9.
    private static func challenge(_ error: String) -> HTTPFieldLines {
        HTTPFieldLines([
            ("WWW-Authenticate", #"DPoP realm="token-service", error="\#(error)", algs="ES256 EdDSA""#)
        ])
    }

    private static let unprovenToken = challenge("invalid_token")
    private static let invalidProof = challenge("invalid_dpop_proof")
    private static let missingNonce = challenge("use_dpop_nonce")

    private static func envelope(_ problem: Problem, _ requestID: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.name("error")
        writer.beginObject()
        writer.member("code", problem.code.rawValue)
        writer.member("message", problem.message)
        writer.member("status", problem.code.status)
        writer.member("request_id", requestID)
        if let param = problem.param { writer.member("param", param) }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private static func oauth(_ problem: Problem) -> [UInt8] {
        var writer = JSONWriter(capacity: 192)
        writer.beginObject()
        writer.member("error", oauthCode(problem))
        writer.member("error_description", problem.message)
        writer.endObject()
        return writer.bytes
    }

    /// The code of RFC 6749 section 5.2 (403: RFC 6750 section 3.1); nil for what is refused before OAuth begins.
    private static func oauthCode(_ problem: Problem) -> String? {
        switch problem.code.status {
        case 400: "invalid_request"
        case 401: "invalid_client"
        case 403: problem.retryAfterSeconds == nil ? "insufficient_scope" : "temporarily_unavailable"
        case 429, 503: "temporarily_unavailable"
        case 500: "server_error"
        default: nil
        }
    }

    private static func problemJSON(_ problem: Problem, _ requestID: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("type", "about:blank")
        writer.member("title", problem.code.rawValue)
        writer.member("status", problem.code.status)
        writer.member("detail", problem.message)
        writer.member("code", problem.code.rawValue)
        writer.member("request_id", requestID)
        if let param = problem.param { writer.member("param", param) }
        writer.endObject()
        return writer.bytes
    }

    /// True where `application/problem+json` is named and `application/json` is not preferred to it (RFC 9110 section
    /// 12.5.1).
    ///
    /// Ranges such as `*/*` get the envelope, because that is what clients of the seeds send.
    static func prefersProblemJSON(_ accept: String?) -> Bool {
        guard let accept, accept.utf8.count <= 1024 else { return false }
        var problem = -1.0
        var json = -1.0
        // What covers JSON without naming it ranks it where nothing names it; the more specific range wins.
        var anyJSON = -1.0
        var any = -1.0
        for range in accept.split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.trimmed }
            guard let name = parts.first else { continue }
            var quality = 1.0
            for part in parts.dropFirst() where part.lowercased().hasPrefix("q=") {
                quality = Double(part.dropFirst(2)) ?? 0
            }
            switch name.lowercased() {
            case "application/problem+json": problem = quality
            case "application/json": json = quality
            case "application/*": anyJSON = quality
            case "*/*": any = quality
            default: break
            }
        }
        return problem > 0 && problem >= (json >= 0 ? json : anyJSON >= 0 ? anyJSON : any)
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
