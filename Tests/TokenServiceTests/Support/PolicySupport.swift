import HTTPServer
import InviteStore
import StrictJSON

@testable import TokenService

extension ServiceHarness {
    /// Puts the workspace's policy.
    func put(_ policy: String, query: String = "") async -> Answer {
        await admin(.put, "/v1/policies" + query, body: policy)
    }

    /// Puts a campaign's policy.
    func put(_ policy: String, campaign: String) async -> Answer {
        await admin(.put, "/v1/campaigns/\(campaign)/policy", body: policy)
    }

    /// Puts a key's policy.
    func put(_ policy: String, key: String) async -> Answer {
        await admin(.put, "/v1/api-keys/\(key)/policy", body: policy)
    }

    /// Sends one request as the operator at the command line.
    func asOperatorOfWorkspace(_ method: HTTPMethod, _ target: String, body: String? = nil) async -> Answer {
        let fields = HTTPRequestFields(body == nil ? [] : [("Content-Type", "application/json")])
        let request = HTTPRequest(method: method, target: target, fields: fields, body: Array((body ?? "").utf8))
        let tenant = Tenant(workspace: setup.workspace, environment: setup.environment)
        return Answer(await application.respond(to: request, as: Principal(operatorIn: tenant, minting: setup.apiKey)))
    }

    /// What `explain` says of one rule.
    func explained(_ rule: String, _ query: String = "") async -> JSONValue? {
        let answer = await admin(.get, "/v1/policies/explain" + query)
        return answer.json?["rules"]?.elements.first { $0["rule"]?.string == rule }
    }
}
