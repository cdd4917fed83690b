import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// `POST /v1/widget/session/renew`: a fresh participant token, never past `renew_until`, never wider.
    ///
    /// A token that has expired renews only with the proof that the session was opened with; one that is bound to a key
    /// always needs a proof of that key.
    func renewWidgetSession(_ call: Call) async throws -> HTTPResponse {
        let presented = try participant(call, allowsExpired: true)
        let claims = presented.claims
        var nonce: String?
        if var body = try BodyReader(optional: call.request) {
            nonce = try Self.holderNonce(&body)
            try body.finish()
        }
        let origin = try CORS.origin(of: call.request)
        let policies = try await policies.policies(of: claims.tenant)
        let policy = policies.resolve(campaign: claims.campaign, apiKey: claims.seal.apiKey, now: call.now).enforced
        if let violation = policy.widgetViolation(origin: origin, isBound: claims.boundKey != nil) {
            throw refusal(violation, isWidget: true)
        }
        let forced = TestCampaign(claims.campaign, in: claims.tenant)
        try await forced?.beforeRenewal()
        let lifetime =
            forced?.lifetimeSeconds
            ?? policy.renewedLifetime(after: claims.expiresAt.seconds - claims.issuedAt.seconds)
        let outcome = try await store.renewSession(
            RenewSession(
                tenant: claims.tenant,
                session: claims.session,
                needsProof: presented.isExpired,
                holder: nonce.map { holderHash($0, claims.tenant) },
                // The request proved it: else the token would have been refused.
                boundKey: claims.boundKey,
                origin: origin,
                terms: policy.renewTerms,
                lifetimeSeconds: lifetime,
                now: call.now,
                audit: [
                    audit.draft(
                        "session.renewed",
                        call,
                        tenant: claims.tenant,
                        actor: Pseudonymizer.text(claims.participant),
                        target: TypeID.text(.session, claims.session),
                        detail: Self.renewalDetail(claims, origin: origin, hasProof: nonce != nil)
                    )
                ]
            )
        )
        switch outcome {
        case .renewed(let session):
            await watch(.renewal, session, policies, origin: origin, call)
            return try renewed(session, presented, policy, lifetimeSeconds: lifetime, call)
        case .originNotAllowed:
            throw Problem(.originNotAllowed, "This page may not show this content.", privateReason: "origin not listed")
        case .over, .ended: throw Problem.sessionEnded
        case .holderMismatch where !presented.isExpired:
            throw Problem.invalid("holder_nonce", "holder_nonce is not the one that this session was opened with.")
        case .holderMismatch: throw Problem(.expired, kind: .participant)
        case .unknown: throw Problem.invalidToken("the store has no such session")
        }
    }

    /// What a policy would judge a renewal by.
    private static func renewalDetail(
        _ claims: ParticipantClaims,
        origin: String?,
        hasProof: Bool
    ) -> [(StaticString, String)] {
        var detail: [(StaticString, String)] = [
            ("campaign_id", claims.campaign), ("api_key_id", TypeID.text(.apiKey, claims.seal.apiKey)),
        ]
        if let origin { detail.append(("origin", origin)) }
        if claims.boundKey != nil { detail.append(("bound", "true")) }
        if hasProof { detail.append(("proof", "true")) }
        return detail
    }

    private func renewed(
        _ session: SessionRecord,
        _ presented: PresentedToken,
        _ policy: EffectivePolicy,
        lifetimeSeconds: Int64,
        _ call: Call
    ) throws -> HTTPResponse {
        let claims = presented.claims
        let issued = try issuance.participantToken(
            session,
            lifetimeSeconds: lifetimeSeconds,
            includesEmail: policy.emailInToken.value,
            issuedAt: call.now
        )
        metrics.issued(.participant, count: 1)
        var response = Responses.json(200, isSecret: true, capacity: 1536) { writer in
            Self.write(issued, now: call.now, to: &writer)
        }
        presented.apply(try Self.verdict(claims, call), to: &response)
        return response
    }
}
