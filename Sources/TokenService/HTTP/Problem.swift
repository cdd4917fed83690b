import HTTPServer
package import InviteStore
import Platform

/// The public error codes, each with its one status (the contract's table).
package enum ProblemCode: String, Sendable, CaseIterable {
    case invalidRequest = "invalid_request"
    case unauthorized
    case invalidToken = "invalid_token"
    case invalidDPoPProof = "invalid_dpop_proof"
    case useDPoPNonce = "use_dpop_nonce"
    case paymentRequired = "payment_required"
    case insufficientScope = "insufficient_scope"
    case ipNotAllowed = "ip_not_allowed"
    case originNotAllowed = "origin_not_allowed"
    case keyInBrowser = "key_in_browser"
    case forbidden
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case requestTimeout = "request_timeout"
    case inviteUsed = "invite_used"
    case conflict
    case idempotencyInProgress = "idempotency_in_progress"
    case inviteExpired = "invite_expired"
    case inviteRevoked = "invite_revoked"
    case tokenExpired = "token_expired"
    case tokenRevoked = "token_revoked"
    case sessionEnded = "session_ended"
    case payloadTooLarge = "payload_too_large"
    case uriTooLong = "uri_too_long"
    case unsupportedMediaType = "unsupported_media_type"
    case expectationFailed = "expectation_failed"
    case idempotencyMismatch = "idempotency_mismatch"
    case policyViolation = "policy_violation"
    case rateLimited = "rate_limited"
    case headersTooLarge = "headers_too_large"
    case internalError = "internal_error"
    case notImplemented = "not_implemented"
    case unavailable
    case versionNotSupported = "version_not_supported"

    package var status: Int {
        switch self {
        case .invalidRequest: 400
        case .unauthorized, .invalidToken, .invalidDPoPProof, .useDPoPNonce: 401
        case .paymentRequired: 402
        case .insufficientScope, .ipNotAllowed, .originNotAllowed, .keyInBrowser, .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .inviteUsed, .conflict, .idempotencyInProgress: 409
        case .inviteExpired, .inviteRevoked, .tokenExpired, .tokenRevoked, .sessionEnded: 410
        case .payloadTooLarge: 413
        case .uriTooLong: 414
        case .unsupportedMediaType: 415
        case .expectationFailed: 417
        case .idempotencyMismatch, .policyViolation: 422
        case .rateLimited: 429
        case .headersTooLarge: 431
        case .internalError: 500
        case .notImplemented: 501
        case .unavailable: 503
        case .versionNotSupported: 505
        }
    }
}

/// One failure on its way to the client: a code, a sentence that says what to do, and the field at fault.
///
/// `privateReason` goes to the log under the request id and never into an answer.
package struct Problem: Error, Sendable {
    package var code: ProblemCode
    package var message: String
    package var param: String?
    package var privateReason: String?
    /// More header fields for the answer, such as `Allow`.
    package var allow: String?
    /// Whole seconds for `Retry-After`; 429 and 503 carry it always.
    package var retryAfterSeconds: Int?
    /// The scope that was missing, for `WWW-Authenticate`.
    package var scope: String?
    /// The nonce that the next proof must carry (RFC 9449 section 8).
    package var dpopNonce: String?
    /// True where the token asks for a proof of its key: the challenge says so.
    package var needsProof = false
    /// True where whoever presented a bound token has not shown its key, rather than not said what the request was.
    package var lacksKey = false
    /// The bound token that somebody presented without its key, where it was genuine and in force.
    package var unproven: UnprovenUse?
    /// The text in a body that has the form of an API key and stands where a token should.
    package var presentedKey: [UInt8]?

    package init(
        _ code: ProblemCode,
        _ message: String,
        param: String? = nil,
        privateReason: String? = nil,
        allow: String? = nil,
        retryAfterSeconds: Int? = nil,
        scope: String? = nil,
        dpopNonce: String? = nil
    ) {
        self.code = code
        self.message = message
        self.param = param
        self.privateReason = privateReason
        self.allow = allow
        self.retryAfterSeconds = retryAfterSeconds
        self.scope = scope
        self.dpopNonce = dpopNonce
    }
}

extension Problem {
    /// The same with texts of bounded length; what was longer is cut between two characters and ends in `…`.
    package func bounded(messageBytesMax: Int, paramBytesMax: Int) -> Problem {
        var problem = self
        problem.message = Self.cut(message, bytesMax: messageBytesMax)
        problem.param = param.map { Self.cut($0, bytesMax: paramBytesMax) }
        return problem
    }

    private static func cut(_ text: String, bytesMax: Int) -> String {
        guard text.utf8.count > bytesMax else { return text }
        let mark = "…"
        var left = bytesMax - mark.utf8.count
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            left -= UTF8.width(scalar)
            guard left >= 0 else { break }
            kept.append(scalar)
        }
        return String(kept) + mark
    }

    /// The one answer to every key that is missing, malformed, unknown, revoked, suspended, expired or misplaced.
    package static func unauthorized(_ privateReason: String) -> Problem {
        Problem(
            .unauthorized,
            "Invalid or missing API key. Provide a valid key in the Authorization header.",
            privateReason: privateReason
        )
    }

    /// A token that fails signature, type or audience, or that nobody knows.
    package static func invalidToken(_ privateReason: String) -> Problem {
        Problem(.invalidToken, "The token is missing, malformed or not valid here.", privateReason: privateReason)
    }

    /// A token that is bound to a key, from somebody who does not prove that key; to them it is no token.
    package static func unprovenToken(_ privateReason: String, lacksKey: Bool = false) -> Problem {
        var problem = Problem.invalidToken(privateReason)
        problem.needsProof = true
        problem.lacksKey = lacksKey
        return problem
    }

    package static func notFound(_ privateReason: String? = nil) -> Problem {
        Problem(.notFound, "There is no such resource.", privateReason: privateReason)
    }

    /// The workspace may mint nothing now; what was minted goes on working.
    package static let paymentRequired = Problem(
        .paymentRequired,
        "The workspace's plan does not allow minting now. Sessions and tokens that exist go on working."
    )

    package static func invalid(_ param: String, _ message: String) -> Problem {
        Problem(.invalidRequest, message, param: param)
    }

    /// Our own fault; the reason stays in the log.
    package static func internalError(_ privateReason: String) -> Problem {
        Problem(.internalError, "The service failed to answer. Try again later.", privateReason: privateReason)
    }

    /// More is asked than can be done.
    package static let busy = Problem(
        .unavailable,
        "The service has more to do than it can do now, and did nothing. Try again later.",
        retryAfterSeconds: 1
    )

    package static func unavailable(_ privateReason: String) -> Problem {
        Problem(
            .unavailable,
            "The service can not do this right now, and did nothing. Try again later.",
            privateReason: privateReason,
            retryAfterSeconds: 1
        )
    }
}

/// A bound token in the hands of somebody who has not shown its key.
package struct UnprovenUse: Equatable, Sendable {
    package var tenant: Tenant
    package var session: RecordID
}
