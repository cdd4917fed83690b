import HTTPServer
import InviteStore
import Platform

extension Services {
    /// `POST /v1/api-keys/self-revoke`: whoever holds a key may end it, and nobody learns whether there was one.
    ///
    /// A text that can not be a key is answered at once, since everybody can tell that much. Every other costs one
    /// look-up. The address is counted first, so that nobody tries keys here faster than elsewhere.
    func selfRevokeAPIKey(_ call: Call) async throws -> HTTPResponse {
        guard addresses.admits(call.request.clientAddress, now: call.now) else {
            throw Problem(
                .rateLimited,
                "Too many requests from this address.",
                retryAfterSeconds: addresses.secondsToReset(now: call.now)
            )
        }
        var body = try BodyReader(call.request)
        let text = try APIKeyFields.presented(&body, charactersMax: ServiceLimits.selfRevokeCharactersMax)
        try body.finish()
        guard let key = try await authenticator.find(Array(text.utf8), call) else { return Responses.noContent() }
        let record = key.record
        let name = TypeID.text(.apiKey, record.id)
        let draft = audit.draft(
            "key.revoked",
            call,
            tenant: record.tenant,
            actor: name,
            target: name,
            detail: [("reason", "self_revoke")]
        )
        _ = try await invalidating(record.id) {
            try await store.changeAPIKey(
                record.id,
                of: record.tenant,
                change: .revoke(at: call.now),
                now: call.now,
                audit: [draft]
            )
        }
        return Responses.noContent()
    }
}
