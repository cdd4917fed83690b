package import HTTPServer
package import InviteStore
import Platform

/// Decides whether a request carries a usable API key, and what it may do with it.
///
/// The order is fixed: shape and checksum, the keyed look-up, the key's state, the deployment's environment, browser
/// evidence, the client's address, the rate, the scope. Everything up to the environment fails with one and the same
/// 401, so that nobody learns which keys exist.
package struct Authenticator: Sendable {
    private let directory: APIKeyDirectory
    private let addresses: AddressLimiter
    private let workspaces: WorkspaceDirectory
    private let events: SecurityEvents
    /// Nil where keys of both environments are served.
    private let environment: DeploymentEnvironment?

    package init(
        directory: APIKeyDirectory,
        addresses: AddressLimiter,
        workspaces: WorkspaceDirectory,
        events: SecurityEvents,
        environment: DeploymentEnvironment?
    ) {
        self.directory = directory
        self.addresses = addresses
        self.workspaces = workspaces
        self.events = events
        self.environment = environment
    }

    /// The caller and its rate, or the problem to answer with; the rate is there as soon as the key is known.
    package func authenticate(
        _ call: Call,
        needs scope: Scope
    ) async throws -> (outcome: Result<Principal, Problem>, rate: RateState?) {
        let secret: APIKeySecret
        switch Self.presentedKey(call.request) {
        case .success(let presented): secret = presented
        case .failure(let problem):
            if problem.code == .unauthorized { return (.failure(try refuse(call, problem)), nil) }
            return (.failure(problem), nil)
        }
        let digest = directory.digest(of: secret)
        var key = directory.cached(digest)
        if key == nil { key = try await directory.load(digest) }
        guard let key else {
            return (.failure(try refuse(call, .unauthorized("unknown key"))), nil)
        }
        let record = key.record
        guard key.isActive(at: call.now) else {
            await events.record(.authFailed, call, tenant: record.tenant, key: record.id, reason: "key not active")
            return (.failure(try refuse(call, .unauthorized("key \(record.id) is not active"))), nil)
        }
        guard environment == nil || record.tenant.environment == environment else {
            return (.failure(try refuse(call, .unauthorized("key of the other environment"))), nil)
        }
        return try await admit(call, key, scope)
    }

    /// What is asked of a key that is genuine and active.
    private func admit(
        _ call: Call,
        _ key: AuthenticatedKey,
        _ scope: Scope
    ) async throws -> (outcome: Result<Principal, Problem>, rate: RateState?) {
        let record = key.record
        let limit = try await workspaces.settings(of: record.tenant.workspace).requestsPerMinute
        let rate = key.meter.count(limit: limit, now: call.now)
        if call.request.fields.count(of: "origin") > 0 || call.request.fields.count(of: "sec-fetch-site") > 0 {
            await events.record(.keyInBrowser, call, tenant: record.tenant, key: record.id, reason: "browser request")
            let text = "A secret API key came from a browser. Keys must stay on servers: revoke this one."
            return (.failure(Problem(.keyInBrowser, text)), rate)
        }
        guard key.allows(call.request.clientAddress) else {
            await events.record(.addressRefused, call, tenant: record.tenant, key: record.id, reason: "address")
            let text = "This API key may not be used from this address."
            return (.failure(Problem(.ipNotAllowed, text)), rate)
        }
        guard rate.isAllowed else {
            let text = "More than \(rate.limit) requests in this minute. Wait until it is over."
            let wait = Int(rate.resetSeconds - call.now.seconds)
            return (.failure(Problem(.rateLimited, text, retryAfterSeconds: max(1, wait))), rate)
        }
        guard key.scopes.contains(scope) else {
            let text = "Your API key does not have permission to access this resource: it needs \(scope.text)."
            return (.failure(Problem(.insufficientScope, text, scope: scope.text)), rate)
        }
        guard !scope.needsAdmin || record.kind != .standard else {
            return (.failure(Problem(.forbidden, "This action needs a key of kind admin.")), rate)
        }
        return (.success(Principal(key: key)), rate)
    }

    /// A refused credential counts against the client's address; beyond its limit the answer is 429.
    private func refuse(_ call: Call, _ problem: Problem) throws -> Problem {
        guard addresses.admits(call.request.clientAddress, now: call.now) else {
            return Problem(
                .rateLimited,
                "Too many refused credentials from this address.",
                privateReason: problem.privateReason,
                retryAfterSeconds: addresses.secondsToReset(now: call.now)
            )
        }
        return problem
    }

    /// The one key of the request, from `Authorization: Bearer` or `x-api-key`.
    package static func presentedKey(_ request: HTTPRequest) -> Result<APIKeySecret, Problem> {
        let authorization = request.fields.values("authorization")
        let header = request.fields.values("x-api-key")
        guard authorization.count <= 1, header.count <= 1 else {
            return .failure(Problem(.invalidRequest, "Send the API key once."))
        }
        var presented: [String] = header
        if let value = authorization.first {
            guard let credentials = bearer(value) else {
                return .failure(.unauthorized("Authorization is not Bearer"))
            }
            presented.append(credentials)
        }
        guard let text = presented.first else { return .failure(.unauthorized("no key")) }
        if presented.count == 2, presented[0] != presented[1] {
            let text = "Authorization and x-api-key carry different keys. Send one of them."
            return .failure(Problem(.invalidRequest, text))
        }
        guard let secret = APIKeySecret(presented: text) else {
            return .failure(.unauthorized("malformed key or wrong checksum"))
        }
        return .success(secret)
    }

    /// The credentials after `Bearer` (RFC 6750 section 2.1; the scheme is case-insensitive, RFC 9110 section 11.1).
    package static func bearer(_ value: String) -> String? {
        let utf8 = value.utf8
        guard utf8.count > 7, value.utf8.prefix(7).elementsEqual("bearer ".utf8, by: { $0 | 0x20 == $1 | 0x20 }) else {
            return nil
        }
        let credentials = value.utf8.dropFirst(7)
        guard !credentials.contains(UInt8(ascii: " ")) else { return nil }
        return String(Substring(credentials))
    }
}
