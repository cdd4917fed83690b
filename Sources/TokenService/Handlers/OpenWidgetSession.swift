import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON

extension Services {
    /// `POST /v1/widget/sessions`: an invite token becomes a session and its first participant token.
    ///
    /// The invite is used once, atomically and durably. The same holder asking again within 60 s gets the same session
    /// and a fresh token, and no use is counted. With a `DPoP` field the session is bound to the key that it proves,
    /// before its first token leaves; then the key is the holder's proof, and a nonce is none.
    func openWidgetSession(_ call: Call) async throws -> HTTPResponse {
        guard addresses.hasRoom(call.request.clientAddress, now: call.now) else { throw tooManyExchanges(call) }
        let origin = try CORS.origin(of: call.request)
        var body = try BodyReader(call.request)
        let token = try body.requiredString("invite_token", charactersMax: ServiceLimits.bodyBytesMax)
        let nonce = try Self.holderNonce(&body)
        try body.finish()
        // A proof without our nonce is no try at the invite: its client is told the nonce and asks again.
        let proof = try proofs.proof(of: call)
        let claims = try inviteClaims(token, call)
        guard addresses.admits(call.request.clientAddress, now: call.now) else { throw tooManyExchanges(call) }
        let boundKey = try proof.map { try proofs.key(provenBy: $0, call) }
        let policies = try await policies.policies(of: claims.tenant)
        let policy = policies.resolve(campaign: claims.campaign, apiKey: nil, now: call.now).enforced
        let terms = policies.redeemTerms(campaign: claims.campaign, origin, isBound: boundKey != nil, now: call.now)
        let sessionID = identifiers.next(at: call.now)
        let forced = TestCampaign(claims.campaign, in: claims.tenant)
        try await forced?.beforeExchange()
        let renewUntil = UnixTime(seconds: call.now.seconds).adding(
            seconds: forced?.renewSeconds ?? policy.renewSeconds.value
        )
        let outcome = try await store.redeem(
            RedeemInvite(
                tenant: claims.tenant,
                invite: claims.invite,
                session: sessionID,
                holder: boundKey.map { keyHolderHash($0, claims.tenant) }
                    ?? nonce.map { holderHash($0, claims.tenant) },
                boundKey: boundKey,
                origin: origin,
                renewUntil: renewUntil,
                lifetimeSeconds: forced?.lifetimeSeconds ?? policy.participant.default.value,
                terms: Self.shortened(terms, to: forced == nil ? nil : renewUntil, forced?.lifetimeSeconds),
                repeatSeconds: ServiceLimits.redeemRepeatSeconds,
                now: call.now,
                audit: redemptionAudit(
                    call,
                    claims,
                    sessionID,
                    origin: origin,
                    isBound: boundKey != nil,
                    hasProof: nonce != nil || boundKey != nil
                )
            )
        )
        metrics.redeemed(outcome)
        try countAgainstItself(claims, outcome, call)
        switch outcome {
        case .opened(let session):
            usage.redeemed(session.tenant, apiKey: session.apiKey, now: call.now)
            await watch(.exchange, session, policies, origin: origin, call)
            return try opened(session, policies, 201, proof, call)
        case .repeated(let session):
            // Nothing that a session gives outlives it, however soon it is asked for again.
            guard call.now < session.renewUntil else { throw Problem.sessionEnded }
            return try opened(session, policies, 200, proof, call)
        case .used:
            await tellOwner(claims, call)
            throw Problem.inviteUsed
        case .expired: throw Problem.inviteExpired
        case .revoked: throw Problem.inviteRevoked
        case .ended: throw Problem.sessionEnded
        case .originNotAllowed:
            throw Problem(.originNotAllowed, "This page may not show this content.", privateReason: "origin not listed")
        case .refusedByPolicy(let key):
            let policy = policies.resolve(campaign: claims.campaign, apiKey: key, now: call.now).enforced
            guard let violation = policy.widgetViolation(origin: origin, isBound: boundKey != nil) else {
                throw Problem.internalError("an exchange was refused by a policy that allows it")
            }
            throw refusal(violation, isWidget: true)
        case .unknown: throw Problem.invalidToken("the store has no such invite")
        }
    }

    private func inviteClaims(_ token: String, _ call: Call) throws -> InviteClaims {
        let claims: InviteClaims
        do {
            claims = try keyring.reader.invite(token, now: call.now).claims
        } catch {
            metrics.refused(error)
            guard addresses.admits(call.request.clientAddress, now: call.now) else { throw tooManyExchanges(call) }
            var problem = Problem(error, kind: .invite)
            if authenticator.secret(Array(token.utf8)) != nil { problem.presentedKey = Array(token.utf8) }
            throw problem
        }
        guard environment == nil || environment == claims.tenant.environment else {
            throw Problem.invalidToken("token of the other environment")
        }
        return claims
    }

