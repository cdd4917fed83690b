/// The rules of a policy, by the names of its fields.
package enum PolicyRule: String, Sendable, CaseIterable {
    case invite
    case participantToken = "participant_token"
    case renewSeconds = "renew_seconds"
    case maxUses = "max_uses_max"
    case allowedOrigins = "allowed_origins"
    case originsRequired = "origins_required"
    case emailInToken = "email_in_token"
    case boundTokensRequired = "bound_tokens_required"
}

/// One request against one rule: the rule, the layer that set it, and what it allows.
package struct PolicyViolation: Error, Equatable, Sendable {
    package var rule: PolicyRule
    package var source: PolicySource
    /// What was asked for, such as `604800 s`.
    package var requested: String
    /// What the rule allows, such as `60 s to 3600 s`.
    package var allowed: String
    /// The field of the request that is at fault; nil where none is.
    package var param: String?
    /// The field's place in the request, such as `invites[3].expires_in`; nil where none is at fault.
    package var place: String?

    /// The sentence that an answer carries.
    package var message: String {
        let layer = source.layer == .apiKey ? "API key" : source.layer.rawValue
        let version = source.version > 0 ? ", version \(source.version)" : ""
        let subject = place ?? param
        return (subject.map { "\($0) is \(requested)" } ?? "This asks for \(requested)")
            + ", but the rule \(rule.rawValue) of the \(layer) policy\(version) allows \(allowed)."
    }
}

extension Problem {
    /// What a violation means to the client: 403 where a page may not show the content, 422 for all else.
    package init(_ violation: PolicyViolation, isWidget: Bool = false) {
        switch violation.rule {
        case .allowedOrigins where isWidget, .originsRequired where isWidget:
            self.init(
                .originNotAllowed,
                "This page may not show this content.",
                privateReason: "policy: " + violation.message
            )
        case .renewSeconds where isWidget: self = .sessionEnded
        default: self.init(.policyViolation, violation.message, param: violation.param)
        }
    }
}
