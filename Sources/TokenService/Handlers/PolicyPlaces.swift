import HTTPServer
import InviteStore

/// Names of a place and texts of a version, shared by the policy routes.
extension PolicyPlace {
    var layer: PolicyLayer {
        switch self {
        case .deployment: .deployment
        case .workspace: .workspace
        case .campaign: .campaign
        case .apiKey: .apiKey
        }
    }

    var campaign: String? { if case .campaign(_, let name) = self { name } else { nil } }

    var apiKey: RecordID? { if case .apiKey(_, let id) = self { id } else { nil } }

    /// What the audit trail names: the campaign, the key, the workspace, or nothing for the deployment.
    var target: String {
        switch self {
        case .deployment: ""
        case .workspace(let tenant): TypeID.text(.workspace, tenant.workspace)
        case .campaign(_, let name): name
        case .apiKey(_, let id): TypeID.text(.apiKey, id)
        }
    }
}

extension Services {
    /// The workspace's place, or with `layer=deployment` the deployment's: readable by all who may read policies, changed
    /// by the operator alone.
    func workspacePlace(_ call: Call, _ principal: Principal, changes: Bool) throws(Problem) -> PolicyPlace {
        switch call.query["layer"] {
        case nil, "workspace": return .workspace(principal.tenant)
        case "deployment":
            try Self.requireOperator(principal, changes: changes)
            return .deployment
        default: throw .invalid("layer", "layer must be workspace or deployment.")
        }
    }

    static func requireOperator(_ principal: Principal, changes: Bool) throws(Problem) {
        guard !changes || principal.isOperator else {
            throw Problem(
                .forbidden,
                "The deployment's policy is changed by the operator's command line only: token-service policy set "
                    + "--layer deployment --data-dir DIR."
            )
        }
    }

    func campaignPlace(_ text: String, _ principal: Principal) throws(Problem) -> PolicyPlace {
        guard let campaign = CampaignID(text) else { throw .notFound("no such campaign") }
        return .campaign(principal.tenant, campaign.text)
    }

    /// The key's place; 404 where the caller's workspace and environment have no such key.
    func keyPlace(_ text: String, _ principal: Principal) async throws -> PolicyPlace {
        guard let id = TypeID.parse(.apiKey, text), try await store.apiKey(id, of: principal.tenant) != nil else {
            throw Problem.notFound("no such key")
        }
        return .apiKey(principal.tenant, id)
    }

    /// The place that `campaign_id`, `api_key_id` and `layer` name, of which at most one may be given.
    func place(
        campaign: String?,
        apiKey: String?,
        layer: String?,
        _ principal: Principal,
        changes: Bool
    ) async throws -> PolicyPlace {
        if campaign != nil, apiKey != nil {
            throw Problem.invalid("api_key_id", "Give campaign_id or api_key_id, not both.")
        }
        if let layer {
            guard let known = PolicyLayer(rawValue: layer) else {
                throw Problem.invalid("layer", "layer must be deployment, workspace, campaign or api_key.")
            }
            guard (known == .campaign) == (campaign != nil), (known == .apiKey) == (apiKey != nil) else {
                throw Problem.invalid(
                    "layer",
                    "layer campaign goes with campaign_id, layer api_key with api_key_id, the others with neither."
                )
            }
            if known == .deployment {
                try Self.requireOperator(principal, changes: changes)
                return .deployment
            }
        }
        if let campaign {
            guard let id = CampaignID(campaign) else {
                throw Problem.invalid(
                    "campaign_id",
                    "campaign_id must be 1 to 64 of the characters A-Z a-z 0-9 _ . : -"
                )
            }
            return .campaign(principal.tenant, id.text)
        }
        if let apiKey {
            guard let id = TypeID.parse(.apiKey, apiKey) else {
                throw Problem.invalid("api_key_id", "api_key_id must be the id of an API key.")
            }
            guard try await store.apiKey(id, of: principal.tenant) != nil else { throw Problem.notFound("no such key") }
            return .apiKey(principal.tenant, id)
        }
        return .workspace(principal.tenant)
    }
}