    private func tooManyExchanges(_ call: Call) -> Problem {
        Problem(
            .rateLimited,
            "Too many exchanges from this address. Wait until the minute is over.",
            retryAfterSeconds: addresses.secondsToReset(now: call.now)
        )
    }

    /// An invite of ours that opens nothing is no guess: its tries count against itself, not against the address.
    private func countAgainstItself(_ claims: InviteClaims, _ outcome: RedeemOutcome, _ call: Call) throws(Problem) {
        switch outcome {
        case .opened, .repeated: return
        case .used, .expired, .revoked, .ended, .originNotAllowed, .refusedByPolicy, .unknown: break
        }
        let address = call.request.clientAddress
        addresses.giveBack(address, now: call.now)
        guard addresses.admits(address, presenting: claims.invite, now: call.now) else {
            throw Problem(
                .rateLimited,
                "Too many exchanges of this invitation. Wait until the minute is over.",
                retryAfterSeconds: addresses.secondsToReset(now: call.now)
            )
        }
    }

    /// The exchange, with what a policy would judge it by.
    private func redemptionAudit(
        _ call: Call,
        _ claims: InviteClaims,
        _ session: RecordID,
        origin: String?,
        isBound: Bool,
        hasProof: Bool
    ) -> [AuditDraft] {
        var detail: [(StaticString, String)] = [
            ("campaign_id", claims.campaign), ("session_id", TypeID.text(.session, session)),
        ]
        if let origin { detail.append(("origin", origin)) }
        if isBound { detail.append(("bound", "true")) }
        if hasProof { detail.append(("proof", "true")) }
        return [
            audit.draft(
                "invite.redeemed",
                call,
                tenant: claims.tenant,
                actor: Pseudonymizer.text(claims.participant),
                target: TypeID.text(.invite, claims.invite),
                detail: detail
            )
        ]
    }

    /// The terms of an exchange, none of which lets a session of a test campaign renew for longer than it says, or its
    /// token live for another time.
    private static func shortened(
        _ terms: (@Sendable (RecordID) -> RedeemTerms)?,
        to end: UnixTime?,
        _ lifetimeSeconds: Int64?
    ) -> (@Sendable (RecordID) -> RedeemTerms)? {
        guard let terms, let end else { return terms }
        return { apiKey in
            var terms = terms(apiKey)
            terms.renewUntil = min(terms.renewUntil, end)
            if let lifetimeSeconds { terms.lifetimeSeconds = lifetimeSeconds }
            return terms
        }
    }

    private func opened(
        _ session: SessionRecord,
        _ policies: TenantPolicies,
        _ status: Int,
        _ proof: FreshProof?,
        _ call: Call
    ) throws -> HTTPResponse {
        let policy = policies.resolve(campaign: session.campaign, apiKey: session.apiKey, now: call.now).enforced
        let forced = TestCampaign(session.campaign, in: session.tenant)
        let issued = try issuance.participantToken(
            session,
            lifetimeSeconds: forced?.lifetimeSeconds ?? policy.participant.default.value,
            includesEmail: policy.emailInToken.value,
            issuedAt: call.now
        )
        metrics.issued(.participant, count: 1)
        var response = Responses.json(status, isSecret: true, capacity: 1536) { writer in
            Self.write(issued, now: call.now, to: &writer)
            writer.member("campaign_id", session.campaign)
            writer.member("subject", Pseudonymizer.text(session.participant))
        }
        CORS.apply(CORS.Verdict(origin: session.origin, hasList: !session.allowedOrigins.isEmpty), to: &response)
        if let nonce = proof?.newerNonce { response.append("DPoP-Nonce", nonce) }
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

    /// What the store keeps of a key as its holder's proof.
    ///
    /// No nonce has a colon in it: the same nonce with another key, or without one, is somebody else.
    func keyHolderHash(_ thumbprint: String, _ tenant: Tenant) -> [UInt8] { holderHash("dpop:" + thumbprint, tenant) }

    /// What the store keeps of a nonce.
    func holderHash(_ nonce: String, _ tenant: Tenant) -> [UInt8] {
        keys.holder.authenticate(tenant.workspace.bytes + Array(nonce.utf8)).bytes
    }
}
