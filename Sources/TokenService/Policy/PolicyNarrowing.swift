extension EffectivePolicy {
    /// Refuses a document that is wider than what stands above it, or that leaves nothing in common with it.
    ///
    /// - Throws: ``ProblemCode/policyViolation`` that names the rule, the layer above and its bounds.
    package func requireNarrower(_ document: PolicyDocument) throws(Problem) {
        try Self.require(document.invite, within: invite, .invite)
        try Self.require(document.participant, within: participant, .participantToken)
        if let value = document.renewSeconds, value > renewSeconds.value {
            throw Self.wider(
                "renew_seconds",
                "\(value) s",
                .renewSeconds,
                renewSeconds.source,
                "at most \(renewSeconds.value) s"
            )
        }
        if let value = document.maxUsesMax, value > maxUses.value {
            throw Self.wider("max_uses_max", "\(value)", .maxUses, maxUses.source, "at most \(maxUses.value)")
        }
        if let above = allowedOrigins, let origin = document.allowedOrigins?.first(where: { !above.value.contains($0) })
        {
            let list = above.value.isEmpty ? "no origin at all" : above.value.joined(separator: ", ")
            throw Self.wider("allowed_origins", origin, .allowedOrigins, above.source, list)
        }
        if document.originsRequired == false, let source = originsRequired {
            throw Self.wider("origins_required", "false", .originsRequired, source, "only true")
        }
        if document.boundTokensRequired == false, let source = boundTokensRequired {
            throw Self.wider("bound_tokens_required", "false", .boundTokensRequired, source, "only true")
        }
        // What is built in says nothing of the address: only a layer's own word forbids it.
        if document.emailInToken == true, !emailInToken.value, emailInToken.isStated {
            throw Self.wider("email_in_token", "true", .emailInToken, emailInToken.source, "only false")
        }
    }

    /// Refuses a deployment's document that contradicts itself once it is laid over what is built in.
    package func requireSense() throws(Problem) {
        for (bounds, rule) in [(invite, PolicyRule.invite), (participant, .participantToken)] where bounds.isEmpty {
            throw Problem(
                .policyViolation,
                "\(rule.rawValue) allows \(bounds.min.value) s at least and \(bounds.max.value) s at most, so nothing.",
                param: "min_seconds"
            )
        }
    }

    private static func require(
        _ rule: BoundsRule,
        within above: EffectiveBounds,
        _ name: PolicyRule
    ) throws(Problem) {
        let allowed = "\(above.min.value) s to \(above.max.value) s"
        for (field, value) in [
            ("min_seconds", rule.min), ("max_seconds", rule.max), ("default_seconds", rule.default),
        ] {
            guard let value else { continue }
            if value < above.min.value {
                throw wider(field, "\(value) s", name, above.min.source, allowed, inside: name.rawValue)
            }
            if value > above.max.value {
                throw wider(field, "\(value) s", name, above.max.source, allowed, inside: name.rawValue)
            }
        }
    }

    private static func wider(
        _ field: String,
        _ value: String,
        _ rule: PolicyRule,
        _ source: PolicySource,
        _ allowed: String,
        inside: String? = nil
    ) -> Problem {
        let violation = PolicyViolation(
            rule: rule,
            source: source,
            requested: value,
            allowed: allowed,
            param: field,
            place: (inside.map { $0 + "." } ?? "") + field
        )
        return Problem(.policyViolation, violation.message + " A lower layer can only narrow.", param: field)
    }
}

extension Decided where Value == Bool {
    /// Whether a layer said so, and not only what is built in.
    fileprivate var isStated: Bool { source.layer != .deployment || value || source.version > 0 }
}
