import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// Writes the members that every new participant token comes with.
    static func write(_ issued: IssuedParticipantToken, now: UnixTime, to writer: inout JSONWriter) {
        writer.member("session_id", .session, issued.session.id)
        writer.member("participant_token", plain: issued.token)
        writer.member("token_type", "Bearer")
        writer.member("expires_in", issued.expiresIn(at: now))
        writer.member("expires_at", time: issued.expiresAt)
        writer.member("renew_until", time: issued.session.renewUntil)
    }

    /// The participant token of a widget request, checked against keys, environment, origin and revocations.
    ///
    /// An expired token is returned with `isExpired` only where `allowsExpired`; one of an ended session only where
    /// `allowsEnded`.
    func participant(
        _ call: Call,
        allowsExpired: Bool = false,
        allowsEnded: Bool = false
    ) throws -> (claims: ParticipantClaims, isExpired: Bool) {
        let fields = call.request.fields
        guard fields.count(of: "authorization") == 1,
            let bytes = fields.firstBytes("authorization").flatMap(Authenticator.bearer)
        else { throw Problem.invalidToken("no bearer token") }
        let token = String(decoding: bytes, as: UTF8.self)
        let presented: (claims: ParticipantClaims, isExpired: Bool)
        do {
            presented = try keyring.reader.participant(token, now: call.now)
        } catch {
            metrics.refused(error)
            throw Problem(error, kind: .participant)
        }
        let claims = presented.claims
        guard environment == nil || environment == claims.tenant.environment else {
            throw Problem.invalidToken("token of the other environment")
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
