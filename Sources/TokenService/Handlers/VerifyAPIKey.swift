import HTTPServer
import InviteStore
import Platform
import StrictJSON

/// What a sister service asks about a key that was presented to it.
private struct KeyQuestion {
    var key: String
    var scope: Scope?
    var address: IPAddress?
}

extension Services {
    /// `POST /v1/api-keys/verify`: whether a key that another service was shown is good, and for what.
    ///
    /// Of a key that is foreign, unknown, ended or suspended nothing is said but that.
    func verifyAPIKey(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let question = try Self.question(call)
        guard let key = try await authenticator.find(Array(question.key.utf8), call),
            key.record.tenant == principal.tenant, key.isActive(at: call.now)
        else { return Self.verdict(.unauthorized, nil) }
        let settings = try await workspaces.settings(of: principal.tenant)
        // A key with a list of addresses is good from those alone, so that an address left out is a wrong one.
        let isAddressAllowed = question.address.map(key.allows) ?? key.record.ipAllowlist.isEmpty
        guard isAddressAllowed else { return Self.verdict(.ipNotAllowed, key.record) }
        if let scope = question.scope, !key.holds(scope, customResources: settings.customResources) {
            return Self.verdict(.insufficientScope, key.record)
        }
        key.meter.noteUse(now: call.now)
        return Self.verdict(nil, key.record)
    }

    private static func question(_ call: Call) throws(Problem) -> KeyQuestion {
        var body = try BodyReader(call.request)
        let key = try APIKeyFields.presented(&body, charactersMax: ServiceLimits.presentedKeyCharactersMax)
        let scope = try body.string("scope", charactersMax: Scope.charactersMax)
        let address = try body.string("ip", charactersMax: 64)
        try body.finish()
        var question = KeyQuestion(key: key)
        if let scope {
            guard let parsed = Scope(parsing: scope) else {
                throw .invalid("scope", "scope must be resource:action, with action read, write or delete.")
            }
            question.scope = parsed
        }
        if let address {
            guard let parsed = IPAddress(parsing: address) else {
                throw .invalid("ip", "ip must be an IPv4 or IPv6 address.")
            }
            question.address = parsed
        }
        return question
    }

    private static func verdict(_ refusal: ProblemCode?, _ key: APIKeyRecord?) -> HTTPResponse {
        Responses.json(200) { writer in
            writer.member("valid", refusal == nil)
            writer.member("code", refusal?.rawValue ?? "valid")
            writer.member("key_id", key.map { TypeID.text(.apiKey, $0.id) })
            writer.member("name", key?.name)
            writer.member("kind", key?.kind.rawValue)
            writer.name("scopes")
            if let key { writer.strings(key.scopes) } else { writer.null() }
            writer.member("environment", key?.tenant.environment.rawValue)
            writer.member("workspace_id", key.map { TypeID.text(.workspace, $0.tenant.workspace) })
            writer.member("expires_at", time: key?.expiresAt)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func strings(_ texts: [String]) {
        beginArray()
        for text in texts { string(text) }
        endArray()
    }
}
