package import InviteStore
package import Platform
package import StrictJSON

/// What one issuance asks for, as far as a policy can judge it.
///
/// The same value is judged when something is issued and when recorded issuance is simulated: that is why a prediction
/// equals what enforcement then does.
package struct IssuanceRequest: Equatable, Sendable {
    package enum Kind: Sendable {
        /// A backend mints an invite.
        case invite
        /// A backend opens a session.
        case session
        /// A widget exchanges an invite for a session.
        case exchange
        /// A widget renews its token.
        case renewal
    }

    package var kind: Kind
    /// The lifetime asked for; nil for the default.
    package var expiresIn: Int64?
    package var maxUses: Int64 = 1
    /// The list that the request itself gives, or that stands on the invite or session; empty for none.
    package var ownOrigins: [String] = []
    /// The list that stands on the API key; empty for none.
    package var keyOrigins: [String] = []
    /// The `Origin` of a widget's request.
    package var origin: String?
    /// Whether what is issued is bound to a key of the holder's.
    package var isBound = false
    /// Put before the names of fields in messages, such as `invites[3].`.
    package var path = ""

    package init(_ kind: Kind) { self.kind = kind }

    /// Whether a backend asks, so that the fields of its request can be named.
    fileprivate var isBackend: Bool { kind == .invite || kind == .session }
}

extension EffectivePolicy {
    /// The first rule that the request violates, in a fixed order; nil where it may be done.
    package func violation(of request: IssuanceRequest) -> PolicyViolation? {
        switch request.kind {
        case .invite:
            return lifetime(request, invite, .invite) ?? uses(request) ?? origins(request)
        case .session:
            return lifetime(request, participant, .participantToken) ?? origins(request) ?? bound(request)
        case .exchange, .renewal:
            return lifetime(request, participant, .participantToken) ?? origins(request) ?? bound(request)
        }
    }

    private func lifetime(
        _ request: IssuanceRequest,
        _ bounds: EffectiveBounds,
        _ rule: PolicyRule
    ) -> PolicyViolation? {
        if bounds.isEmpty {
            let low = bounds.min
            return PolicyViolation(
                rule: rule,
                source: bounds.max.source,
                requested: request.expiresIn.map { "\($0) s" } ?? "the default",
                allowed: "at most \(bounds.max.value) s, which contradicts the \(low.source.layer.rawValue) policy's "
                    + "least of \(low.value) s, so nothing",
                param: request.isBackend ? "expires_in" : nil,
                place: request.isBackend ? request.path + "expires_in" : nil
            )
        }
        guard let asked = request.expiresIn, asked < bounds.min.value || asked > bounds.max.value else { return nil }
        return PolicyViolation(
            rule: rule,
            source: asked < bounds.min.value ? bounds.min.source : bounds.max.source,
            requested: "\(asked) s",
            allowed: "\(bounds.min.value) s to \(bounds.max.value) s",
            param: "expires_in",
            place: request.path + "expires_in"
        )
    }

    private func uses(_ request: IssuanceRequest) -> PolicyViolation? {
        guard request.maxUses > maxUses.value else { return nil }
        return PolicyViolation(
            rule: .maxUses,
            source: maxUses.source,
            requested: "\(request.maxUses)",
            allowed: "1 to \(maxUses.value)",
            param: "max_uses",
            place: request.path + "max_uses"
        )
    }

    /// The list of origins that stands on what is issued; nil for none, empty where lists have nothing in common.
    package func originList(_ request: IssuanceRequest) -> [String]? {
        let own = request.ownOrigins.isEmpty ? request.keyOrigins : request.ownOrigins
        return OriginLists.combined(own, allowedOrigins?.value)
    }

