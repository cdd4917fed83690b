import HTTPServer
import InviteStore
import Platform

extension Services {
    /// `POST /v1/api-keys/{id}/suspend`: refuses the key until it is resumed.
    ///
    /// Again 200.
    func suspendAPIKey(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try Self.requireNoMembers(call)
        let id = try Self.keyID(call)
        let changed = try await invalidating(id) {
            try await store.changeAPIKey(
                id,
                of: principal.tenant,
                change: .suspend(at: call.now),
                now: call.now,
                audit: [audit.draft("key.suspended", .apiKey, id, call, principal)]
            )
        }
        guard let changed else { throw Problem.notFound() }
        try Self.requireRunning(changed, call)
        return answer(changed, call)
    }

    /// `POST /v1/api-keys/{id}/resume`: lifts a suspension.
    ///
    /// Again 200. A suspended key does nothing, so that resuming it gives all that it reaches: it must not reach further
    /// than the caller does.
    func resumeAPIKey(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try Self.requireNoMembers(call)
        let settings = try await workspaces.settings(of: principal.tenant)
        return try await changing(call, principal) { key throws(Problem) in
            try Self.requireReach(principal, over: key, settings, to: "resume")
            var resumed = key
            resumed.suspendedAt = nil
            return (resumed, [audit.draft("key.resumed", .apiKey, key.id, call, principal)])
        }
    }

    /// Changes a key on the grounds of what it is, and begins anew where it is something else by then.
    ///
    /// `change` gets a key that neither was revoked nor has expired.
    func changing(
        _ call: Call,
        _ principal: Principal,
        _ change: (APIKeyRecord) throws(Problem) -> (APIKeyRecord, [AuditDraft])
    ) async throws -> HTTPResponse {
        let id = try Self.keyID(call)
        for _ in 0..<ServiceLimits.keyChangeTriesMax {
            let before = try await runningKey(id, call, principal)
            let (after, drafts) = try change(before)
            let command = EditAPIKey(
                before: before,
                after: after,
                by: principal.key?.record.id,
                now: call.now,
                audit: drafts
            )
            switch try await invalidating(id, { try await store.editAPIKey(command) }) {
            case .changed(let key): return answer(key, call)
            case .keyNotActive: throw Problem.unauthorized("the key was ended while the request ran")
            case .stale: continue
            }
        }
        throw Self.busyKey
    }

    /// The key as it is stored; 404 where there is none, 409 where it has come to its end.
    func runningKey(_ id: RecordID, _ call: Call, _ principal: Principal) async throws -> APIKeyRecord {
        guard let key = try await store.apiKey(id, of: principal.tenant) else { throw Problem.notFound() }
        try Self.requireRunning(key, call)
        return key
    }

    private static func requireRunning(_ key: APIKeyRecord, _ call: Call) throws(Problem) {
        let status = key.status(at: call.now)
        guard status == "revoked" || status == "expired" else { return }
        throw Problem(.conflict, "The key is \(status): make another.")
    }

    static let busyKey = Problem(.conflict, "The key was changed by somebody else at the same time. Try again.")

    /// Runs a change, and drops what the cache holds of the key whatever came of it: a change may have been committed
    /// without an answer.
    func invalidating<Value>(_ id: RecordID, _ change: () async throws -> Value) async throws -> Value {
        defer { directory.invalidate(id) }
        return try await change()
    }

    /// Refuses what gives all that a key reaches, where that is further than the caller does.
    ///
    /// 403, with the first field in which it does. The operator is bound by none of it.
    static func requireReach(
        _ principal: Principal,
        over key: APIKeyRecord,
        _ settings: WorkspaceSettings,
        to verb: StaticString
    ) throws(Problem) {
        guard let maker = principal.maker,
            let excess = KeyReach(key).excess(over: maker, customResources: settings.customResources)
        else { return }
        throw Problem(.forbidden, "A key can not \(verb) one that is wider than itself.", param: excess)
    }

    /// The key that the path names.
    static func keyID(_ call: Call) throws(Problem) -> RecordID {
        guard let text = call.pathParameters.first, let id = TypeID.parse(.apiKey, text) else { throw .notFound() }
        return id
    }

    /// Refuses members in the body of a request that takes none.
    private static func requireNoMembers(_ call: Call) throws(Problem) {
        try BodyReader(optional: call.request)?.finish()
    }

    /// The answer about a key, with its last use as of now.
    func answer(_ key: APIKeyRecord, _ call: Call) -> HTTPResponse {
        let key = directory.withLastUse(key)
        return Responses.json(200) { key.write(secret: nil, now: call.now, to: &$0) }
    }
}
