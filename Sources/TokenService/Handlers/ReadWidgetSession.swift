import HTTPServer
import InviteStore
import StrictJSON

extension Services {
    /// `GET /v1/widget/session`: whom a participant token stands for.
    ///
    /// No store look-up.
    func readWidgetSession(_ call: Call) throws -> HTTPResponse {
        let presented = try participant(call)
        metrics.validated()
        var response = Responses.secret(presented.known?.answer ?? Self.sessionAnswer(presented.claims))
        presented.apply(try Self.verdict(presented.claims, call), to: &response)
        return response
    }

    /// The answer for a token that may be used; it follows from the claims alone.
    static func sessionAnswer(_ claims: ParticipantClaims) -> [UInt8] {
        var writer = JSONWriter(capacity: 768)
        writer.beginObject()
        writer.member("valid", true)
        writer.member("workspace_id", .workspace, claims.tenant.workspace)
        writer.member("environment", claims.tenant.environment.rawValue)
        writer.member("campaign_id", claims.campaign)
        writer.member("participant_email", claims.seal.email)
        writer.member("subject", Pseudonymizer.text(claims.participant))
        writer.member("session_id", .session, claims.session)
        writer.member("expires_at", time: claims.expiresAt)
        writer.member("renew_until", time: claims.seal.renewUntil)
        writer.endObject()
        return writer.bytes
    }
}
