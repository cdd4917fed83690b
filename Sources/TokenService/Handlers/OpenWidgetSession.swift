import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON

extension Services {
    /// `POST /v1/widget/sessions`: an invite token becomes a session and its first participant token.
    ///
    /// The invite is used once, atomically and durably. The same holder asking again within 60 s gets the same session
    /// and a fresh token, and no use is counted.
    func openWidgetSession(_ call: Call) async throws -> HTTPResponse {
        guard addresses.admits(call.request.clientAddress, now: call.now) else {
            throw Problem(
                .rateLimited,
                "Too many exchanges from this address. Wait until the minute is over.",
                retryAfterSeconds: addresses.secondsToReset(now: call.now)
            )
        }
        let origin = try CORS.origin(of: call.request)
        var body = try BodyReader(call.request)
        let token = try body.requiredString("invite_token", charactersMax: ServiceLimits.bodyBytesMax)
        let nonce = try Self.holderNonce(&body)
        try body.finish()
        let claims = try inviteClaims(token, call)
        let forced = TestCampaign(claims.campaign, in: claims.tenant)
        try await forced?.beforeExchange()
        let outcome = try await store.redeem(
            RedeemInvite(
                tenant: claims.tenant,
                invite: claims.invite,
                session: identifiers.next(at: call.now),
                holder: nonce.map { holderHash($0, claims.tenant) },
                origin: origin,
                renewUntil: UnixTime(seconds: call.now.seconds + (forced?.renewSeconds ?? policy.renewSeconds)),
                repeatSeconds: ServiceLimits.redeemRepeatSeconds,
                now: call.now,
                audit: redemptionAudit(call, claims)
            )
        )
        metrics.redeemed(outcome)
        switch outcome {
        case .opened(let session): return try opened(session, 201, call)
        case .repeated(let session): return try opened(session, 200, call)
        case .used:
            await tellOwner(claims, call)
            throw Problem.inviteUsed
        case .expired: throw Problem.inviteExpired
        case .revoked: throw Problem.inviteRevoked
        case .ended: throw Problem.sessionEnded
        case .originNotAllowed:
            throw Problem(.originNotAllowed, "This page may not show this content.", privateReason: "origin not listed")
        case .unknown: throw Problem.invalidToken("the store has no such invite")
        }
    }

    private func inviteClaims(_ token: String, _ call: Call) throws -> InviteClaims {
        let claims: InviteClaims
        do {
            claims = try keyring.reader.invite(token, now: call.now).claims
        } catch {
            metrics.refused(error)
            throw Problem(error, kind: .invite)
        }
        guard environment == nil || environment == claims.tenant.environment else {
            throw Problem.invalidToken("token of the other environment")
        }
        return claims
    }

    private func redemptionAudit(_ call: Call, _ claims: InviteClaims) -> [AuditDraft] {
        [
            audit.draft(
                "invite.redeemed",
                call,
                tenant: claims.tenant,
                actor: Pseudonymizer.text(claims.participant),
                target: TypeID.text(.invite, claims.invite),
                detail: [("campaign_id", claims.campaign)]
            )
        ]
    }

    private func opened(_ session: SessionRecord, _ status: Int, _ call: Call) throws -> HTTPResponse {
        let forced = TestCampaign(session.campaign, in: session.tenant)
        let issued = try issuance.participantToken(
            session,
            lifetimeSeconds: forced?.lifetimeSeconds ?? policy.participant.defaultSeconds,
            issuedAt: call.now
        )
        metrics.issued(.participant, count: 1)
        var response = Responses.json(status, isSecret: true, capacity: 1536) { writer in
            Self.write(issued, now: call.now, to: &writer)
            writer.member("campaign_id", session.campaign)
            writer.member("subject", Pseudonymizer.text(session.participant))
        }
        CORS.apply(CORS.Verdict(origin: session.origin, hasList: !session.allowedOrigins.isEmpty), to: &response)
        return response
    }

    /// A second holder tried a used invite: the owner of its key gets to know.
    private func tellOwner(_ claims: InviteClaims, _ call: Call) async {
        guard let invite = try? await store.invite(claims.invite, of: claims.tenant) else { return }
        await events.record(
            .secondHolder,
            call,
            tenant: claims.tenant,
            key: invite.apiKey,
            target: TypeID.text(.invite, claims.invite),
            reason: "a used invite was presented again without its holder's proof"
        )
    }

    /// `holder_nonce`: 22 to 128 of `A-Z a-z 0-9 _ -`.
    static func holderNonce(_ body: inout BodyReader) throws(Problem) -> String? {
        guard let nonce = try body.string("holder_nonce", charactersMax: 128) else { return nil }
        let isAllowed =
            nonce.utf8.count >= 22
            && nonce.utf8.allSatisfy { Base62.contains($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
        guard isAllowed else {
            throw .invalid("holder_nonce", "holder_nonce must be 22 to 128 of the characters A-Z a-z 0-9 _ -")
        }
        return nonce
    }

    /// What the store keeps of a nonce.
    func holderHash(_ nonce: String, _ tenant: Tenant) -> [UInt8] {
        keys.holder.authenticate(tenant.workspace.bytes + Array(nonce.utf8)).bytes
    }
}
