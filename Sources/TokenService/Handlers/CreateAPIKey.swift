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
    var scopes: [String]
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
            let request = try apiKeyRequest(call, principal)
            let tenant = Tenant(workspace: principal.tenant.workspace, environment: request.environment)
            let settings = try await workspaces.settings(of: tenant)
            let secret = APIKeySecret(prefix: settings.keyPrefix(tenant.environment), random: random)
            let key = record(request, secret, tenant, principal, call)
            let command = CreateAPIKey(
                key: key,
                activeKeysMax: settings.activeKeysMax,
                claim: ticket?.claim(result: key.id.bytes, now: call.now),
                now: call.now,
                audit: [keyAudit("key.created", key.id, call, principal, [("kind", key.kind.rawValue)])]
            )
            switch try await store.createAPIKey(command) {
            case .done(.created): return .done(Self.answer(key, secret: secret.text, call))
            case .done(.tooManyKeys):
                throw Problem(
                    .conflict,
                    "The plan allows \(settings.activeKeysMax ?? 0) API keys. Revoke one first.",
                    privateReason: "key limit"
                )
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
            scopes: request.scopes,
            ipAllowlist: request.ipAllowlist,
            allowedOrigins: request.allowedOrigins,
            createdAt: UnixTime(seconds: call.now.seconds),
            createdBy: principal.key?.record.id,
            expiresAt: request.expiresAt
        )
    }

    private static func answer(_ key: APIKeyRecord, secret: String?, _ call: Call) -> HTTPResponse {
        Responses.json(201, isSecret: true) { key.write(secret: secret, now: call.now, to: &$0) }
    }

    /// An audit draft about one key.
    func keyAudit(
        _ type: String,
        _ id: RecordID,
        _ call: Call,
        _ principal: Principal,
        _ detail: [(StaticString, String)] = []
    ) -> AuditDraft {
        audit.draft(
            type,
            call,
            tenant: principal.tenant,
            actor: principal.actor,
            target: TypeID.text(.apiKey, id),
            detail: detail
        )
    }
}

// MARK: - Reading

extension Services {
    private func apiKeyRequest(_ call: Call, _ principal: Principal) throws(Problem) -> APIKeyRequest {
        var body = try BodyReader(call.request)
        let name = try Self.keyName(&body)
        let scopes = try Self.scopes(&body)
        let kind = try Self.kind(&body, principal)
        let environment = try Self.environment(&body) ?? principal.tenant.environment
        let expiresAt = try body.time("expires_at")
        let networks = try Self.networks(&body)
        let origins = try Self.origins(&body)
        try body.finish()
        if let expiresAt, expiresAt <= call.now {
            throw .invalid("expires_at", "expires_at must be in the future.")
        }
        if kind == .standard, let scope = scopes.first(where: \.needsAdmin) {
            throw .invalid("scopes", "\(scope.text) can only stand on a key of kind admin.")
        }
        let request = APIKeyRequest(
            name: name,
            kind: kind,
            environment: environment,
            scopes: scopes.map(\.text),
            expiresAt: expiresAt,
            ipAllowlist: networks ?? [],
            allowedOrigins: origins ?? []
        )
        guard let maker = principal.key else { return request }
        return try Self.narrowed(request, scopes, under: maker)
    }

    /// A new key never exceeds its maker; what was left open is inherited.
    private static func narrowed(
        _ request: APIKeyRequest,
        _ scopes: [Scope],
        under maker: AuthenticatedKey
    ) throws(Problem) -> APIKeyRequest {
        var request = request
        let owner = maker.record
        if request.kind == .admin, owner.kind == .standard { throw wider("kind") }
        if request.environment != owner.tenant.environment { throw wider("environment") }
        if !maker.scopes.isSuperset(of: scopes) { throw wider("scopes") }
        if let end = owner.expiresAt {
            if let wanted = request.expiresAt, wanted > end { throw wider("expires_at") }
            request.expiresAt = request.expiresAt ?? end
        }
        if !owner.ipAllowlist.isEmpty {
            let wanted = request.ipAllowlist.compactMap(IPNetwork.init(parsing:))
            guard wanted.allSatisfy({ network in maker.networks.contains { $0.contains(network) } }) else {
                throw wider("ip_allowlist")
            }
            if wanted.isEmpty { request.ipAllowlist = owner.ipAllowlist }
        }
        if !owner.allowedOrigins.isEmpty {
            guard Set(owner.allowedOrigins).isSuperset(of: request.allowedOrigins) else {
                throw wider("allowed_origins")
            }
            if request.allowedOrigins.isEmpty { request.allowedOrigins = owner.allowedOrigins }
        }
        return request
    }

    private static func wider(_ param: String) -> Problem {
        Problem(.forbidden, "A new key can not be wider than the key that makes it.", param: param)
    }

    private static func keyName(_ body: inout BodyReader) throws(Problem) -> String {
        let name = try body.requiredString("name", charactersMax: ServiceLimits.keyNameCharactersMax)
        guard !name.isEmpty, name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw .invalid(
                "name",
                "name must have 1 to \(ServiceLimits.keyNameCharactersMax) characters and no control characters."
            )
        }
        return name
    }

    private static func scopes(_ body: inout BodyReader) throws(Problem) -> [Scope] {
        let texts = try body.strings("scopes", countMax: ServiceLimits.keyScopesMax, charactersMax: 48)
        guard let texts, !texts.isEmpty else {
            throw .invalid("scopes", "scopes must be a list of 1 to \(ServiceLimits.keyScopesMax) scopes.")
        }
        var scopes: Set<Scope> = []
        for (index, text) in texts.enumerated() {
            guard let scope = Scope(parsing: text), Scope.ownResources.contains(scope.resource) else {
                let known = Scope.ownResources.sorted().joined(separator: ", ")
                throw .invalid(
                    "scopes",
                    "scopes[\(index)]: a scope is resource:action, with resource one of \(known) and action read, write or delete."
                )
            }
            scopes.insert(scope)
        }
        return scopes.sorted()
    }

    /// The kind asked for; only the operator makes platform keys, and makes no others for the deployment itself.
    private static func kind(_ body: inout BodyReader, _ principal: Principal) throws(Problem) -> APIKeyKind {
        let kind: APIKeyKind
        switch try body.string("kind", charactersMax: 20) {
        case nil, "standard": kind = .standard
        case "admin": kind = .admin
        case "platform": kind = .platform
        default: throw .invalid("kind", "kind must be standard or admin.")
        }
        guard (kind == .platform) == principal.tenant.isDeployment, kind != .platform || principal.key == nil else {
            throw Problem(.forbidden, "Platform keys are made by the operator's command line only.", param: "kind")
        }
        return kind
    }

    private static func environment(_ body: inout BodyReader) throws(Problem) -> DeploymentEnvironment? {
        guard let text = try body.string("environment", charactersMax: 20) else { return nil }
        guard let environment = DeploymentEnvironment(rawValue: text) else {
            throw .invalid("environment", "environment must be live or test.")
        }
        return environment
    }

    private static func networks(_ body: inout BodyReader) throws(Problem) -> [String]? {
        let texts = try body.strings("ip_allowlist", countMax: ServiceLimits.ipAllowlistMax, charactersMax: 64)
        return try texts?.enumerated().map { index, text throws(Problem) in
            guard let network = IPNetwork(parsing: text) else {
                throw .invalid(
                    "ip_allowlist",
                    "ip_allowlist[\(index)]: an entry is an IPv4 or IPv6 address or a CIDR block without host bits, such as 203.0.113.0/24."
                )
            }
            return network.description
        }
    }
}
