import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// `POST /v1/widget/session/renew`: a fresh participant token, never past `renew_until`, never wider.
    ///
    /// A token that has expired renews only with the proof that the session was opened with.
    func renewWidgetSession(_ call: Call) async throws -> HTTPResponse {
        let presented = try participant(call, allowsExpired: true)
        let claims = presented.claims
        var nonce: String?
        if var body = try BodyReader(optional: call.request) {
            nonce = try Self.holderNonce(&body)
            try body.finish()
        }
        try await TestCampaign(claims.campaign, in: claims.tenant)?.beforeRenewal()
        let outcome = try await store.renewSession(
            RenewSession(
                tenant: claims.tenant,
                session: claims.session,
                needsProof: presented.isExpired,
                holder: nonce.map { holderHash($0, claims.tenant) },
                now: call.now,
                audit: [
                    audit.draft(
                        "session.renewed",
                        call,
                        tenant: claims.tenant,
                        actor: Pseudonymizer.text(claims.participant),
                        target: TypeID.text(.session, claims.session)
                    )
                ]
            )
        )
        switch outcome {
        case .renewed(let session): return try renewed(session, claims, call)
        case .over, .ended: throw Problem.sessionEnded
        case .holderMismatch: throw Problem(.expired, kind: .participant)
        case .unknown: throw Problem.invalidToken("the store has no such session")
        }
    }

    private func renewed(
        _ session: SessionRecord,
        _ claims: ParticipantClaims,
        _ call: Call
    ) throws -> HTTPResponse {
        let lifetime = claims.expiresAt.seconds - claims.issuedAt.seconds
        let forced = TestCampaign(claims.campaign, in: claims.tenant)?.lifetimeSeconds
        let issued = try issuance.participantToken(
            session,
            lifetimeSeconds: forced
                ?? min(max(lifetime, policy.participant.defaultSeconds), policy.participant.maxSeconds),
            issuedAt: call.now
        )
        metrics.issued(.participant, count: 1)
        var response = Responses.json(200, isSecret: true, capacity: 1536) { writer in
            Self.write(issued, now: call.now, to: &writer)
        }
        CORS.apply(try Self.verdict(claims, call), to: &response)
        return response
    }
}
