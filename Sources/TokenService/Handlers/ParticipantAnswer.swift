import HTTPServer
import InviteStore
import JWTLite
import Platform
import StrictJSON

/// A participant token that a request may use.
struct PresentedToken {
    let claims: ParticipantClaims
    let isExpired: Bool
    /// What is remembered of these very bytes; nil where they are new.
    let known: ValidatedToken?
    /// A nonce for the next proof, to go with the answer; nil where there is nothing to tell.
    var newerNonce: String?

    init(claims: ParticipantClaims, isExpired: Bool, known: ValidatedToken?) {
        self.claims = claims
        self.isExpired = isExpired
        self.known = known
    }

    /// Adds the fields of the answer that depend on the token.
    func apply(_ verdict: CORS.Verdict, to response: inout HTTPResponse) {
        CORS.apply(verdict, to: &response)
        if let newerNonce { response.append("DPoP-Nonce", newerNonce) }
    }
}

/// How a token is presented.
private enum AuthorizationScheme {
    case bearer
    case dpop
}

extension Problem {
    /// The same, with whom to tell of it where a bound token came without its key.
    fileprivate func told(of claims: ParticipantClaims) -> Problem {
        guard lacksKey else { return self }
        var problem = self
        problem.unproven = UnprovenUse(tenant: claims.tenant, session: claims.session)
        return problem
    }
}

extension ParticipantClaims {
    /// Whether the token's time has come, with the leeway that the verifier grants.
    fileprivate func isBegun(at now: UnixTime) -> Bool {
        issuedAt <= now.adding(seconds: TokenLimits().leewaySeconds)
    }
}

extension Services {
    /// Writes the members that every new participant token comes with.
    static func write(_ issued: IssuedParticipantToken, now: UnixTime, to writer: inout JSONWriter) {
        writer.member("session_id", .session, issued.session.id)
        writer.member("participant_token", plain: issued.token)
        writer.member("token_type", issued.session.boundKey == nil ? "Bearer" : "DPoP")
        writer.member("expires_in", issued.expiresIn(at: now))
        writer.member("expires_at", time: issued.expiresAt)
        writer.member("renew_until", time: issued.session.renewUntil)
    }

    /// The participant token of a widget request, checked against keys, environment, binding, origin and revocations.
    ///
    /// An expired token is returned with `isExpired` only where `allowsExpired`; one of an ended session only where
    /// `allowsEnded`. A text that is no token of ours counts against the client's address where `countsGuesses`: not for
    /// a proxy, which asks on behalf of all its clients. A bound token needs a proof about `target`.
    func participant(
        _ call: Call,
        allowsExpired: Bool = false,
        allowsEnded: Bool = false,
        countsGuesses: Bool = true,
        target: ProofTarget = .own
    ) throws -> PresentedToken {
        if store.isClockOff { throw Problem(.clock) }
        let (token, scheme) = try Self.credentials(call)
        var presented: PresentedToken
        do {
            presented = try read(token, call)
        } catch {
            metrics.refused(error)
            if countsGuesses { try countGuess(call) }
            throw Problem(error, kind: .participant)
        }
        let claims = presented.claims
        guard environment == nil || environment == claims.tenant.environment else {
            throw Problem.invalidToken("token of the other environment")
        }
        if claims.boundKey != nil || scheme == .dpop {
            do {
                presented.newerNonce = try requireBinding(presented, token, scheme, target, call)
            } catch {
                if countsGuesses, error.code == .invalidDPoPProof { try countGuess(call) }
                let isInForce = !presented.isExpired && revocations.refusal(of: claims) == nil
                throw isInForce ? error.told(of: claims) : error
            }
        }
        try Self.requireOrigin(claims, call)
        guard !revocations.isStale else { throw Problem.unavailable("the revocation view is stale") }
        if let refusal = revocations.refusal(of: claims), !(allowsEnded && refusal == .sessionEnded) {
            metrics.refused(refusal)
            throw Problem(refusal, kind: .participant)
        }
        guard !presented.isExpired || allowsExpired else {
            metrics.refused(.expired)
            throw Problem(.expired, kind: .participant)
        }
        return presented
    }