    private func origins(_ request: IssuanceRequest) -> PolicyViolation? {
        if allowedOrigins == nil, originsRequired == nil { return nil }
        let own = request.isBackend ? request.ownOrigins : []
        if let allowed = allowedOrigins, let index = own.firstIndex(where: { !allowed.value.contains($0) }) {
            return violation(allowed, request, "\(own[index])", request.path + "allowed_origins[\(index)]")
        }
        let list = originList(request)
        if let allowed = allowedOrigins, list?.isEmpty == true {
            return violation(allowed, request, "no origin that all lists allow", nil)
        }
        if let source = originsRequired {
            if list == nil { return missingOrigin(source, request, "no list of origins") }
            if !request.isBackend, request.origin == nil { return missingOrigin(source, request, "no Origin") }
        }
        if let allowed = allowedOrigins, let origin = request.origin, let list, !list.contains(origin) {
            return violation(allowed, request, origin, nil)
        }
        return nil
    }

    private func violation(
        _ allowed: Decided<[String]>,
        _ request: IssuanceRequest,
        _ requested: String,
        _ place: String?
    ) -> PolicyViolation {
        PolicyViolation(
            rule: .allowedOrigins,
            source: allowed.source,
            requested: requested,
            allowed: allowed.value.isEmpty ? "no origin at all" : allowed.value.joined(separator: ", "),
            param: request.isBackend ? "allowed_origins" : nil,
            place: place
        )
    }

    private func missingOrigin(
        _ source: PolicySource,
        _ request: IssuanceRequest,
        _ requested: String
    ) -> PolicyViolation {
        PolicyViolation(
            rule: .originsRequired,
            source: source,
            requested: requested,
            allowed: "only what names its origins",
            param: request.kind == .invite ? "allowed_origins" : nil
        )
    }

    private func bound(_ request: IssuanceRequest) -> PolicyViolation? {
        guard let source = boundTokensRequired, !request.isBound else { return nil }
        return PolicyViolation(
            rule: .boundTokensRequired,
            source: source,
            requested: "a token that is bound to no key",
            allowed: "only tokens that are bound to a key of the holder's (RFC 9449)"
        )
    }

    // MARK: What is given where nothing is refused

    /// The lifetime of an invite or of a backend's first participant token.
    package func lifetime(of request: IssuanceRequest) -> Int64 {
        request.expiresIn ?? (request.kind == .invite ? invite : participant).default.value
    }

    /// The lifetime of a token that takes the place of one with this lifetime.
    package func renewedLifetime(after earlier: Int64) -> Int64 {
        min(max(earlier, participant.default.value), participant.max.value)
    }
}

// MARK: - Widgets

extension EffectivePolicy {
    /// The rule that a widget's request violates whatever list stands on the invite or session; nil where that decides.
    package func widgetViolation(origin: String?, isBound: Bool) -> PolicyViolation? {
        var request = IssuanceRequest(.exchange)
        request.isBound = isBound
        request.origin = origin
        if let violation = lifetime(request, participant, .participantToken) { return violation }
        if let source = originsRequired, origin == nil { return missingOrigin(source, request, "no Origin") }
        return bound(request)
    }

    /// What the store must hold an exchange against, once it knows the invite.
    package func redeemTerms(origin: String?, isBound: Bool, now: UnixTime) -> RedeemTerms {
        RedeemTerms(
            renewUntil: UnixTime(seconds: now.seconds).adding(seconds: renewSeconds.value),
            lifetimeSeconds: participant.default.value,
            allowedOrigins: allowedOrigins?.value,
            needsOriginList: originsRequired != nil,
            isRefused: widgetViolation(origin: origin, isBound: isBound) != nil
        )
    }

    /// What the store must hold a renewal against, once it knows the session.
    package var renewTerms: RenewTerms {
        RenewTerms(
            renewSeconds: renewSeconds.value,
            allowedOrigins: allowedOrigins?.value,
            needsOriginList: originsRequired != nil
        )
    }
}

// MARK: - The record

extension IssuanceRequest {
    /// What the audit event of a backend's issuance keeps of it: only what differs from an ordinary request.
    package func record(to detail: inout JSONWriter) {
        if let expiresIn { detail.member("expires_in", String(expiresIn)) }
        if maxUses != 1 { detail.member("max_uses", String(maxUses)) }
        if !ownOrigins.isEmpty { detail.member("allowed_origins", ownOrigins.joined(separator: " ")) }
    }
}
