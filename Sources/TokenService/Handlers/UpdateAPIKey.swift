import HTTPServer
import InviteStore
import Platform

/// What a request wants changed about a key; nil leaves a field as it is.
struct APIKeyEdit {
    var name: String?
    var scopes: Set<Scope>?
    /// Nil inside says: never.
    var expiresAt: UnixTime??
    var ipAllowlist: [String]?
    var allowedOrigins: [String]?

    /// The key as it would be.
    func applied(to key: APIKeyRecord) -> APIKeyRecord {
        var changed = key
        if let name { changed.name = name }
        if let scopes { changed.scopes = scopes.sorted().map(\.text) }
        if let expiresAt { changed.expiresAt = expiresAt }
        if let ipAllowlist { changed.ipAllowlist = ipAllowlist }
        if let allowedOrigins { changed.allowedOrigins = allowedOrigins }
        return changed
    }
}

extension Services {
    /// `PATCH /v1/api-keys/{id}`: changes what may change, and gives nothing that the caller does not have.
    func updateAPIKey(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let settings = try await workspaces.settings(of: principal.tenant)
        let edit = try Self.edit(call, settings)
        return try await changing(call, principal) { before throws(Problem) in
            let after = edit.applied(to: before)
            try Self.check(before, after, principal, settings)
            return (after, editAudit(before, after, call, principal))
        }
    }

    private static func edit(_ call: Call, _ settings: WorkspaceSettings) throws(Problem) -> APIKeyEdit {
        var body = try BodyReader(call.request)
        var edit = APIKeyEdit()
        if body.isGiven("name") { edit.name = try APIKeyFields.name(&body) }
        if body.isGiven("scopes") {
            guard let scopes = try APIKeyFields.scopes(&body, customResources: settings.customResources) else {
                throw .invalid("scopes", "scopes must be a list of 1 to \(ServiceLimits.keyScopesMax) scopes.")
            }
            edit.scopes = scopes
        }
        if body.isGiven("expires_at") {
            edit.expiresAt = .some(try APIKeyFields.expiry(&body, now: call.now))
        }
        if body.isGiven("ip_allowlist") { edit.ipAllowlist = try APIKeyFields.networks(&body) ?? [] }
        if body.isGiven("allowed_origins") { edit.allowedOrigins = try origins(&body) ?? [] }
        try body.finish()
        return edit
    }

    /// Holds a change against the kind of the key, the workspace's rule on scopes, and what the caller has.
    private static func check(
        _ before: APIKeyRecord,
        _ after: APIKeyRecord,
        _ principal: Principal,
        _ settings: WorkspaceSettings
    ) throws(Problem) {
        let (old, new) = (KeyReach(before), KeyReach(after))
        if new.scopes != old.scopes {
            try APIKeyFields.check(new.scopes, on: after.kind)
            try obey(settings.scopeRule, old, new)
        }
        if before.replacedBy != nil, new.expiresAt.map({ $0 > old.expiresAt ?? $0 }) ?? true {
            throw Problem(
                .conflict,
                "The key was rotated: its end can only be brought forward.",
                param: "expires_at"
            )
        }
        guard let maker = principal.maker else { return }
        let excess = new.excess(over: maker, before: old, customResources: settings.customResources)
        if let excess {
            throw Problem(.forbidden, "A key can not be made wider than the key that changes it.", param: excess)
        }
    }

    private static func obey(_ rule: ScopeRule, _ old: KeyReach, _ new: KeyReach) throws(Problem) {
        switch rule {
        case .free: return
        case .frozen:
            throw Problem(
                .forbidden,
                "This workspace's scope_rule is frozen: the scopes of a key never change. Make another key.",
                param: "scopes"
            )
        case .narrowOnly:
            guard let added = new.scopes.subtracting(old.scopes).min() else { return }
            throw Problem(
                .forbidden,
                "This workspace's scope_rule is narrow_only: scopes can be taken from a key, but \(added.text) would be new.",
                param: "scopes"
            )
        }
    }

    private func editAudit(
        _ before: APIKeyRecord,
        _ after: APIKeyRecord,
        _ call: Call,
        _ principal: Principal
    ) -> [AuditDraft] {
        var fields: [String] = []
        if before.name != after.name { fields.append("name") }
        if before.scopes != after.scopes { fields.append("scopes") }
        if before.expiresAt != after.expiresAt { fields.append("expires_at") }
        if before.ipAllowlist != after.ipAllowlist { fields.append("ip_allowlist") }
        if before.allowedOrigins != after.allowedOrigins { fields.append("allowed_origins") }
        let changed = fields.joined(separator: " ")
        var drafts = [audit.draft("key.changed", .apiKey, before.id, call, principal, [("fields", changed)])]
        if before.scopes != after.scopes {
            let detail: [(StaticString, String)] = [
                ("before", before.scopes.joined(separator: " ")), ("after", after.scopes.joined(separator: " ")),
            ]
            drafts.append(audit.draft("key.scopes_changed", .apiKey, before.id, call, principal, detail))
        }
        return drafts
    }
}
