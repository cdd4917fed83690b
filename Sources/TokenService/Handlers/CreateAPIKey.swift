import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON

/// A new key as it was asked for, checked against its maker.
struct APIKeyRequest {
    var name: String
    var kind: APIKeyKind
    var environment: DeploymentEnvironment
    var scopes: Set<Scope>
    var expiresAt: UnixTime?
    var ipAllowlist: [String]
    var allowedOrigins: [String]
}

extension Services {
    /// `POST /v1/api-keys`: a key that is never wider than its maker; its secret is in this answer only.
    func createAPIKey(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await idempotently(call, principal) { result in
            guard let id = RecordID(bytes: result), let key = try await store.apiKey(id, of: principal.tenant) else {
                throw Problem.notFound("the recorded key is gone")
            }
            return Self.answer(key, secret: nil, call)
        } effect: { ticket in
            let settings = try await workspaces.settings(of: principal.tenant)
            let request = try apiKeyRequest(call, principal, settings)
            let tenant = Tenant(workspace: principal.tenant.workspace, environment: request.environment)
            let secret = APIKeySecret(prefix: settings.keyPrefix(tenant.environment), random: random)
            let key = record(request, secret, tenant, principal, call)
            try Self.requireWithin(principal, key, settings)
            let command = CreateAPIKey(
                key: key,
                activeKeysMax: settings.activeKeysMax,
                claim: ticket?.claim(result: key.id.bytes, now: call.now),
                now: call.now,
                audit: [audit.draft("key.created", .apiKey, key.id, call, principal, [("kind", key.kind.rawValue)])]
            )
            switch try await store.createAPIKey(command) {
            case .done(.created): return .done(Self.answer(key, secret: secret.text, call))
            case .done(.tooManyKeys): throw Self.tooManyKeys(settings)
            case .done(.keyNotActive): throw Problem.unauthorized("the key was ended while the request ran")
            case .replay(let result): return .replay(result: result)
            case .mismatch: return .mismatch
            }
        }
    }

    private func record(
        _ request: APIKeyRequest,
        _ secret: APIKeySecret,
        _ tenant: Tenant,
        _ principal: Principal,
        _ call: Call
    ) -> APIKeyRecord {
        APIKeyRecord(
            id: identifiers.next(at: call.now),
            tenant: tenant,
            digest: directory.digest(of: secret).bytes,
            kind: request.kind,
            name: request.name,
            prefix: secret.prefix,
            last4: secret.last4,
            scopes: request.scopes.sorted().map(\.text),
            ipAllowlist: request.ipAllowlist,
            allowedOrigins: request.allowedOrigins,
            createdAt: UnixTime(seconds: call.now.seconds),
            createdBy: principal.key?.record.id,
            expiresAt: request.expiresAt
        )
    }

    static func answer(_ key: APIKeyRecord, secret: String?, _ call: Call) -> HTTPResponse {
        Responses.json(201, isSecret: true) { key.write(secret: secret, now: call.now, to: &$0) }
    }

    static func tooManyKeys(_ settings: WorkspaceSettings) -> Problem {
        Problem(
            .conflict,
            "The plan allows \(settings.activeKeysMax ?? 0) API keys. Revoke one first.",
            privateReason: "key limit"
        )
    }

    /// Refuses a key that reaches further than the one that asks for it.
    static func requireWithin(
        _ principal: Principal,
        _ key: APIKeyRecord,
        _ settings: WorkspaceSettings
    ) throws(Problem) {
        guard let maker = principal.maker else { return }
        let excess = KeyReach(key).excess(over: maker, customResources: settings.customResources)
        if let excess { throw wider(excess) }
    }

    private static func wider(_ param: String) -> Problem {
        Problem(.forbidden, "A new key can not be wider than the key that makes it.", param: param)
    }
}

// MARK: - Reading

extension Services {
    private func apiKeyRequest(
        _ call: Call,
        _ principal: Principal,
        _ settings: WorkspaceSettings
    ) throws(Problem) -> APIKeyRequest {
        var body = try BodyReader(call.request)
        let name = try APIKeyFields.name(&body)
        let named = try APIKeyFields.scopes(&body, customResources: settings.customResources)
        let preset = try APIKeyFields.preset(&body)
        let kind = try APIKeyFields.kind(&body, in: principal.tenant, isOperator: principal.isOperator)
        let environment = try APIKeyFields.environment(&body) ?? principal.tenant.environment
        let expiresAt = try APIKeyFields.expiry(&body, now: call.now)
        let networks = try APIKeyFields.networks(&body)
        let origins = try Self.origins(&body)
        try body.finish()
        var scopes = named ?? []
        try APIKeyFields.check(scopes, on: kind)
        if let preset {
            let isAdmin = kind != .standard
            scopes.formUnion(preset.scopes(isAdmin: isAdmin, customResources: settings.customResources))
        } else if named == nil {
            throw .invalid(
                "scopes",
                "scopes must be a list of 1 to \(ServiceLimits.keyScopesMax) scopes, or give a preset."
            )
        }
        let request = APIKeyRequest(
            name: name,
            kind: kind,
            environment: environment,
            scopes: scopes,
            expiresAt: expiresAt,
            ipAllowlist: networks ?? [],
            allowedOrigins: origins ?? []
        )
        guard let maker = principal.maker else { return request }
        guard environment == principal.tenant.environment else { throw Self.wider("environment") }
        return Self.inheriting(request, from: maker.record)
    }

    /// What was left open is as narrow as it is for the maker.
    private static func inheriting(_ request: APIKeyRequest, from maker: APIKeyRecord) -> APIKeyRequest {
        var request = request
        request.expiresAt = request.expiresAt ?? maker.expiresAt
        if request.ipAllowlist.isEmpty { request.ipAllowlist = maker.ipAllowlist }
        if request.allowedOrigins.isEmpty { request.allowedOrigins = maker.allowedOrigins }
        return request
    }
}
