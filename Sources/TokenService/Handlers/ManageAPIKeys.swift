import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// `GET /v1/api-keys`: newest first, without secrets.
    func listAPIKeys(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let page = try cursors.page(call, list: "api-keys", tenant: principal.tenant)
        let keys = try await store.apiKeys(of: principal.tenant, page: page)
        return Responses.list(
            keys,
            cursor: { cursors.text($0, list: "api-keys", tenant: principal.tenant) }
        ) { key, writer in
            directory.withLastUse(key).write(secret: nil, now: call.now, to: &writer)
        }
    }

    /// `GET /v1/api-keys/{id}`.
    func getAPIKey(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        guard let key = try await store.apiKey(Self.keyID(call), of: principal.tenant) else { throw Problem.notFound() }
        return answer(key, call)
    }

    /// `DELETE /v1/api-keys/{id}`: ends the key; `?family=true` ends what it minted too.
    ///
    /// Again 204.
    func deleteAPIKey(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let family = call.query["family"]
        guard family == nil || family == "true" || family == "false" else {
            throw Problem.invalid("family", "family must be true or false.")
        }
        let id = try Self.keyID(call)
        try await invalidating(id) {
            try await family == "true" ? endFamily(of: id, call, principal) : end(id, call, principal)
        }
        return Responses.noContent()
    }

    private func end(_ id: RecordID, _ call: Call, _ principal: Principal) async throws {
        let changed = try await store.changeAPIKey(
            id,
            of: principal.tenant,
            change: .revoke(at: call.now),
            now: call.now,
            audit: [audit.draft("key.revoked", .apiKey, id, call, principal)]
        )
        guard changed != nil else { throw Problem.notFound() }
    }

    /// Ends the key and everything that it minted, in one transaction.
    private func endFamily(of id: RecordID, _ call: Call, _ principal: Principal) async throws {
        guard try await store.apiKey(id, of: principal.tenant) != nil else { throw Problem.notFound() }
        try requireRoom(for: .apiKey(id), principal.tenant)
        let cutOffID = identifiers.next(at: call.now)
        let command = CreateCutOff(
            id: cutOffID,
            tenant: principal.tenant,
            target: .apiKey(id),
            forgetAt: call.now.adding(seconds: policies.longestDescentSeconds),
            endsKey: true,
            now: call.now,
            audit: [
                audit.draft("key.revoked", .apiKey, id, call, principal),
                audit.draft(
                    "revocation.created",
                    .cutOff,
                    cutOffID,
                    call,
                    principal,
                    [("target_type", "api_key"), ("target", TypeID.text(.apiKey, id))]
                ),
            ]
        )
        let outcome = try await revoking(call) { try await store.createCutOff(command) }
        if case .done(let cutOff) = outcome { revocations.insert([cutOff]) }
    }
}
