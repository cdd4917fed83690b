import InviteStore
import Platform
import StrictJSON

extension WorkspaceRecord {
    /// Writes the workspace's members into an open object: what it is, what is set, and what follows as limits.
    func write(to writer: inout JSONWriter) throws(StoreError) {
        let settings = try WorkspaceSettings(self)
        writer.member("id", TypeID.text(.workspace, id))
        writer.member("name", name)
        writer.member("slug", slug)
        writer.member("plan", plan.rawValue)
        writer.name("settings")
        writer.beginObject()
        settings.writeMembers(to: &writer)
        writer.endObject()
        writer.name("limits")
        writer.beginObject()
        writer.member("requests_per_minute", settings.requestsPerMinute)
        writer.member("api_keys", settings.activeKeysMax)
        writer.endObject()
        writer.member("created_at", time: createdAt)
    }
}

extension WorkspaceSettings {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.name("key_prefixes")
        writer.beginObject()
        for environment in DeploymentEnvironment.allCases {
            writer.name(environment.rawValue)
            writer.string(keyPrefix(environment))
        }
        writer.endObject()
        writer.member("scope_rule", scopeRule.rawValue)
        writer.member("custom_resources", customResources)
        writer.member("requests_per_minute", ownRequestsPerMinute)
        writer.member("minting_allowed", mintingAllowed)
        writer.member("rate_limit_status", rateLimitIsForbidden ? 403 : 429)
        writer.member("allowed_origins", allowedOrigins)
    }
}
