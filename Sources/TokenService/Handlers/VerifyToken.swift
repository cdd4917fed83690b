import HTTPServer
import InviteStore
import StrictJSON

extension Services {
    /// `POST /v1/tokens/verify`: always 200; `valid` and `code` say what the token is worth.
    func verifyToken(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        var body = try BodyReader(call.request)
        let token = try body.requiredString("token", charactersMax: ServiceLimits.bodyBytesMax)
        try body.finish()
        let found = try await status(of: token, tenant: principal.tenant, now: call.now)
        let code = found?.code ?? ProblemCode.invalidToken.rawValue
        let status = found?.isValid == true ? found : nil
        metrics.verified(isValid: status != nil)
        return Responses.json(200, isSecret: true) { writer in
            writer.member("valid", status != nil)
            writer.member("code", code)
            writer.member("kind", status?.kind.rawValue)
            writer.member("workspace_id", status.map { TypeID.text(.workspace, $0.tenant.workspace) })
            writer.member("environment", status?.tenant.environment.rawValue)
            writer.member("campaign_id", status?.campaign)
            writer.member("participant_email", status?.email)
            writer.member("subject", status.map { Pseudonymizer.text($0.participant) })
            writer.member("session_id", status?.session.map { TypeID.text(.session, $0) })
            writer.member("invite_id", status?.invite.map { TypeID.text(.invite, $0) })
            writer.member("issued_at", time: status?.issuedAt)
            writer.member("expires_at", time: status?.expiresAt)
            status?.writeConfirmation(to: &writer)
        }
    }
}
