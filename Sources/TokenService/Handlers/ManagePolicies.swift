import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// `GET /v1/policies`: the workspace's policy, or the deployment's; version 0 where there is none.
    func getPolicy(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let place = try workspacePlace(call, principal, changes: false)
        return try Self.answer(try await store.policy(at: place), at: place, now: call.now)
    }

    /// `PUT /v1/policies`.
    func putPolicy(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await put(at: workspacePlace(call, principal, changes: true), call, principal)
    }

    /// `GET /v1/campaigns/{id}/policy`; 404 where the campaign has none.
    func getCampaignPolicy(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await get(at: campaignPlace(call.pathParameters[0], principal), call)
    }

    /// `PUT /v1/campaigns/{id}/policy`.
    func putCampaignPolicy(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await put(at: campaignPlace(call.pathParameters[0], principal), call, principal)
    }

    /// `DELETE /v1/campaigns/{id}/policy`; again 204.
    func deleteCampaignPolicy(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await delete(at: campaignPlace(call.pathParameters[0], principal), call, principal)
    }

    /// `GET /v1/api-keys/{id}/policy`; 404 where the key has none.
    func getKeyPolicy(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await get(at: keyPlace(call.pathParameters[0], principal), call)
    }

    /// `PUT /v1/api-keys/{id}/policy`.
    func putKeyPolicy(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await put(at: keyPlace(call.pathParameters[0], principal), call, principal)
    }

    /// `DELETE /v1/api-keys/{id}/policy`; again 204.
    func deleteKeyPolicy(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await delete(at: keyPlace(call.pathParameters[0], principal), call, principal)
    }

    /// `GET /v1/policies/versions`: the versions of one place, newest first.
    func listPolicyVersions(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let place = try await place(
            campaign: call.query["campaign_id"],
            apiKey: call.query["api_key_id"],
            layer: call.query["layer"],
            principal,
            changes: false
        )
        let page = try cursors.page(call, list: "policy-versions", tenant: principal.tenant)
        let versions = try await store.policyVersions(at: place, page: page)
        return try Responses.list(
            versions,
            cursor: { cursors.text($0, list: "policy-versions", tenant: principal.tenant) }
        ) { version, writer in
            try Self.write(version, at: place, now: call.now, to: &writer)
        }
    }

    /// `POST /v1/policies/revert`: makes a kept version the newest again, as if it were put anew.
    func revertPolicy(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        var body = try BodyReader(call.request)
        guard let number = try body.integer("version", in: 1...Int64.max) else {
            throw Problem.invalid("version", "version is required.")
        }
        let base = try body.integer("if_version", in: 0...Int64.max)
        let names = try (
            body.string("campaign_id", charactersMax: 64), body.string("api_key_id", charactersMax: 64),
            body.string("layer", charactersMax: 20)
        )
        try body.finish()
        let place = try await place(
            campaign: names.0,
            apiKey: names.1,
            layer: names.2,
            principal,
            changes: true
        )
        var page = PageRequest(limit: 100)
        while true {
            let versions = try await store.policyVersions(at: place, page: page)
            if let earlier = versions.records.first(where: { $0.version == number }) {
                let document = try earlier.document.map { bytes in
                    guard let document = PolicyDocument(stored: bytes) else {
                        throw Problem.unavailable("a stored policy can not be read")
                    }
                    return document
                }
                return try await change(place, to: document, basedOn: base, call, principal, reverts: number)
            }
            guard let next = versions.next else { throw Problem.notFound("no such version") }
            page.before = next
        }
    }

    private func get(at place: PolicyPlace, _ call: Call) async throws -> HTTPResponse {
        guard let version = try await store.policy(at: place), version.document != nil else {
            throw Problem.notFound("no policy here")
        }
        return try Self.answer(version, at: place, now: call.now)
    }

    private func put(at place: PolicyPlace, _ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let base = try Self.expectedVersion(call)
        let document = try PolicyDocument(reading: BodyReader(call.request))
        return try await change(place, to: document, basedOn: base, call, principal)
    }

    private func delete(at place: PolicyPlace, _ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let base = try Self.expectedVersion(call)
        _ = try await change(place, to: nil, basedOn: base, call, principal)
        return Responses.noContent()
    }

    /// `if_version`: the version that the caller has seen.
    private static func expectedVersion(_ call: Call) throws(Problem) -> Int64? {
        guard let text = call.query["if_version"] else { return nil }
        guard text.utf8.count <= 18, let number = Int64(text), number >= 0, String(number) == text else {
            throw .invalid("if_version", "if_version must be the version of a policy, 0 for none.")
        }
        return number
    }
}
