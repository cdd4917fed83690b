package import HTTPServer
package import InviteStore
package import StrictJSON

/// The bridges from the modules' errors to the one error of the edge.
extension Problem {
    /// What a failure of the store means to the client: always 503, never a detail.
    package init(_ error: StoreError) {
        self = .unavailable("store: \(error)")
        if case .unknownOutcome = error {
            message =
                "It is not known whether this was done. Ask again, with the same Idempotency-Key where you gave one."
        }
    }

    /// What malformed JSON means to the client.
    package init(_ error: JSONError) {
        self.init(.invalidRequest, "The body is not valid JSON: \(error).")
    }

    /// What a refused token means to the participant who presented it.
    package init(_ refusal: TokenRefusal, kind: TokenKind) {
        switch (refusal, kind) {
        case (.invalid(let reason), _): self = .invalidToken(reason)
        case (.expired, .invite): self = .inviteExpired
        case (.expired, .participant): self.init(.tokenExpired, "The token has expired. Renew it or ask for a new one.")
        case (.revoked, .invite): self = .inviteRevoked
        case (.revoked, .participant): self.init(.tokenRevoked, "The token was revoked.")
        case (.sessionEnded, _): self = .sessionEnded
        }
    }

    package static let inviteUsed = Problem(.inviteUsed, "This invitation was already used.")
    package static let inviteExpired = Problem(
        .inviteExpired,
        "This invitation has expired. Ask the sender for a new one."
    )
    package static let inviteRevoked = Problem(.inviteRevoked, "This invitation is no longer valid.")
    package static let sessionEnded = Problem(.sessionEnded, "The session has ended.")

    /// What the HTTP layer's refusals mean in the service's own words.
    package init(_ rejection: HTTPRejection) {
        let code: ProblemCode =
            switch rejection.status {
            case 408: .requestTimeout
            case 413: .payloadTooLarge
            case 414: .uriTooLong
            case 417: .expectationFailed
            case 431: .headersTooLarge
            case 501: .notImplemented
            case 503: .unavailable
            case 505: .versionNotSupported
            default: .invalidRequest
            }
        self.init(code, rejection.sentence, retryAfterSeconds: code == .unavailable ? 1 : nil)
    }
}
