import HTTPServer
import InviteStore
import Platform

extension Services {
    /// `GET /v1/forward-auth`: for reverse proxies; 204 with what the token stands for, or 401.
    ///
    /// A bound token needs a proof about the request that the proxy asks about, and a proxy that is trusted to describe
    /// it. `workspace_id` and `environment` may be omitted only while one workspace and one environment hold keys.
    func forwardAuth(_ call: Call) async throws -> HTTPResponse {
        guard let campaign = call.query["campaign_id"] else {
            throw Problem.invalid("campaign_id", "campaign_id is required.")
        }
        let tenant = try await expectedTenant(call)
        let presented: PresentedToken
        do {
            presented = try participant(call, countsGuesses: false, target: .forwarded)
        } catch let problem as Problem where problem.code.status != 503 {
            // What a client must do about its proof it has to be told.
            let isAboutProof = problem.code == .useDPoPNonce || problem.code == .invalidDPoPProof
            if isAboutProof || problem.needsProof { throw problem }
            throw Problem.invalidToken(problem.privateReason ?? problem.code.rawValue)
        }
        let claims = presented.claims
        guard claims.tenant == tenant else { throw Problem.invalidToken("token of another tenant") }
        guard campaign == claims.campaign else {
            throw Problem.invalidToken("token of another campaign")
        }
        metrics.validated()
        var response = Responses.noContent()
        response.set("Cache-Control", "no-store")
        response.set("X-Token-Workspace", TypeID.text(.workspace, claims.tenant.workspace))
        response.set("X-Token-Environment", claims.tenant.environment.rawValue)
        response.set("X-Token-Campaign", claims.campaign)
        response.set("X-Token-Subject", Pseudonymizer.text(claims.participant))
        response.set("X-Token-Session", TypeID.text(.session, claims.session))
        if let nonce = presented.newerNonce { response.append("DPoP-Nonce", nonce) }
        return response
    }

    private func expectedTenant(_ call: Call) async throws -> Tenant {
        let workspace = try call.query["workspace_id"].map { text in
            guard let id = TypeID.parse(.workspace, text) else { throw Problem.invalidToken("no such workspace") }
            return id
        }
        let environment = try call.query["environment"].map { text in
            guard let value = DeploymentEnvironment(rawValue: text) else {
                throw Problem.invalid("environment", "environment must be live or test.")
            }
            return value
        }
        if let workspace, let environment { return Tenant(workspace: workspace, environment: environment) }
        let tenants = try await store.tenantsWithKeys(now: call.now, limit: 2)
        guard tenants.count == 1, let tenant = tenants.first else {
            throw Problem(
                .invalidRequest,
                "More than one workspace or environment holds keys: name workspace_id and environment.",
                param: workspace == nil ? "workspace_id" : "environment"
            )
        }
        guard workspace ?? tenant.workspace == tenant.workspace,
            environment ?? tenant.environment == tenant.environment
        else { throw Problem.invalidToken("no such tenant") }
        return tenant
    }
}
