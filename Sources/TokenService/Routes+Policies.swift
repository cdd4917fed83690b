import HTTPServer

extension Services {
    /// The routes of the policies, for keys of kind `admin`.
    func policyRoutes() -> [Route] {
        let reads = RouteAccess.apiKey(Scope("policies", .read))
        let writes = RouteAccess.apiKey(Scope("policies", .write))
        return [
            Route(.get, "/v1/policies", reads, parameters: ["layer"], .keyed(getPolicy)),
            Route(.put, "/v1/policies", writes, parameters: ["layer", "if_version"], .keyed(putPolicy)),
            Route(
                .get,
                "/v1/policies/explain",
                reads,
                parameters: ["campaign_id", "kind", "api_key_id"],
                .keyed(explainPolicy)
            ),
            Route(
                .get,
                "/v1/policies/versions",
                reads,
                parameters: ["limit", "cursor", "campaign_id", "api_key_id", "layer"],
                .keyed(listPolicyVersions)
            ),
            Route(.post, "/v1/policies/revert", writes, .keyed(revertPolicy)),
            Route(.post, "/v1/policies/simulate", reads, .keyed(simulatePolicy)),
            Route(.get, "/v1/campaigns/{id}/policy", reads, .keyed(getCampaignPolicy)),
            Route(.put, "/v1/campaigns/{id}/policy", writes, parameters: ["if_version"], .keyed(putCampaignPolicy)),
            Route(
                .delete,
                "/v1/campaigns/{id}/policy",
                writes,
                parameters: ["if_version"],
                .keyed(deleteCampaignPolicy)
            ),
            Route(.get, "/v1/api-keys/{id}/policy", reads, .keyed(getKeyPolicy)),
            Route(.put, "/v1/api-keys/{id}/policy", writes, parameters: ["if_version"], .keyed(putKeyPolicy)),
            Route(.delete, "/v1/api-keys/{id}/policy", writes, parameters: ["if_version"], .keyed(deleteKeyPolicy)),
        ]
    }
}
