import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// `POST /v1/tokens/introspect` (RFC 7662): a form body; anything bad is `{"active":false}` and no more.
    func introspectToken(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let token = try Self.formToken(call.request)
        let found = try await status(of: token, tenant: principal.tenant, now: call.now)
        metrics.verified(isValid: found?.isValid == true)
        return Responses.json(200, isSecret: true) { writer in
            guard let status = found, status.isValid else {
                writer.member("active", false)
                return
            }
            writer.member("active", true)
            writer.member("kind", status.kind.rawValue)
            // An invite token is for one exchange and no bearer credential of requests (RFC 8693 section 2.2.1).
            let type = status.boundKey == nil ? "Bearer" : "DPoP"
            writer.member("token_type", status.kind == .participant ? type : "N_A")
            writer.member("iss", issuance.issuerURL)
            writer.member("aud", status.kind.audience(status.tenant.workspace))
            writer.member("sub", Pseudonymizer.text(status.participant))
            writer.member("jti", status.tokenID)
            writer.member("env", status.tenant.environment.rawValue)
            writer.member("campaign_id", status.campaign)
            writer.member("participant_email", status.email)
            if let session = status.session { writer.member("sid", TypeID.text(.session, session)) }
            writer.member("iat", status.issuedAt.seconds)
            writer.member("nbf", status.issuedAt.seconds)
            writer.member("exp", status.expiresAt.seconds)
            status.writeConfirmation(to: &writer)
        }
    }

    private static let form = Array("application/x-www-form-urlencoded".utf8)

    /// The `token` of an `application/x-www-form-urlencoded` body (RFC 7662 section 2.1).
    private static func formToken(_ request: HTTPRequest) throws(Problem) -> String {
        let types = request.fields.values("content-type")
        guard types.count == 1,
            ASCIIText.lowercased(types[0].utf8.prefix { $0 != UInt8(ascii: ";") }).elementsEqual(form)
        else {
            throw Problem(.unsupportedMediaType, "Send the body as application/x-www-form-urlencoded.")
        }
        guard let text = String(validating: request.body, as: UTF8.self) else {
            throw Problem(.invalidRequest, "The body is not valid UTF-8.")
        }
        guard let token = try QueryParameters.value(of: "token", inForm: text) else {
            throw .invalid("token", "token is required.")
        }
        return token
    }
}