    /// The token and the scheme that it is presented under (RFC 6750 section 2.1, RFC 9449 section 7.1).
    private static func credentials(_ call: Call) throws(Problem) -> (ArraySlice<UInt8>, AuthorizationScheme) {
        guard let value = call.request.fields.onlyBytes("authorization") else {
            throw Problem.invalidToken("no token")
        }
        if let token = Authenticator.bearer(value) { return (token, .bearer) }
        if let token = Authenticator.credentials(value, scheme: "dpop ") { return (token, .dpop) }
        throw Problem.invalidToken("no token")
    }

    /// Reads a token, without checking its signature where these bytes were found good before.
    private func read(_ token: ArraySlice<UInt8>, _ call: Call) throws(TokenRefusal) -> PresentedToken {
        if let known = validated.find(token), known.keyring == issuance.keyrings.number,
            known.claims.isBegun(at: call.now)
        {
            let isExpired = call.now >= known.claims.expiresAt
            return PresentedToken(claims: known.claims, isExpired: isExpired, known: known)
        }
        let keyring = keyring
        let (claims, isExpired) = try keyring.reader.participant(String(decoding: token, as: UTF8.self), now: call.now)
        var known: ValidatedToken?
        if !isExpired, validated.isKnown(token) {
            let text = Array(token)
            let made = ValidatedToken(
                text: text,
                claims: claims,
                answer: Self.sessionAnswer(claims),
                tokenHash: claims.boundKey == nil ? [] : DPoPProof.hash(ofToken: text),
                keyring: keyring.number
            )
            validated.insert(made, now: call.now)
            known = made
        }
        return PresentedToken(claims: claims, isExpired: isExpired, known: known)
    }

    /// A bound token needs its scheme and its proof, and no other token may have them: there is no falling back.
    private func requireBinding(
        _ presented: PresentedToken,
        _ token: ArraySlice<UInt8>,
        _ scheme: AuthorizationScheme,
        _ target: ProofTarget,
        _ call: Call
    ) throws(Problem) -> String? {
        guard let thumbprint = presented.claims.boundKey else {
            throw Problem.unprovenToken("a token without a key under the scheme DPoP")
        }
        guard scheme == .dpop else {
            throw Problem.unprovenToken("a bound token under the scheme Bearer", lacksKey: true)
        }
        return try proofs.require(thumbprint, of: token, known: presented.known, target: target, call)
    }

    private func countGuess(_ call: Call) throws(Problem) {
        guard addresses.admits(call.request.clientAddress, now: call.now) else {
            throw Problem(
                .rateLimited,
                "Too many refused tokens from this address. Wait until the minute is over.",
                retryAfterSeconds: addresses.secondsToReset(now: call.now)
            )
        }
    }

    /// Refuses a token that belongs to another page, or to none that is on its list.
    private static func requireOrigin(_ claims: ParticipantClaims, _ call: Call) throws(Problem) {
        let origin = try CORS.origin(of: call.request)
        if let bound = claims.origin, origin != bound {
            throw Problem(.originNotAllowed, "This token belongs to another page.", privateReason: "origin differs")
        }
        let marks = claims.seal.originMarks
        if let origin, !marks.isEmpty, !marks.contains(TokenSealContent.mark(of: origin)) {
            throw Problem(.originNotAllowed, "This page may not show this content.", privateReason: "origin not listed")
        }
    }

    /// How CORS answers for a token.
    static func verdict(_ claims: ParticipantClaims, _ call: Call) throws(Problem) -> CORS.Verdict {
        CORS.Verdict(origin: try CORS.origin(of: call.request), hasList: !claims.seal.originMarks.isEmpty)
    }
}
