import HTTPServer
import InviteStore
import StrictJSON

extension Services {
    /// `GET /v1/widget/session`: whom a participant token stands for.
    ///
    /// No store look-up.
    func readWidgetSession(_ call: Call) throws -> HTTPResponse {
        let claims = try participant(call).claims
        metrics.validated()
        var response = Responses.json(200, isSecret: true) { writer in
            writer.member("valid", true)
            writer.member("workspace_id", .workspace, claims.tenant.workspace)
            writer.member("environment", claims.tenant.environment.rawValue)
            writer.member("campaign_id", claims.campaign)
            writer.member("participant_email", claims.seal.email)
            writer.member("subject", Pseudonymizer.text(claims.participant))
            writer.member("session_id", .session, claims.session)
            writer.member("expires_at", time: claims.expiresAt)
            writer.member("renew_until", time: claims.seal.renewUntil)
        }
        CORS.apply(try Self.verdict(claims, call), to: &response)
        return response
    }
}
